/**
 * Sessions: one program on one PTY, owned by the daemon. What may be asked of them and what is answered.
 */
import { Schema } from "effect"
import { AgentName, AgentRef, line } from "./Identity.ts"
import { MAX_OUTPUT_BYTES, MAX_WAIT_MS } from "./Limits.ts"
import { REFRESHED } from "./Refreshed.ts"
import { SandboxName } from "./Sandbox.ts"
import { SessionSecret, SessionSecrets } from "./Secret.ts"
import { AskedLimits, SessionLimits, SessionUsage } from "./SessionLimits.ts"
import { SessionState, StateName } from "./SessionState.ts"
import { StyledLine } from "./Styled.ts"

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
const Size = Schema.Int.annotate({ description: "Terminal size in cells, clamped to 1..10000" })

const Milliseconds = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_WAIT_MS }))

/** An argument or path: anything but NUL, which no program can receive (execve(2)). */
const NoNul = Schema.String.check(Schema.isPattern(/^[^\0]*$/u, { expected: "text without a NUL character" })).annotate(
  { title: "text without NUL" }
)

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

const one = { session: SessionRef }

/** Longest intent and task, in characters: a line on a screen. */
const MAX_PURPOSE = 512
const Purpose = line(MAX_PURPOSE)

export const StartParams = Schema.Struct({
  argv: Schema.Array(NoNul).check(Schema.isMinLength(1), Schema.isMaxLength(4096)).annotateKey({
    description: "The program and its arguments. A program without a slash is looked for in the PATH of `env`."
  }),
  name: Schema.optionalKey(SessionName).annotateKey({
    description: "Unique among live sessions. Default: a readable one is made up."
  }),
  cwd: Schema.optionalKey(NoNul).annotateKey({
    description: "Absolute path; the caller's directory. Default: the caller's home."
  }),
  env: Schema.optionalKey(Schema.Record(Schema.String, NoNul)).annotateKey({
    description: "The program's whole environment. Handed to the program and never stored. Default: the daemon's own."
  }),
  sshAgent: Schema.optionalKey(NoNul.check(Schema.isPattern(/^\//))).annotateKey({
    description:
      "Gives it a `SSH_AUTH_SOCK`, a link that follows whoever is attached with an SSH agent. Here it leads at first; nothing need be there. Default: what `env` has."
  }),
  browser: Schema.optionalKey(Schema.Boolean).annotateKey({
    description:
      "Sets its `BROWSER` to a program that has URLs opened where somebody is attached who takes them. Default: as `env` has it."
  }),
  secrets: Schema.optionalKey(SessionSecrets).annotateKey({
    description:
      "Secrets it gets besides, by the places where they are kept: these are recorded, the secrets never. Default: none."
  }),
  cols: Schema.optionalKey(Size),
  rows: Schema.optionalKey(Size),
  tags: Schema.optionalKey(Schema.Array(Tag).check(Schema.isMaxLength(32))).annotateKey({
    description: "Words to find it by. Default: none."
  }),
  ttlMs: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))).annotateKey({
    description: "Milliseconds it may run before it is stopped. Default: as long as it likes."
  }),
  limits: Schema.optionalKey(AskedLimits).annotateKey({
    description: "What it may use. Default: the section `limits` of the configuration."
  }),
  sandbox: Schema.optionalKey(SandboxName).annotateKey({
    description:
      "What it is shut off from: `open` (nothing), `workspace`, or a profile of the administrator's. Default: `session.sandbox` of the configuration."
  }),
  restart: Schema.optionalKey(RestartPolicy).annotateKey({
    description:
      "`on-boot`: started again, once, by the next daemon after a reboot has interrupted it. Default: `session.restart` of the configuration."
  }),
  access: Schema.optionalKey(Schema.Literals([...SessionAccess.literals, "most"])).annotateKey({
    description:
      "Which other sessions programs in it may reach: `own`, `tag` or `all`, no more than the caller's own session may; `most`: as much as may be given. Default: `session.access` of the configuration, or less where the caller has less."
  }),
  hooks: Schema.optionalKey(HookPolicy).annotateKey({
    description:
      "`auto`: a program that is known is given options of its own, for this one run, with which it tells its state (Claude Code, Codex). `off`: it is run as it stands. Default: `session.hooks` of the configuration."
  }),
  agent: Schema.optionalKey(AgentName).annotateKey({
    description:
      "The agent it is to act for, registered in the workspace of `cwd` if there is none of that name. Refused while another session acts for it."
  }),
  intent: Schema.optionalKey(Purpose).annotateKey({ description: "What it is for." }),
  task: Schema.optionalKey(Purpose).annotateKey({ description: "The task it is at." }),
  stdin: Schema.optionalKey(StandardInput).annotateKey({
    description:
      "Where the program's standard input comes from. `terminal` (the default): the PTY. `pipe`: a pipe that carries input frames and `session.input` byte for byte and can end (`Eof`); the PTY then neither echoes nor turns newlines into CR LF, so that the output is what the program wrote. For filters."
  })
})
export type StartParams = typeof StartParams.Type

/** One is enough. */
const States = Schema.Array(StateName).check(Schema.isMinLength(1), Schema.isMaxLength(StateName.literals.length))

export const ListParams = Schema.Struct({
  all: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "Ended sessions too." }),
  tag: Schema.optionalKey(Tag).annotateKey({ description: "Only sessions with this tag." }),
  status: Schema.optionalKey(SessionStatus).annotateKey({ description: "Only sessions in this state." }),
  state: Schema.optionalKey(States).annotateKey({ description: "Only sessions whose program does one of these." }),
  usage: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "What each uses, too; it costs a few file reads a session."
  })
})
export const ListResult = Schema.Struct({ sessions: Schema.Array(Session) })

export const GetParams = Schema.Struct(one)

export const StopParams = Schema.Struct({
  ...one,
  graceMs: Schema.optionalKey(Milliseconds).annotateKey({
    description: "Milliseconds between SIGHUP+SIGTERM and SIGKILL. Default: `session.grace` of the configuration."
  })
})

export const RemoveParams = Schema.Struct({
  ...one,
  force: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "Stop it first if it runs." })
})
export const RemoveResult = Schema.Struct({ id: SessionId })

export const RenameParams = Schema.Struct({
  ...one,
  name: SessionName.annotateKey({ description: "Its new name, unique among live sessions." })
})

export const TagParams = Schema.Struct({
  ...one,
  add: Schema.optionalKey(Schema.Array(Tag).check(Schema.isMaxLength(32))).annotateKey({
    description: "Tags it gets."
  }),
  remove: Schema.optionalKey(Schema.Array(Tag).check(Schema.isMaxLength(32))).annotateKey({
    description: "Tags it loses."
  })
})

export const PurposeParams = Schema.Struct({
  session: Schema.optionalKey(SessionRef).annotateKey({ description: "Default: the one the caller runs in." }),
  intent: Schema.optionalKey(Schema.NullOr(Purpose)).annotateKey({
    description: "What it is for; null: nothing is said."
  }),
  task: Schema.optionalKey(Schema.NullOr(Purpose)).annotateKey({ description: "The task it is at; null: none." })
})

export const ResizeParams = Schema.Struct({ ...one, cols: Size, rows: Size })

/** `text` (sent as UTF-8), `base64` (sent as the bytes it encodes), or `keys`; `text` may be followed by `keys`. */
export const InputParams = Schema.Struct({
  ...one,
  text: Schema.optionalKey(Schema.String).annotateKey({
    description: "Sent as UTF-8. One of `text`, `base64` and `keys` is given; after `text`, `keys` may follow."
  }),
  paste: Schema.optionalKey(Schema.Boolean).annotateKey({
    description:
      "Of `text`: as a terminal pastes it. Line ends become those of the Enter key; if the program has asked for bracketed paste, it is marked as such and stripped of ESC, so that nothing in it can end the paste."
  }),
  keys: Schema.optionalKey(
    Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(32))).check(Schema.isMaxLength(256))
  ).annotateKey({
    description:
      "Keys by their tmux names: `Enter`, `C-c`, `M-x`, `Up`, `S-F5`, a single character. Sent as the terminal would in the mode the program has switched it to."
  }),
  base64: Schema.optionalKey(Schema.String.check(Schema.isBase64()).annotate({ title: "base64" })).annotateKey({
    description: "Sent as the bytes it encodes."
  })
})
export const InputResult = Schema.Struct({
  bytes: Schema.Int.annotateKey({ description: "Bytes taken for the program." })
})

/** Signals a person at a terminal or a supervisor sends; those that only a fault raises are left out. */
export const SignalName = Schema.Literals([
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGKILL",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGTSTP",
  "SIGSTOP",
  "SIGCONT"
])

export const SignalParams = Schema.Struct({
  ...one,
  signal: SignalName.annotateKey({ description: "Name of the signal, as in signal(7)." })
})
export const SignalResult = Schema.Struct({
  group: Schema.Int.annotateKey({ description: "The process group it was sent to." })
})

export const OutputFormat = Schema.Literals(["raw", "text", "cast"])

export const OutputParams = Schema.Struct({
  ...one,
  from: Schema.optionalKey(Schema.Int).annotateKey({
    description: "First offset wanted. Negative: so many bytes before the end. Default 0."
  }),
  since: Schema.optionalKey(Timestamp).annotateKey({
    description:
      "Nothing that was printed before this moment, by the transcript's times; whichever of this and `from` is later counts."
  }),
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_OUTPUT_BYTES }))).annotateKey({
    description: "Bytes of output at the most. Default: as many as it may be."
  }),
  format: Schema.optionalKey(OutputFormat).annotateKey({
    description:
      "`raw` (the default): the bytes, as base64. `text`: decoded as UTF-8, escape sequences removed. `cast`: asciicast v3 lines; the header comes with offset 0."
  }),
  waitMs: Schema.optionalKey(Milliseconds).annotateKey({
    description: "Wait so many milliseconds for the first new byte when there is none yet."
  })
})
export const OutputResult = Schema.Struct({
  from: Offset,
  next: Offset.annotateKey({ description: "Where the next request should start." }),
  end: Offset.annotateKey({ description: "The session's offset when this was answered." }),
  missing: Schema.Int.annotateKey({
    description: "Bytes between `from` and the first byte returned that were never recorded or are gone."
  }),
  data: Schema.String.annotateKey({ description: "The output, in the format asked for." }),
  done: Schema.Boolean.annotateKey({ description: "The session has ended and `next` is its last offset." })
})

export const ScreenFormat = Schema.Literals(["text", "ansi", "json", "styled"])
export const ScreenParams = Schema.Struct({
  ...one,
  format: Schema.optionalKey(ScreenFormat).annotateKey({
    description:
      "`text`: lines. `ansi`: escape sequences that draw it. `json`: lines, with everything else that is known. `styled`: lines as runs of characters that look alike."
  }),
  scrollback: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))).annotateKey({
    description: "Lines above the screen to include."
  })
})
export const Screen = Schema.Struct({
  offset: Offset,
  cols: Schema.Int,
  rows: Schema.Int,
  cursor: Schema.Struct({ x: Schema.Int, y: Schema.Int, visible: Schema.Boolean }),
  title: Schema.String,
  alternate: Schema.Boolean.annotateKey({ description: "The alternate screen is shown (a full-screen program)." }),
  lines: Schema.optionalKey(Schema.Array(Schema.String)).annotateKey({
    description: "`text` and `json`: one string a line, trailing blanks removed."
  }),
  ansi: Schema.optionalKey(Schema.String).annotateKey({
    description: "`ansi`: escape sequences that draw it on an empty terminal."
  }),
  styled: Schema.optionalKey(Schema.Array(StyledLine)).annotateKey({
    description: "`styled`: lines with looks; without them where they would be too many for an answer."
  })
}).annotate({ identifier: "Screen" })
export type Screen = typeof Screen.Type

export const WaitParams = Schema.Struct({
  ...one,
  for: Schema.Literals(["exit", "idle", "output", "state"]).annotateKey({
    description:
      "What to wait for: its end; that it prints nothing for a while; that it prints something; that its program comes into a state, or is in it already."
  }),
  states: Schema.optionalKey(States).annotateKey({
    description:
      "`state`: any of these. Who waits for `idle` is content with `done`. An end that is not waited for (`exited`) is the error `SessionEnded`."
  }),
  idleMs: Schema.optionalKey(Milliseconds).annotateKey({
    description: "`idle`: milliseconds without output that count as idle. Default 2000."
  }),
  pattern: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(512))).annotateKey({
    description:
      "`output`: a JavaScript regular expression of at most 512 characters, matched against text without escape sequences."
  }),
  from: Schema.optionalKey(Schema.Union([Schema.Literal("now"), Schema.Int])).annotateKey({
    description:
      "`output`: look from this offset on; `now`: only at what is printed from now on. Default: the session's whole retained output."
  }),
  timeoutMs: Schema.optionalKey(Milliseconds).annotateKey({
    description: "Give up after so many milliseconds. Default: never."
  })
})
export const WaitResult = Schema.Struct({
  session: Session,
  match: Schema.NullOr(Schema.String).annotateKey({ description: "`output`: the text that matched." })
})

/** 96 random bits: enough never to meet another's, and two numbers that a float holds exactly. */
const AttachToken = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{24}$/u, { expected: "24 hexadecimal digits" })
).annotate({ title: "attach token" })

export const OfferKind = Schema.Literals(["url", "clipboard"])
export type OfferKind = typeof OfferKind.Type

export const AttachParams = Schema.Struct({
  ...one,
  mode: Schema.optionalKey(Schema.Literals(["write", "view", "take"])).annotateKey({
    description:
      "`write` (the default): may type. `view`: only looks. `take`: may type, and everybody else becomes a viewer and is told so; a client that comes back afterwards stays one."
  }),
  cols: Schema.optionalKey(Size).annotateKey({
    description: "This client's terminal; without it the client has no say in the session's size."
  }),
  rows: Schema.optionalKey(Size),
  from: Schema.optionalKey(Schema.Union([Schema.Literals(["screen", "start", "end"]), Offset])).annotateKey({
    description:
      "Where to begin. `screen` (the default): a snapshot, then live bytes (for terminals). `start`: the first recorded byte. `end`: only what comes. A number: that offset (exact bytes if they are still kept, else a gap and a snapshot)."
  }),
  lossy: Schema.optionalKey(Schema.Literals(["screen", "bytes"])).annotateKey({
    description:
      "`screen` (the default): a client that falls behind is sent a gap and a snapshot. `bytes`: it is sent every byte, from disk if need be."
  }),
  scrollback: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))).annotateKey({
    description:
      "`screen`: lines above the screen to begin with, as many as are kept. A resumed session's first ones are those of what it continues. Default 0."
  }),
  ended: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "Answer even if the session has ended: send what was asked for, then `Exit`."
  }),
  token: Schema.optionalKey(AttachToken).annotateKey({
    description:
      "Chosen at random by a client that comes back by itself, and given again each time: its numbered input is then taken once, whatever happened to connection and daemon. Such a client is not detached when the daemon stops; its connection is closed."
  }),
  size: Schema.optionalKey(SizePolicy).annotateKey({
    description:
      "Whose terminal sets the session's size from now on: the `latest` one that came, typed or changed its size; the `smallest` of all; the `owner`, who took the session or has been there longest. Default: as it is, at first `attach.size` of the configuration."
  }),
  env: Schema.optionalKey(Schema.Record(Schema.String, NoNul)).annotateKey({
    description: `Of a client that types: where it comes from now. Of ${REFRESHED.join(", ")}, those the session was started with follow it, if their values are sound; anything else is ignored. Never stored.`
  }),
  accepts: Schema.optionalKey(Schema.Array(OfferKind)).annotateKey({
    description: "What this client takes of what programs in the session offer (`session.offer`). Default: nothing."
  }),
  repaint: Schema.optionalKey(Schema.Boolean).annotateKey({
    description:
      "With an offset: begin with a snapshot of the screen as it was there, for a terminal that has been written to meanwhile."
  })
})
export type AttachParams = typeof AttachParams.Type
export const AttachResult = Schema.Struct({
  client: Schema.String.annotateKey({ description: "Names this attachment." }),
  session: Session,
  offset: Offset.annotateKey({ description: "Offset of the first byte that will be sent, or skipped." }),
  escape: Schema.String.annotateKey({ description: "The configured detach key, as in `ctrl-]`." }),
  sshAgent: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "True: the session's `SSH_AUTH_SOCK` leads to the one that this client gave in `env`."
  }),
  taken: Schema.optionalKey(Schema.Int).annotateKey({
    description: "Number of the last input frame that was taken from the client with this token; 0 for a new one."
  }),
  unsure: Schema.optionalKey(Schema.Int).annotateKey({
    description:
      "Bytes a daemon was writing to the terminal in the very moment it was killed: they count as taken and may be missing."
  })
})

export const DetachParams = Schema.Struct({
  ...one,
  client: Schema.optionalKey(Schema.String).annotateKey({ description: "Only this client." })
})
export const DetachResult = Schema.Struct({
  detached: Schema.Int.annotateKey({ description: "Clients that were detached." })
})

export const ResumeParams = Schema.Struct({
  ...one,
  name: Schema.optionalKey(SessionName).annotateKey({ description: "Default: the name it had, if that is free." }),
  env: Schema.optionalKey(Schema.Record(Schema.String, NoNul)).annotateKey({
    description:
      "The program's whole environment, which is never stored and so must be given again. Default: the daemon's own."
  }),
  cols: Schema.optionalKey(Size),
  rows: Schema.optionalKey(Size),
  fresh: Schema.optionalKey(Schema.Boolean).annotateKey({
    description:
      "Run the same command line again. Default: where the program has a way to continue its conversation, that is used."
  }),
  once: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "Refuse if it was resumed before, even if the session that came of it has ended by now."
  })
})
export type ResumeParams = typeof ResumeParams.Type

export const ContinuationParams = Schema.Struct({
  ...one,
  fresh: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "As for `session.resume`." })
})
export const Continuation = Schema.Struct({
  session: SessionId,
  name: Schema.String,
  program: Schema.NullOr(Schema.String).annotateKey({
    description: "The program whose own way to continue is used; null: the command line is run again as it was."
  }),
  exact: Schema.Boolean.annotateKey({
    description:
      "It is certain which conversation goes on; false: the most recent one of the directory, which must not be that of a session that runs there."
  }),
  argv: Schema.Array(Schema.String).annotateKey({ description: "What would be run." }),
  cwd: Schema.String,
  cols: Schema.Int,
  rows: Schema.Int,
  tags: Schema.Array(Schema.String)
}).annotate({ identifier: "Continuation" })

/** Takes in what `run --standalone` recorded: its events and transcript. */
export const ImportParams = Schema.Struct({
  path: NoNul.check(Schema.isPattern(/^\//, { expected: "an absolute path" })).annotateKey({
    description: "Absolute path of the directory the run recorded into."
  })
})
export const ImportResult = Schema.Struct({ sessions: Schema.Array(SessionId), events: Schema.Int })
