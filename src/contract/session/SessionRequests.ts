/**
 * What may be asked of sessions: to start, list, wait for, change, stop and resume them.
 */
import { Schema } from "effect"
import { AgentName, line } from "../Identity.ts"
import { SessionSecrets } from "../Secret.ts"
import { SandboxName } from "./Sandbox.ts"
import {
  HookPolicy,
  Milliseconds,
  NoNul,
  one,
  RestartPolicy,
  Session,
  SessionAccess,
  SessionId,
  SessionName,
  SessionRef,
  SessionStatus,
  Size,
  StandardInput,
  Tag
} from "./Session.ts"
import { AskedLimits } from "./SessionLimits.ts"
import { StateName } from "./SessionState.ts"

/** Longest intent and task, in characters: a line on a screen. */
const MAX_PURPOSE = 512
const Purpose = line(MAX_PURPOSE)

/** Where an SSH agent's socket is, or will be. */
const AgentPath = NoNul.check(Schema.isPattern(/^\//))

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
  sshAgent: Schema.optionalKey(AgentPath).annotateKey({
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

export const ResumeParams = Schema.Struct({
  ...one,
  name: Schema.optionalKey(SessionName).annotateKey({ description: "Default: the name it had, if that is free." }),
  env: Schema.optionalKey(Schema.Record(Schema.String, NoNul)).annotateKey({
    description:
      "The program's whole environment, which is never stored and so must be given again. Default: the daemon's own."
  }),
  sshAgent: Schema.optionalKey(AgentPath).annotateKey({
    description:
      "As for `session.start`. Default: one that was started with it has it again; it leads nowhere until somebody attaches with an SSH agent, unless `env` has one."
  }),
  browser: Schema.optionalKey(Schema.Boolean).annotateKey({
    description:
      "As for `session.start`. Default: as it was started. Nothing is opened anywhere until somebody attaches who takes URLs."
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
