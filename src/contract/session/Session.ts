/**
 * Sessions: one program on one PTY, owned by the daemon. What is told of each, and how it is named.
 */
import { Schema } from "effect"
import { AgentRef } from "../Identity.ts"
import { MAX_WAIT_MS } from "../Limits.ts"
import { SessionSecret } from "../Secret.ts"
import { SessionLimits, SessionUsage } from "./SessionLimits.ts"
import { SessionState } from "./SessionState.ts"

/** `ses_` and a ULID (26 characters of Crockford base32). */
export const SessionId = Schema.String.check(
  Schema.isPattern(/^ses_[0-9A-HJKMNP-TV-Z]{26}$/u, { expected: "a session id (ses_ and a ULID)" })
).annotate({ title: "session id" })
export type SessionId = typeof SessionId.Type

/** A human name, unique among live sessions. */
export const SessionName = Schema.String.check(
  Schema.isPattern(/^[a-z0-9][a-z0-9._-]{0,63}$/u, {
    expected: "1 to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit"
  })
).annotate({ title: "session name" })
export type SessionName = typeof SessionName.Type

/** How a request names a session: an id, a unique prefix of one, a name, or `-` for the last one started or attached. */
export const SessionRef = Schema.String.check(
  Schema.isPattern(/^(-|[A-Za-z0-9][A-Za-z0-9._-]{0,127})$/u, {
    expected: "a session id, a prefix of one, a name, or -"
  })
).annotate({
  title: "session reference",
  description: "A session id, a unique prefix of one, a name, or - for the last one started or attached"
})

export const Tag = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._:/=@+-]{0,63}$/u, {
    expected: "1 to 64 letters, digits and ._:/=@+-, beginning with a letter or digit"
  })
).annotate({ title: "tag" })

/** Milliseconds since 1970-01-01 UTC. */
export const Timestamp = Schema.Int.annotate({ description: "Milliseconds since 1970-01-01 UTC" })

/** A byte's position in a session's output since its start. */
export const Offset = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).annotate({
  description: "A byte's position in the session's output since its start"
})

/** Any integer is taken and clamped to 1..10000, so a broken terminal cannot break a program. */
export const Size = Schema.Int.annotate({ description: "Terminal size in cells, clamped to 1..10000" })

export const Milliseconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_WAIT_MS }))

/** An argument or path: anything but NUL, which no program can receive (execve(2)). */
export const NoNul = Schema.String.check(
  Schema.isPattern(/^[^\0]*$/u, { expected: "text without a NUL character" })
).annotate({ title: "text without NUL" })

export const SessionStatus = Schema.Literals(["starting", "running", "stopping", "exited", "interrupted"])
export type SessionStatus = typeof SessionStatus.Type

/** Whether a session that was interrupted is started again when a daemon next finds it so. */
export const RestartPolicy = Schema.Literals(["never", "on-boot"])
export type RestartPolicy = typeof RestartPolicy.Type

/** What programs in a session may do with the other sessions. */
export const SessionAccess = Schema.Literals(["own", "tag", "all"])
export type SessionAccess = typeof SessionAccess.Type

/** Whether a program that is known tells its state through hooks of ours. */
export const HookPolicy = Schema.Literals(["auto", "off"])
export type HookPolicy = typeof HookPolicy.Type

export const StandardInput = Schema.Literals(["terminal", "pipe"])

/** How a session ended. Exactly one of `code` and `signal` is set, or neither when nobody could see the end. */
export const SessionExit = Schema.Struct({
  code: Schema.NullOr(Schema.Int),
  signal: Schema.NullOr(Schema.String).annotateKey({ description: "Name of the signal, as in signal(7): `SIGKILL`." }),
  by: Schema.Literals(["program", "stop", "ttl", "timeout", "oom", "shutdown", "lost", "reboot"]).annotateKey({
    description:
      "Who ended it: the program itself, a stop request, its ttl, its limit in time, the kernel because memory ran out, the daemon's shutdown, the loss of its daemon, or a reboot of the machine."
  }),
  took: Schema.NullOr(Schema.Literals(["term", "kill"])).annotateKey({
    description: "When it was stopped: what it took. `term` = SIGHUP and SIGTERM sufficed, `kill` = SIGKILL was needed."
  }),
  at: Timestamp,
  oomKills: Schema.optionalKey(Schema.Int).annotateKey({
    description: "Processes of it that the kernel killed because memory ran out, if there were any."
  }),
  tasksRefused: Schema.optionalKey(Schema.Int).annotateKey({
    description: "How often it was refused another process or thread, if it was."
  })
}).annotate({
  identifier: "SessionExit",
  description: "Exactly one of `code` and `signal` is set, or neither when nobody could see the end."
})
export type SessionExit = typeof SessionExit.Type

export const SizePolicy = Schema.Literals(["latest", "smallest", "owner"])
export type SizePolicy = typeof SizePolicy.Type

export const SessionClient = Schema.Struct({
  id: Schema.String,
  mode: Schema.Literals(["write", "view"]).annotateKey({
    description: "Whether it may type. One that may becomes a viewer when another takes the session."
  }),
  cols: Schema.Int,
  rows: Schema.Int,
  pid: Schema.NullOr(Schema.Int),
  tty: Schema.optionalKey(Schema.NullOr(Schema.String)).annotateKey({
    description: "The terminal of its process, as the kernel says; null: none, or it cannot be seen."
  }),
  since: Timestamp
}).annotate({ identifier: "SessionClient" })
export type SessionClient = typeof SessionClient.Type

export const Session = Schema.Struct({
  id: SessionId,
  name: Schema.String,
  argv: Schema.Array(Schema.String),
  cwd: Schema.String,
  cols: Schema.Int,
  rows: Schema.Int,
  tags: Schema.Array(Schema.String),
  status: SessionStatus,
  state: Schema.optionalKey(SessionState).annotateKey({
    description: "What its program is doing. Absent: its daemon is of a version that does not look."
  }),
  launcher: Schema.Literals(["direct", "systemd"]).annotateKey({
    description: "How its process was started and is found again."
  }),
  pid: Schema.NullOr(Schema.Int),
  createdAt: Timestamp,
  activeAt: Timestamp.annotateKey({ description: "Last time it printed something, or its start." }),
  ttlMs: Schema.NullOr(Schema.Int).annotateKey({
    description: "Milliseconds it may run, counted from `createdAt`; null: as long as it likes."
  }),
  limits: SessionLimits.annotateKey({ description: "What it may use." }),
  sandbox: Schema.String.annotateKey({ description: "The profile that shuts it off from the rest of the machine." }),
  usage: Schema.NullOr(SessionUsage).annotateKey({
    description: "What it uses now; null when it has ended, when nobody asked, or when it cannot be told."
  }),
  secrets: Schema.Array(SessionSecret).annotateKey({
    description: "Its secrets, by the places where they are kept."
  }),
  stdin: StandardInput.annotateKey({ description: "Where the program's standard input comes from." }),
  restart: RestartPolicy.annotateKey({
    description:
      "`on-boot`: if a reboot, or the loss of what it ran under, interrupts it, the next daemon starts it again, once."
  }),
  access: SessionAccess.annotateKey({
    description:
      "Which other sessions programs in it may read, type into and stop. `own`: those started from it, and from these. `tag`: also those that have a tag of its own. `all`: every one."
  }),
  startedBy: Schema.NullOr(SessionId).annotateKey({ description: "The session it was started from." }),
  exit: Schema.NullOr(SessionExit),
  offset: Offset.annotateKey({ description: "Bytes of output so far: the offset of the next byte." }),
  unrecorded: Schema.Int.annotateKey({
    description: "Output offsets that were not recorded because the disk was full."
  }),
  transcript: Schema.NullOr(Schema.String).annotateKey({
    description:
      "Where its transcript is: a directory while it is live, an asciicast file afterwards; null once removed."
  }),
  resumedFrom: Schema.NullOr(SessionId).annotateKey({ description: "The session this one was started again from." }),
  resumedBy: Schema.NullOr(SessionId).annotateKey({ description: "The session that this one was started again as." }),
  agent: Schema.NullOr(AgentRef).annotateKey({ description: "The agent it acts for." }),
  intent: Schema.NullOr(Schema.String).annotateKey({ description: "What it is for, in its own words." }),
  task: Schema.NullOr(Schema.String).annotateKey({ description: "The task it is at, as in `#42`." }),
  clients: Schema.Array(SessionClient)
}).annotate({ identifier: "Session" })
export type Session = typeof Session.Type

/** The parameter of every request about one session. */
export const one = { session: SessionRef }
