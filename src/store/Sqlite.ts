/**
 * The database: one connection that writes, one that reads, and transactions that leave nothing behind when they fail.
 *
 * The only file that knows the driver. Its own `withTransaction` is not used: after a COMMIT that failed, its connection
 * answers "cannot start a transaction within a transaction" for ever.
 */
import { chmodSync, existsSync } from "node:fs"
import { pathToFileURL } from "node:url"
import * as Driver from "@effect/sql-sqlite-node/SqliteClient"
import { Clock, Context, Duration, Effect, Exit, Layer, type Scope, Semaphore } from "effect"
import { Reactivity } from "effect/reactivity"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import type { StorageUnavailable } from "../contract/errors/Errors.ts"
import { createPrivate, newestBackup, newestOf, takeBackup } from "./Backups.ts"
import { inspect, judge } from "./Inspect.ts"
import { type Migration, migrate, migrations } from "./Migrations.ts"
import { noticeCopy } from "./Numbering.ts"
import { makeSql, type Sql } from "./Sql.ts"
import { Result, resultCode, storageUnavailable } from "./SqliteFailure.ts"
import { StoreUnusable } from "./StoreUnusable.ts"

/** Milliseconds to wait for somebody else's lock. The wait blocks the event loop; only a curious human holds one. */
const BUSY_MS = 1_000

/** Bytes the write-ahead log may keep on disk after a burst. */
const WAL_BYTES = 8 * 1024 * 1024

/** Prepared statements kept for a connection: more than there are in the source; lists are put together in some hundred ways. */
const MAX_PREPARED = 256

export interface SqliteOptions {
  /** The database file; its directory exists and is private. */
  readonly file: string
  /** Directory for the copies made before a migration. */
  readonly backups: string
  /** Other schema steps than the build's own, for tests. */
  readonly migrations?: ReadonlyArray<Migration>
}

/** Is the code that runs inside a transaction? */
const Open = Context.Reference<boolean>("agentd/store/Sqlite/Open", { defaultValue: () => false })

type Refused<E> = Exclude<E, SqlError> | StorageUnavailable

export class Sqlite extends Context.Service<
  Sqlite,
  {
    readonly file: string
    /** Runs queries on the reading connection: committed rows only, never behind a writer. */
    readonly read: <A, E, R>(body: (sql: Sql) => Effect.Effect<A, E, R>) => Effect.Effect<A, Refused<E>, R>
    /** Runs `body` in one transaction, one at a time; durable when this succeeds, undone when it does not. */
    readonly transaction: <A, E, R>(body: (sql: Sql) => Effect.Effect<A, E, R>) => Effect.Effect<A, Refused<E>, R>
    /** The same for what can be had again from what is durable: it does not wait for the disk, and may be gone after a power cut. */
    readonly derive: <A, E, R>(body: (sql: Sql) => Effect.Effect<A, E, R>) => Effect.Effect<A, Refused<E>, R>
    /**
     * Runs `body` on an empty database in memory, with this one attached to it, unchangeable and standing still, as
     * `live`. All of it is thrown away afterwards.
     */
    readonly scratch: <A, E, R>(body: (sql: Sql) => Effect.Effect<A, E, R>) => Effect.Effect<A, Refused<E>, R>
    /** What SQLite's own check finds wrong with the file; nothing when it is sound. */
    readonly integrity: Effect.Effect<ReadonlyArray<string>, StorageUnavailable>
  }
>()("agentd/store/Sqlite") {
  static readonly layer = (options: SqliteOptions): Layer.Layer<Sqlite, StoreUnusable | StorageUnavailable> =>
    Layer.effect(Sqlite, open(options))
}

const open = Effect.fn("Sqlite.open")(function* (
  options: SqliteOptions
): Effect.fn.Return<Sqlite["Service"], StoreUnusable | StorageUnavailable, Scope.Scope> {
  const { file } = options
  const steps = options.migrations ?? migrations
  const { copy, from } = yield* prepare(options, steps.length)

  const writer = yield* connect(file, { filename: file }, [
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    `PRAGMA journal_size_limit = ${WAL_BYTES}`
  ])
  const turn = yield* Semaphore.make(1)
  const alone = <A, E, R>(transaction: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Open, (nested) =>
      nested
        ? Effect.die(new Error("a transaction inside a transaction would wait for itself"))
        : turn.withPermit(transaction)
    )
  const transaction = <A, E, R>(body: (sql: Sql) => Effect.Effect<A, E, R>): Effect.Effect<A, Refused<E>, R> =>
    alone(inTransaction(file, writer, body))
  const derive = <A, E, R>(body: (sql: Sql) => Effect.Effect<A, E, R>): Effect.Effect<A, Refused<E>, R> =>
    alone(
      Effect.acquireUseRelease(
        refused(file, writer.setting("PRAGMA synchronous = NORMAL")),
        () => inTransaction(file, writer, body),
        // Whatever comes next counts on it.
        () => Effect.orDie(writer.setting("PRAGMA synchronous = FULL"))
      )
    )

  if (from < steps.length || copy !== null) {
    const now = yield* Clock.currentTimeMillis
    yield* transaction((sql) =>
      Effect.gen(function* () {
        if (from < steps.length) yield* migrate(sql, from, steps)
        if (copy !== null) yield* noticeCopy(sql, copy, now)
      })
    )
  }
  const reader = yield* connect(file, { filename: file, readonly: true, disableWAL: true }, [])
  const read = <A, E, R>(body: (sql: Sql) => Effect.Effect<A, E, R>) => refused(file, body(reader))

  return Sqlite.of({
    file,
    read,
    transaction,
    derive,
    scratch: (body) =>
      Effect.scoped(
        Effect.flatMap(
          connect(file, { filename: ":memory:", disableWAL: true }, [
            // SQLite takes a file name as a URI, and only there can it be told to attach without the right to write.
            `ATTACH '${pathToFileURL(file).href.replaceAll("'", "''")}?mode=ro' AS live`
          ]),
          (sql) => inTransaction(file, sql, body)
        )
      ),
    integrity: read((sql) =>
      Effect.map(sql.unsafe<{ quick_check: string }>("PRAGMA quick_check(20)"), (rows) =>
        rows.map((row) => row.quick_check).filter((line) => line !== "ok")
      )
    )
  })
})

/**
 * Makes sure that there is a database we may open, with a copy of it when it is to be migrated; answers its version, and the newest
 * copy of that version that was there before.
 */
const prepare = Effect.fn("Sqlite.prepare")(function* ({ backups, file }: SqliteOptions, known: number) {
  const backup = newestBackup(backups, known)
  const verdict = judge(yield* attempt(file, () => inspect(file, backup !== null)), known)
  switch (verdict.do) {
    case "refuse": {
      const { detail, found, reason } = verdict
      return yield* new StoreUnusable({ file, reason, detail, found, known, backup })
    }
    case "create":
      if (!existsSync(file)) yield* attempt(file, () => createPrivate(file))
      return { from: 0, copy: null }
    case "migrate": {
      const { from } = verdict
      const now = yield* Clock.currentTimeMillis
      const copy = newestOf(backups, from)
      yield* attempt(file, () => takeBackup(file, backups, from, now))
      return { from, copy }
    }
    case "open":
      return { from: known, copy: newestOf(backups, known) }
  }
})

/** Would this build open the database? Changes nothing, and may be asked while a daemon has it open. */
export const inspectStore = Effect.fnUntraced(function* (file: string, backups: string) {
  const backup = newestBackup(backups, migrations.length)
  const verdict = judge(yield* attempt(file, () => inspect(file, backup !== null)), migrations.length)
  if (verdict.do !== "refuse") return
  const { detail, found, reason } = verdict
  return yield* new StoreUnusable({ file, reason, detail, found, known: migrations.length, backup })
})

const attempt = <A>(file: string, run: () => A) =>
  Effect.try({ try: run, catch: (error) => storageUnavailable(file, error) })

/** Closed with the scope, which holds the driver's one connection all the while: nobody waits for it at each statement. */
const connect = (file: string, config: Driver.SqliteClientConfig, pragmas: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    // The file and what SQLite puts beside it take this mode; an older one may have been made with another umask.
    if (config.filename === file) yield* attempt(file, () => chmodSync(file, 0o600))
    const driver = yield* Driver.make({ prepareCacheSize: MAX_PREPARED, prepareCacheTTL: Duration.infinity, ...config })
    const sql = makeSql(yield* driver.reserve)
    for (const pragma of [`PRAGMA busy_timeout = ${BUSY_MS}`, ...pragmas]) yield* sql.unsafe(pragma)
    return sql
  }).pipe(
    Effect.provide(Reactivity.layer),
    // The driver opens in its constructor and lets what that throws become a defect.
    Effect.catchDefect((defect) => Effect.fail(storageUnavailable(file, defect))),
    (opening) => refused(file, opening)
  )

const inTransaction = <A, E, R>(
  file: string,
  sql: Sql,
  body: (sql: Sql) => Effect.Effect<A, E, R>
): Effect.Effect<A, Refused<E>, R> => {
  const control = (statement: string) => Effect.asVoid(sql.unsafe(statement))
  const rollback = Effect.ignore(control("ROLLBACK"))
  // A transaction can still be open here if its ROLLBACK failed: without this every later one would fail, too.
  const begin = Effect.catchIf(
    control("BEGIN IMMEDIATE"),
    (error) => resultCode(error) === Result.ERROR,
    () => Effect.andThen(rollback, control("BEGIN IMMEDIATE"))
  )
  const run = Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      yield* begin
      const exit = yield* Effect.exit(restore(Effect.suspend(() => body(sql))))
      if (Exit.isSuccess(exit)) yield* Effect.tapCause(control("COMMIT"), () => rollback)
      else yield* rollback
      return yield* exit
    })
  )
  return refused(file, Effect.provideService(run, Open, true))
}

const refused = <A, E, R>(file: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, Refused<E>, R> =>
  Effect.mapError(effect, (error) =>
    isSqlError(error) ? storageUnavailable(file, error) : (error as Exclude<E, SqlError>)
  )
