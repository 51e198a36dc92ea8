import { chmodSync, statSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { Sqlite } from "../../src/store/Sqlite.ts"
import { sqlite, temporaryDirectory } from "./fixture.ts"

const count = Effect.flatMap(Sqlite, ({ read }) =>
  Effect.map(
    read((sql) => sql<{ n: number }>`SELECT COUNT(*) AS n FROM notes`),
    ([row]) => row?.n
  )
)

const withNotes = <A, E>(test: Effect.Effect<A, E, Sqlite>) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    return yield* Effect.andThen(
      Effect.flatMap(Sqlite, ({ transaction }) =>
        transaction((sql) =>
          Effect.andThen(
            sql`CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)`,
            sql`CREATE TABLE replies (note INTEGER REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)`
          )
        )
      ),
      test
    ).pipe(Effect.provide(sqlite(directory)))
  })

describe("the database", () => {
  it.live("is readable by its owner only, syncs every commit and checks foreign keys", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        const { transaction } = yield* Sqlite
        const pragma = (name: string) =>
          transaction((sql) => Effect.map(sql.unsafe(`PRAGMA ${name}`), ([row]) => Object.values(row ?? {})[0]))
        for (const suffix of ["", "-wal", "-shm"]) {
          assert.strictEqual(statSync(join(directory, `agentd.db${suffix}`)).mode & 0o777, 0o600, suffix)
        }
        assert.strictEqual(yield* pragma("journal_mode"), "wal")
        assert.strictEqual(yield* pragma("synchronous"), 2)
        assert.strictEqual(yield* pragma("foreign_keys"), 1)
        assert.strictEqual(yield* pragma("busy_timeout"), 1_000)
      }).pipe(Effect.provide(sqlite(directory)))
    })
  )

  it.live("does not wait for the disk where it derives, and does again afterwards, also when that has failed", () =>
    withNotes(
      Effect.gen(function* () {
        const { derive, transaction } = yield* Sqlite
        const noted = (run: typeof derive, id: number) =>
          run((sql) =>
            Effect.andThen(
              sql`INSERT INTO notes VALUES (${id}, 'x')`,
              Effect.map(sql<{ synchronous: number }>`PRAGMA synchronous`, ([row]) => row?.synchronous)
            )
          )
        assert.strictEqual(yield* noted(derive, 1), 1)
        assert.strictEqual(yield* noted(transaction, 2), 2)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(noted(derive, 2))))
        assert.strictEqual(yield* noted(transaction, 3), 2)
        assert.strictEqual(yield* noted(derive, 4), 1)
        assert.strictEqual(yield* count, 4)
      })
    )
  )

  it.live("takes an existing file back from other eyes", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = join(directory, "agentd.db")
      yield* Effect.provide(Sqlite, sqlite(directory))
      chmodSync(file, 0o644)
      yield* Effect.provide(Sqlite, sqlite(directory))
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
    })
  )

  it.live("takes the next transaction after a COMMIT that failed", () =>
    // The driver's own transaction leaves the failed one open and refuses every later one.
    withNotes(
      Effect.gen(function* () {
        const { transaction } = yield* Sqlite
        const dangling = yield* Effect.exit(transaction((sql) => sql`INSERT INTO replies VALUES (42)`))
        assert.isTrue(Exit.isFailure(dangling))
        assert.match(String(dangling), /StorageUnavailable.*FOREIGN KEY constraint failed/s)
        yield* transaction((sql) => sql`INSERT INTO notes VALUES (1, 'after')`)
        assert.strictEqual(yield* count, 1)
      })
    )
  )

  it.live("undoes a transaction whose body fails, and gives the body's own error", () =>
    withNotes(
      Effect.gen(function* () {
        const { transaction } = yield* Sqlite
        const error = yield* Effect.flip(
          transaction((sql) => Effect.andThen(sql`INSERT INTO notes VALUES (1, 'gone')`, Effect.fail("mine" as const)))
        )
        assert.strictEqual(error, "mine")
        assert.strictEqual(yield* count, 0)
      })
    )
  )

  it.live("undoes a transaction that is interrupted, and takes the next", () =>
    withNotes(
      Effect.gen(function* () {
        const { transaction } = yield* Sqlite
        const inside = yield* Deferred.make<void>()
        const fiber = yield* Effect.forkChild(
          transaction((sql) =>
            sql`INSERT INTO notes VALUES (1, 'gone')`.pipe(
              Effect.andThen(Deferred.succeed(inside, undefined)),
              Effect.andThen(Effect.never)
            )
          )
        )
        yield* Deferred.await(inside)
        assert.strictEqual(yield* count, 0, "a reader sees committed rows only, and does not wait")
        yield* Fiber.interrupt(fiber)
        yield* transaction((sql) => sql`INSERT INTO notes VALUES (2, 'stays')`)
        assert.strictEqual(yield* count, 1)
      })
    )
  )

  it.live("runs transactions one at a time", () =>
    withNotes(
      Effect.gen(function* () {
        const { transaction } = yield* Sqlite
        const increment = transaction((sql) =>
          Effect.gen(function* () {
            const rows = yield* sql<{ n: number }>`SELECT COUNT(*) AS n FROM notes`
            yield* Effect.yieldNow
            yield* sql`INSERT INTO notes VALUES (${rows[0]!.n}, 'one')`
          })
        )
        yield* Effect.all(
          Array.from({ length: 20 }, () => increment),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(yield* count, 20)
      })
    )
  )

  it.live("refuses a transaction inside a transaction instead of waiting for itself", () =>
    withNotes(
      Effect.gen(function* () {
        const { transaction } = yield* Sqlite
        const exit = yield* Effect.exit(transaction(() => transaction((sql) => sql`SELECT 1`)))
        assert.match(String(exit), /inside a transaction/)
        assert.strictEqual(yield* count, 0)
      })
    )
  )

  it.live("cannot be written through the reading connection or a scratch database", () =>
    withNotes(
      Effect.gen(function* () {
        const { read, scratch } = yield* Sqlite
        const insert = Effect.flip(read((sql) => sql`INSERT INTO notes VALUES (1, 'no')`))
        assert.match((yield* insert).message, /may not be written/)
        const attached = Effect.flip(scratch((sql) => sql`INSERT INTO live.notes VALUES (1, 'no')`))
        assert.match((yield* attached).message, /may not be written/)
        assert.strictEqual(yield* count, 0)
      })
    )
  )
})
