/** Real databases in a directory of their own, that goes with the test's scope. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import type { EventBody } from "../../src/contract/Event.ts"
import { sessionProjection } from "../../src/sessions/SessionProjection.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { insertRows } from "../../src/store/insertRows.ts"
import type { Migration } from "../../src/store/Migrations.ts"
import type { Projection } from "../../src/store/Projection.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"

export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "agentd-store-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

export const sqlite = (directory: string, migrations?: ReadonlyArray<Migration>) =>
  Sqlite.layer({
    file: join(directory, "agentd.db"),
    backups: join(directory, "backups"),
    ...(migrations === undefined ? {} : { migrations })
  })

/** Starts of the daemon, in a table that is filled after the append. */
export const deferredStarts: Projection = {
  name: "starts",
  version: 1,
  tables: ["starts"],
  schema: ["CREATE TABLE starts (seq INTEGER PRIMARY KEY, pid INTEGER NOT NULL) STRICT"],
  apply: (sql, { body, seq }) =>
    body.type === "daemon.started"
      ? Effect.asVoid(sql`INSERT INTO starts ${sql.insert({ seq, pid: body.pid })}`)
      : Effect.void,
  deferred: {
    types: "daemon.",
    applyMany: (sql, events) =>
      insertRows(
        sql,
        { table: "starts" },
        events.flatMap(({ body, seq }) => (body.type === "daemon.started" ? [{ seq, pid: body.pid }] : []))
      )
  }
}

/** What the process that is killed fills: one table with the append, one after it. */
export const appended = [sessionProjection, deferredStarts]

/** The whole store over a directory: opened when provided, closed when the provided effect is done. */
export const store = (directory: string, projections: ReadonlyArray<Projection> = [sessionProjection]) =>
  EventLog.layer(projections).pipe(Layer.provideMerge(sqlite(directory)))

export const daemonStarted = (pid: number): EventBody => ({ type: "daemon.started", pid, version: "0.0.0" })

/** A valid session id for a number. */
export const sessionId = (n: number) => `ses_${String(n).padStart(26, "0")}`

export const sessionStarted = (n: number, name = `session-${n}`): Extract<EventBody, { type: "session.started" }> => ({
  type: "session.started",
  session: sessionId(n),
  name,
  argv: ["sh", "-c", "true"],
  cwd: "/",
  cols: 80,
  rows: 24,
  tags: [],
  launcher: "direct",
  ttlMs: null,
  resumedFrom: null
})

export const sessionEnded = (n: number, at = 1_000): Extract<EventBody, { type: "session.ended" }> => ({
  type: "session.ended",
  session: sessionId(n),
  status: "exited",
  exit: { code: 0, signal: null, by: "program", took: null, at },
  offset: 10,
  unrecorded: 0
})
