/**
 * The daemon itself: greeting, health, status, reload, shutdown, self-examination.
 */
import { Schema } from "effect"
import { Timestamp } from "./Session.ts"

export const HelloParams = Schema.Struct({
  /** The versions the client speaks. Default: exactly the lowest. */
  protocol: Schema.optionalKey(Schema.Struct({ min: Schema.Int, max: Schema.Int })),
  client: Schema.optionalKey(Schema.Struct({ name: Schema.String, version: Schema.String })),
  /** Features the client would like; the answer holds those both have. */
  features: Schema.optionalKey(Schema.Array(Schema.String))
})
export const HelloResult = Schema.Struct({
  /** The version both will speak: the highest common one. */
  protocol: Schema.Int,
  server: Schema.Struct({ name: Schema.String, version: Schema.String }),
  features: Schema.Array(Schema.String),
  /** Who the kernel says is asking, and the session it runs in. */
  peer: Schema.Struct({
    uid: Schema.Int,
    pid: Schema.NullOr(Schema.Int),
    session: Schema.NullOr(Schema.String)
  })
})

export const HealthParams = Schema.Struct({ /** Returned as it came. */ echo: Schema.optionalKey(Schema.String) })
export const HealthResult = Schema.Struct({ ok: Schema.Boolean, echo: Schema.optionalKey(Schema.String) })

export const NoParams = Schema.Struct({})

export const StatusResult = Schema.Struct({
  version: Schema.String,
  pid: Schema.Int,
  startedAt: Timestamp,
  executable: Schema.String,
  node: Schema.String,
  socket: Schema.String,
  stateDirectory: Schema.String,
  runtimeDirectory: Schema.String,
  configFiles: Schema.Array(Schema.String),
  launcher: Schema.Literals(["direct", "systemd"]),
  ephemeral: Schema.Boolean,
  draining: Schema.Boolean,
  sessions: Schema.Struct({ live: Schema.Int, ended: Schema.Int }),
  connections: Schema.Int,
  lastSeq: Schema.Int,
  /** Resident memory in bytes. */
  memory: Schema.Int
})
export type DaemonStatus = typeof StatusResult.Type

export const ReloadResult = Schema.Struct({
  /** Keys whose value changed. */
  changed: Schema.Array(Schema.String),
  /** Of these, the ones that only a restart applies. */
  restart: Schema.Array(Schema.String)
})

export const ShutdownParams = Schema.Struct({
  reason: Schema.String.check(Schema.isMaxLength(256)),
  /** Refuse with `Conflict` while a session lives or another client is connected. */
  ifIdle: Schema.optionalKey(Schema.Boolean)
})
export const ShutdownResult = Schema.Struct({
  /** Live sessions that end with the daemon. */ ending: Schema.Array(Schema.String)
})

export const Finding = Schema.Struct({
  check: Schema.String,
  level: Schema.Literals(["ok", "warning", "problem"]),
  message: Schema.String,
  /** What to do about it. */
  fix: Schema.NullOr(Schema.String)
})
export type Finding = typeof Finding.Type
export const DoctorResult = Schema.Struct({ findings: Schema.Array(Finding) })

export const ConfigShowResult = Schema.Struct({
  values: Schema.Array(
    Schema.Struct({
      key: Schema.String,
      value: Schema.Json,
      /** Which layer set it: `built-in`, a file's path, an environment variable's name, `flag`. */
      origin: Schema.String,
      /** Line in that file. */
      line: Schema.NullOr(Schema.Int),
      locked: Schema.Boolean
    })
  ),
  /** The files that are looked for, in order, and whether each exists. */
  files: Schema.Array(Schema.Struct({ path: Schema.String, exists: Schema.Boolean }))
})
