/**
 * The daemon itself: greeting, health, status, reload, shutdown, self-examination.
 */
import { Schema } from "effect"
import { Timestamp } from "./session/Session.ts"

export const HelloParams = Schema.Struct({
  protocol: Schema.optionalKey(Schema.Struct({ min: Schema.Int, max: Schema.Int })).annotateKey({
    description: "The versions the client speaks. Default: exactly the lowest."
  }),
  client: Schema.optionalKey(Schema.Struct({ name: Schema.String, version: Schema.String })).annotateKey({
    description: "What the client calls itself, for the daemon's log."
  }),
  features: Schema.optionalKey(Schema.Array(Schema.String)).annotateKey({
    description: "Features the client would like; the answer holds those both have."
  })
})
export const HelloResult = Schema.Struct({
  protocol: Schema.Int.annotateKey({ description: "The version both will speak: the highest common one." }),
  server: Schema.Struct({ name: Schema.String, version: Schema.String }),
  features: Schema.Array(Schema.String).annotateKey({ description: "The features both have." }),
  peer: Schema.Struct({
    uid: Schema.Int,
    pid: Schema.NullOr(Schema.Int),
    session: Schema.NullOr(Schema.String)
  }).annotateKey({ description: "Who the kernel says is asking, and the session it runs in." })
})

export const HealthParams = Schema.Struct({
  echo: Schema.optionalKey(Schema.String).annotateKey({ description: "Returned as it came." })
})
export const HealthResult = Schema.Struct({ ok: Schema.Boolean, echo: Schema.optionalKey(Schema.String) })

export const NoParams = Schema.Struct({})

export const DiscoverResult = Schema.Record(Schema.String, Schema.Json).annotate({
  description: "An OpenRPC 1.3 document: https://spec.open-rpc.org."
})

export const StatusResult = Schema.Struct({
  version: Schema.String,
  pid: Schema.Int,
  startedAt: Timestamp,
  executable: Schema.String,
  node: Schema.String.annotateKey({ description: "Version of the Node.js it runs on." }),
  socket: Schema.String,
  stateDirectory: Schema.String,
  runtimeDirectory: Schema.String,
  configFiles: Schema.Array(Schema.String).annotateKey({ description: "The configuration files that exist." }),
  launcher: Schema.Literals(["direct", "systemd"]),
  outliveStop: Schema.Boolean.annotateKey({
    description: "Sessions run on when the daemon is stopped on purpose, until it is started again."
  }),
  ephemeral: Schema.Boolean.annotateKey({ description: "It leaves once it is idle." }),
  draining: Schema.Boolean.annotateKey({ description: "It is stopping and takes no new work." }),
  sessions: Schema.Struct({ live: Schema.Int, ended: Schema.Int }),
  connections: Schema.Int,
  lastSeq: Schema.Int.annotateKey({ description: "Sequence number of the newest event." }),
  memory: Schema.Int.annotateKey({ description: "Resident memory in bytes." })
})

export const ReloadResult = Schema.Struct({
  changed: Schema.Array(Schema.String).annotateKey({ description: "Keys whose value changed." }),
  restart: Schema.Array(Schema.String).annotateKey({ description: "Of these, the ones that only a restart applies." })
})

export const ShutdownParams = Schema.Struct({
  reason: Schema.String.check(Schema.isMaxLength(256)).annotateKey({
    description: "Why, for the log and for clients that are told of it."
  }),
  ifIdle: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "Refuse with `Conflict` while a session lives or another client is connected."
  })
})
export const ShutdownResult = Schema.Struct({
  ending: Schema.Array(Schema.String).annotateKey({ description: "Live sessions that end with the daemon." })
})

export const MetricsParams = Schema.Struct({
  sessions: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "Also series of each live session, with its id and name as labels. Default: none that grow in number."
  })
})
export const MetricsResult = Schema.Struct({
  text: Schema.String.annotateKey({ description: "Prometheus' text format, version 0.0.4." })
})

export const RestartResult = Schema.Struct({
  pid: Schema.Int,
  version: Schema.String.annotateKey({ description: "The version that serves now." }),
  previous: Schema.String.annotateKey({ description: "The version that was asked." })
})

export const Finding = Schema.Struct({
  check: Schema.String.annotateKey({ description: "What was examined." }),
  level: Schema.Literals(["ok", "warning", "problem"]),
  message: Schema.String,
  fix: Schema.NullOr(Schema.String).annotateKey({ description: "What to do about it." })
}).annotate({ identifier: "Finding" })
export type Finding = typeof Finding.Type
export const DoctorResult = Schema.Struct({ findings: Schema.Array(Finding) })

export const ConfigShowResult = Schema.Struct({
  values: Schema.Array(
    Schema.Struct({
      key: Schema.String,
      value: Schema.Json.annotateKey({ description: "As it would stand in the file; null: not set." }),
      origin: Schema.String.annotateKey({
        description: "Which layer set it: `built-in`, a file's path, an environment variable's name, `flag`."
      }),
      line: Schema.NullOr(Schema.Int).annotateKey({ description: "Line in that file." }),
      locked: Schema.Boolean.annotateKey({ description: "The administrator has locked it." })
    })
  ),
  files: Schema.Array(Schema.Struct({ path: Schema.String, exists: Schema.Boolean })).annotateKey({
    description: "The files that are looked for, in order, and whether each exists."
  })
})
