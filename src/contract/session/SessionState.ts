/**
 * What a session's program is doing, as far as anybody can tell: a state, who says so, how sure that is, and what it asks.
 */
import { Schema } from "effect"

/** What can be said of a program that runs. */
const CLAIMED = ["working", "waiting-input", "needs-permission", "idle", "done", "unknown"] as const

export const StateName = Schema.Literals(["starting", ...CLAIMED, "exited"])
export type StateName = typeof StateName.Type

export const StateSource = Schema.Literals(["native", "hook", "terminal", "screen", "silence", "process"])
export type StateSource = typeof StateSource.Type

export const SessionState = Schema.Struct({
  name: StateName.annotateKey({
    description:
      "`starting`: it has shown nothing yet. `working`: it is busy. `waiting-input`: it asks something. `needs-permission`: it asks whether it may do something. `done`: it has finished what it was told, and nobody has typed since. `idle`: it can be told something. `exited`: it has ended. `unknown`: nothing that can be trusted says any of these."
  }),
  source: StateSource.annotateKey({
    description:
      "Who says so: the program by a protocol of its own (`native`) or by its hooks (`hook`), by sequences to its terminal (`terminal`), what its `screen` shows, whether it prints (`silence`), or the operating system (`process`)."
  }),
  confidence: Schema.Number.annotateKey({ description: "0 to 1: how far that is to be trusted." }),
  since: Schema.Int.annotateKey({ description: "Milliseconds since 1970-01-01 UTC: when it came into this state." }),
  question: Schema.NullOr(Schema.String).annotateKey({
    description:
      "What it asks, in one line without control characters; null when it asks nothing, or nobody knows what."
  })
}).annotate({ identifier: "SessionState", description: "What its program is doing, as far as anybody can tell." })
export type SessionState = typeof SessionState.Type

/** Characters of a question that a report may have; it is cut to a line of 200. */
const MAX_REPORTED = 4096
/** Characters that name a program. */
const MAX_PROGRAM = 64

/** There is no parameter for the session: it is the one the caller runs in, as the kernel says. */
export const ReportParams = Schema.Struct({
  state: Schema.Literals(CLAIMED).annotateKey({
    description: "What the program is doing. `unknown` takes back what was reported before."
  }),
  question: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(MAX_REPORTED))).annotateKey({
    description: "What it asks, when it waits for an answer."
  }),
  reminder: Schema.optionalKey(Schema.Boolean).annotateKey({
    description:
      "It only reminds of a question: one that was reported with its words, and still stands, is not replaced."
  }),
  program: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(MAX_PROGRAM))).annotateKey({
    description: "Which program's hook this is, as in `claude`."
  })
})
export type ReportParams = typeof ReportParams.Type
export const ReportResult = Schema.Struct({ state: SessionState })
