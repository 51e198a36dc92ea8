import { createHash } from "node:crypto"
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { KEEP_BACKUPS, sortBackups } from "../../src/store/Backups.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { type Migration, migrations } from "../../src/store/Migrations.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"
import { StoreUnusable } from "../../src/store/StoreUnusable.ts"
import { daemonStarted, sqlite, store, temporaryDirectory } from "./fixture.ts"

const write = (directory: string) =>
  Effect.flatMap(EventLog, (log) => log.appendAll(Array.from({ length: 200 }, (_, n) => daemonStarted(n)))).pipe(
    Effect.provide(store(directory))
  )

const refusal = (directory: string) =>
  Effect.flatMap(Effect.flip(Effect.provide(Sqlite, sqlite(directory))), (error) => {
    assert.instanceOf(error, StoreUnusable)
    return Effect.succeed(error as StoreUnusable)
  })

/** Changes the file behind agentd's back. */
const meddle = (directory: string, statement: string) => {
  const db = new DatabaseSync(join(directory, "agentd.db"))
  db.exec(statement)
  db.close()
}

const laterStep: Migration = { name: "later", statements: ["CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT"] }

describe("opening the database", () => {
  it.live("refuses a newer schema version, names both versions, and changes nothing", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* write(directory)
      meddle(directory, "PRAGMA user_version = 99")
      const before = readFileSync(join(directory, "agentd.db"))
      const error = yield* refusal(directory)
      assert.strictEqual(error.reason, "newer")
      assert.include(error.message, `${join(directory, "agentd.db")} has schema version 99`)
      assert.include(error.message, `up to ${migrations.length}`)
      assert.include(error.message, "Install the agentd that wrote it")
      assert.isTrue(before.equals(readFileSync(join(directory, "agentd.db"))))
    })
  )

  it.live("names the newest backup that it could open", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* write(directory)
      meddle(directory, "PRAGMA user_version = 99")
      mkdirSync(join(directory, "backups"))
      for (const name of [
        "agentd-20250101T000000000Z-v1.db",
        "agentd-20250201T000000000Z-v1.db",
        "agentd-20250301T000000000Z-v50.db"
      ]) {
        writeFileSync(join(directory, "backups", name), "")
      }
      const error = yield* refusal(directory)
      assert.strictEqual(error.backup, join(directory, "backups", "agentd-20250201T000000000Z-v1.db"))
      assert.include(error.message, `copy ${error.backup} to its place`)
    })
  )

  for (const [what, damage] of [
    [
      "is not a database",
      (file: string) => writeFileSync(file, "these are not the bytes you are looking for\n".repeat(300))
    ],
    [
      "has a page of garbage",
      (file: string) => {
        const bytes = readFileSync(file)
        bytes.fill(0xa5, 4096 * 2, 4096 * 3)
        writeFileSync(file, bytes)
      }
    ],
    ["is cut off in the middle", (file: string) => truncateSync(file, 4096 * 3 + 17)],
    [
      "is empty while its write-ahead log is not",
      (file: string) => {
        truncateSync(file, 0)
        writeFileSync(`${file}-wal`, "rescue me")
      }
    ],
    [
      "is missing while its write-ahead log is there",
      (file: string) => {
        rmSync(file)
        writeFileSync(`${file}-wal`, "rescue me")
      }
    ],
    [
      "is empty although there are backups",
      (file: string) => {
        truncateSync(file, 0)
        mkdirSync(join(file, "../backups"))
        writeFileSync(join(file, "../backups/agentd-20250101T000000000Z-v1.db"), "")
      }
    ],
    [
      "is a directory",
      (file: string) => {
        rmSync(file)
        mkdirSync(file)
      }
    ]
  ] as const) {
    it.live(`refuses a file that ${what}, and keeps it byte for byte`, () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const file = join(directory, "agentd.db")
        yield* write(directory)
        damage(file)
        const bytes = (name: string) =>
          statSync(join(directory, name), { throwIfNoEntry: false })?.isFile() === true
            ? createHash("sha256")
                .update(readFileSync(join(directory, name)))
                .digest("hex")
            : "no file"
        const names = ["agentd.db", "agentd.db-wal", "backups/agentd-20250101T000000000Z-v1.db"].filter(
          (name) => bytes(name) !== "no file" || name === "agentd.db"
        )
        const before = names.map(bytes)
        const error = yield* refusal(directory)
        assert.strictEqual(error.reason, "damaged")
        assert.include(error.message, file)
        assert.include(error.message, `"agentd --rebuild" cannot help`)
        assert.deepStrictEqual(names.map(bytes), before)
      })
    )
  }

  it.live("refuses a database of another program", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      meddle(directory, "CREATE TABLE bookmarks (url TEXT)")
      const error = yield* refusal(directory)
      assert.strictEqual(error.reason, "foreign")
      assert.include(error.message, "another program made it")
    })
  )

  it.live("refuses a newer database that was not closed, and leaves its write-ahead log alone", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const copy = yield* temporaryDirectory
      const names = ["agentd.db", "agentd.db-wal"]
      yield* Effect.gen(function* () {
        yield* Effect.flatMap(EventLog, (log) => log.append(daemonStarted(1)))
        // What a kill would leave behind.
        for (const name of names) copyFileSync(join(directory, name), join(copy, name))
      }).pipe(Effect.provide(Layer.provide(EventLog.layer([]), sqlite(directory, [...migrations, laterStep]))))
      const bytes = () => names.map((name) => readFileSync(join(copy, name), "base64"))
      const before = bytes()
      assert.isAbove(before[1]!.length, 0)
      assert.deepInclude(yield* refusal(copy), { reason: "newer", found: migrations.length + 1 })
      assert.deepStrictEqual(bytes(), before)
      const last = yield* Effect.flatMap(EventLog, (log) => log.last).pipe(
        Effect.provide(Layer.provide(EventLog.layer([]), sqlite(copy, [...migrations, laterStep])))
      )
      assert.strictEqual(last, 1)
    })
  )

  it.live("plays back a rollback journal that a kill left while the database was being made", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const copy = yield* temporaryDirectory
      const db = new DatabaseSync(join(directory, "agentd.db"))
      // So small a cache that pages are written, and the journal with them, before the transaction ends.
      db.exec("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; VACUUM; BEGIN; CREATE TABLE half (made TEXT)")
      for (let n = 0; n < 100; n++) db.prepare("INSERT INTO half VALUES (?)").run("x".repeat(1_000))
      for (const name of ["agentd.db", "agentd.db-journal"]) copyFileSync(join(directory, name), join(copy, name))
      db.close()
      assert.isAbove(statSync(join(copy, "agentd.db-journal")).size, 0)
      yield* write(copy)
    })
  )

  it.live("takes over a file whose creation was interrupted", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      writeFileSync(join(directory, "agentd.db"), "")
      yield* write(directory)
      meddle(directory, "PRAGMA user_version")
    })
  )

  it.live("copies an existing database before it migrates it, and a new one not", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const backups = join(directory, "backups")
      yield* write(directory)
      assert.throws(() => statSync(backups))
      const tables = yield* Effect.flatMap(Sqlite, ({ read }) =>
        read((sql) => sql<{ n: number }>`SELECT COUNT(*) AS n FROM later`)
      ).pipe(Effect.provide(sqlite(directory, [...migrations, laterStep])))
      assert.deepStrictEqual(tables, [{ n: 0 }])
      const [name, ...more] = readdirSync(backups)
      assert.deepStrictEqual(more, [])
      assert.match(name!, new RegExp(`^agentd-\\d{8}T\\d{9}Z-v${migrations.length}\\.db$`))
      assert.strictEqual(statSync(join(backups, name!)).mode & 0o777, 0o600)
      const copy = new DatabaseSync(join(backups, name!), { readOnly: true })
      assert.deepEqual({ ...copy.prepare("SELECT COUNT(*) AS n FROM events").get() }, { n: 200 })
      assert.deepEqual({ ...copy.prepare("PRAGMA user_version").get() }, { user_version: migrations.length })
      copy.close()
    })
  )

  it.live("leaves the database as it was when a migration fails", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* write(directory)
      const broken: Migration = { name: "broken", statements: [...laterStep.statements, "CREATE NONSENSE"] }
      yield* Effect.flip(Effect.provide(Sqlite, sqlite(directory, [...migrations, broken])))
      const page = yield* Effect.flatMap(EventLog, (log) => log.read({ after: 0, limit: 1 })).pipe(
        Effect.provide(store(directory))
      )
      assert.strictEqual(page.last, 200)
    })
  )

  it.live(`keeps the newest ${KEEP_BACKUPS} backups and touches no other file`, () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const backups = join(directory, "backups")
      yield* write(directory)
      mkdirSync(backups)
      const old = Array.from({ length: 7 }, (_, n) => `agentd-2020010${n + 1}T000000000Z-v1.db`)
      for (const name of [...old, "notes.txt"]) appendFileSync(join(backups, name), "")
      yield* Effect.provide(Sqlite, sqlite(directory, [...migrations, laterStep]))
      const left = readdirSync(backups)
      assert.include(left, "notes.txt")
      assert.deepStrictEqual(
        sortBackups(left)
          .map(({ name }) => name)
          .slice(0, -1),
        old.slice(-(KEEP_BACKUPS - 1))
      )
    })
  )
})
