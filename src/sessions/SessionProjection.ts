/**
 * The table `sessions`: how it is made, how each event changes it, and a row of it as a record.
 *
 * An event about a session that is gone, or a second end, changes nothing: what was recorded first stands.
 * A session's environment is in no event and in no column.
 */
import { Effect } from "effect"
import type { Event } from "../contract/Event.ts"
import { OPEN } from "../contract/session/Sandbox.ts"
import type { HookPolicy, Session, SessionExit, SessionStatus } from "../contract/session/Session.ts"
import type { SessionLimits } from "../contract/session/SessionLimits.ts"
import type { Projection } from "../store/Projection.ts"
import type { Sql, SqlError } from "../store/Sql.ts"

export interface SessionRow {
  readonly id: string
  readonly seq: number
  readonly name: string
  readonly argv: string
  readonly cwd: string
  readonly cols: number
  readonly rows: number
  readonly tags: string
  readonly status: Exclude<SessionStatus, "stopping">
  readonly launcher: Session["launcher"]
  readonly pid: number | null
  readonly start_time: string | null
  readonly created_at: number
  readonly active_at: number
  readonly ended_at: number | null
  readonly ttl_ms: number | null
  readonly exit: string | null
  readonly offset: number
  readonly unrecorded: number
  readonly archived: number
  readonly transcript: string | null
  readonly transcript_bytes: number
  readonly resumed_from: string | null
  readonly limits: string
  readonly sandbox: string
  readonly secrets: string
  readonly resumed_by: string | null
  readonly stdin: Session["stdin"]
  readonly restart: Session["restart"]
  readonly hooks: HookPolicy
  readonly boot: string | null
  readonly agent: string | null
  readonly agent_name: string | null
  readonly intent: string | null
  readonly task: string | null
  readonly access: Session["access"]
  readonly started_by: string | null
  readonly ssh_agent: number
  readonly browser: number
}

/** The SQL condition for a session without an end. */
export const IS_LIVE = "ended_at IS NULL"
/** Its opposite, in the words of the index that answers it. */
export const HAS_ENDED = "ended_at IS NOT NULL"

const schema = [
  `CREATE TABLE sessions (
     id TEXT PRIMARY KEY,
     seq INTEGER NOT NULL UNIQUE,
     name TEXT NOT NULL,
     argv TEXT NOT NULL,
     cwd TEXT NOT NULL,
     cols INTEGER NOT NULL,
     rows INTEGER NOT NULL,
     tags TEXT NOT NULL,
     status TEXT NOT NULL CHECK (status IN ('starting', 'running', 'exited', 'interrupted')),
     launcher TEXT NOT NULL,
     pid INTEGER,
     start_time TEXT,
     created_at INTEGER NOT NULL,
     active_at INTEGER NOT NULL,
     ended_at INTEGER,
     ttl_ms INTEGER,
     exit TEXT,
     offset INTEGER NOT NULL DEFAULT 0,
     unrecorded INTEGER NOT NULL DEFAULT 0,
     archived INTEGER NOT NULL DEFAULT 0,
     transcript TEXT,
     transcript_bytes INTEGER NOT NULL DEFAULT 0,
     resumed_from TEXT,
     limits TEXT NOT NULL,
     sandbox TEXT NOT NULL,
     secrets TEXT NOT NULL DEFAULT '[]',
     resumed_by TEXT,
     stdin TEXT NOT NULL DEFAULT 'terminal',
     restart TEXT NOT NULL DEFAULT 'never',
     hooks TEXT NOT NULL DEFAULT 'auto',
     boot TEXT,
     agent TEXT,
     agent_name TEXT,
     intent TEXT,
     task TEXT,
     access TEXT NOT NULL,
     started_by TEXT,
     ssh_agent INTEGER NOT NULL DEFAULT 0,
     browser INTEGER NOT NULL DEFAULT 0
   ) STRICT`,
  `CREATE UNIQUE INDEX sessions_live_names ON sessions (name) WHERE ${IS_LIVE}`,
  // Few sessions live among many that have ended: these two keep the common questions away from the whole table.
  `CREATE INDEX sessions_live ON sessions (seq) WHERE ${IS_LIVE}`,
  `CREATE INDEX sessions_by_agent ON sessions (agent) WHERE agent IS NOT NULL`,
  `CREATE INDEX sessions_ended_names ON sessions (name, seq) WHERE ${HAS_ENDED}`,
  `CREATE INDEX sessions_ended ON sessions (ended_at, seq) WHERE ${HAS_ENDED}`
]

const apply = (sql: Sql, { at, body, seq }: Event): Effect.Effect<void, SqlError> => {
  switch (body.type) {
    case "session.started": {
      const row = {
        id: body.session,
        seq,
        name: body.name,
        argv: JSON.stringify(body.argv),
        cwd: body.cwd,
        cols: body.cols,
        rows: body.rows,
        tags: JSON.stringify(body.tags),
        status: "starting",
        launcher: body.launcher,
        created_at: at,
        active_at: at,
        ttl_ms: body.ttlMs,
        resumed_from: body.resumedFrom,
        limits: JSON.stringify(body.limits ?? {}),
        sandbox: body.sandbox ?? OPEN,
        secrets: JSON.stringify(body.secrets ?? []),
        stdin: body.stdin ?? "terminal",
        restart: body.restart ?? "never",
        hooks: body.hooks ?? "auto",
        boot: body.boot ?? null,
        agent: body.agent?.id ?? null,
        agent_name: body.agent?.name ?? null,
        intent: body.intent ?? null,
        task: body.task ?? null,
        access: body.access ?? "all",
        started_by: body.startedBy ?? null,
        ssh_agent: body.sshAgent === true ? 1 : 0,
        browser: body.browser === true ? 1 : 0
      }
      return Effect.andThen(
        sql`INSERT INTO sessions ${sql.insert(row)}`,
        sql`UPDATE sessions SET resumed_by = ${body.session} WHERE id = ${body.resumedFrom}`
      )
    }
    case "session.running":
      return Effect.asVoid(sql`UPDATE sessions SET status = 'running', pid = ${body.pid}, start_time = ${body.startTime}
        WHERE id = ${body.session} AND ${sql.literal(IS_LIVE)}`)
    case "session.renamed":
      return Effect.asVoid(sql`UPDATE sessions SET name = ${body.name} WHERE id = ${body.session}`)
    case "session.tagged":
      return Effect.asVoid(sql`UPDATE sessions SET tags = ${JSON.stringify(body.tags)} WHERE id = ${body.session}`)
    case "session.assigned":
      return Effect.asVoid(sql`UPDATE sessions SET agent = ${body.agent?.id ?? null},
        agent_name = ${body.agent?.name ?? null}, intent = ${body.intent}, task = ${body.task}
        WHERE id = ${body.session}`)
    case "session.resized":
      return Effect.asVoid(sql`UPDATE sessions SET cols = ${body.cols}, rows = ${body.rows} WHERE id = ${body.session}`)
    case "session.ended":
      // A pid says nothing once its process is gone: the kernel may have given it to another.
      return Effect.asVoid(sql`UPDATE sessions SET status = ${body.status}, pid = NULL, start_time = NULL,
        ended_at = ${body.exit.at}, active_at = ${body.exit.at}, exit = ${JSON.stringify(body.exit)},
        offset = ${body.offset}, unrecorded = ${body.unrecorded}
        WHERE id = ${body.session} AND ${sql.literal(IS_LIVE)}`)
    case "session.archived":
      return Effect.asVoid(sql`UPDATE sessions SET archived = 1, transcript = ${body.file},
        transcript_bytes = ${body.bytes} WHERE id = ${body.session}`)
    case "session.removed":
      // One that could not even be started has continued nothing; one that ran and was forgotten has.
      return Effect.andThen(
        sql`UPDATE sessions SET resumed_by = NULL WHERE resumed_by = ${body.session}
          AND EXISTS (SELECT 1 FROM sessions WHERE id = ${body.session} AND status = 'starting')`,
        sql`DELETE FROM sessions WHERE id = ${body.session}`
      )
    case "backup.restored":
      // What ran when the backup was made was ended by nobody but time: it is not for a daemon to start it again unasked.
      return Effect.asVoid(sql`UPDATE sessions SET restart = 'never' WHERE restart = 'on-boot' AND resumed_by IS NULL`)
    default:
      return Effect.void
  }
}

export const sessionProjection: Projection = { name: "sessions", version: 7, tables: ["sessions"], schema, apply }

/** A session as far as events tell: what only the daemon knows (clients, live offset, usage, `stopping`) is not here. */
export interface SessionRecord extends Omit<Session, "clients" | "state" | "usage"> {
  /** Tells its process from a later one with the same pid. */
  readonly startTime: string | null
  /** Its transcript is closed; `transcript` is then its file, or null if there is none. */
  readonly archived: boolean
  /** Bytes the closed transcript takes on disk. */
  readonly transcriptBytes: number
  readonly hooks: HookPolicy
  /** Names the machine's boot it was started in; null where nobody knows. */
  readonly boot: string | null
  /** It was given a place for the SSH agents of those who lend one. */
  readonly sshAgent: boolean
  /** Its `BROWSER` offers URLs to who takes them. */
  readonly browser: boolean
}

export const toRecord = (row: SessionRow): SessionRecord => ({
  id: row.id,
  name: row.name,
  argv: JSON.parse(row.argv) as Array<string>,
  cwd: row.cwd,
  cols: row.cols,
  rows: row.rows,
  tags: JSON.parse(row.tags) as Array<string>,
  status: row.status,
  launcher: row.launcher,
  pid: row.pid,
  startTime: row.start_time,
  createdAt: row.created_at,
  activeAt: row.active_at,
  ttlMs: row.ttl_ms,
  exit: row.exit === null ? null : (JSON.parse(row.exit) as SessionExit),
  offset: row.offset,
  unrecorded: row.unrecorded,
  archived: row.archived === 1,
  transcript: row.transcript,
  transcriptBytes: row.transcript_bytes,
  resumedFrom: row.resumed_from,
  limits: JSON.parse(row.limits) as SessionLimits,
  sandbox: row.sandbox,
  secrets: JSON.parse(row.secrets) as Session["secrets"],
  resumedBy: row.resumed_by,
  stdin: row.stdin,
  restart: row.restart,
  hooks: row.hooks,
  boot: row.boot,
  agent: row.agent === null ? null : { id: row.agent, name: row.agent_name ?? row.agent },
  intent: row.intent,
  task: row.task,
  access: row.access,
  startedBy: row.started_by,
  sshAgent: row.ssh_agent === 1,
  browser: row.browser === 1
})
