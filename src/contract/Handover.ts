/**
 * What one version of the daemon leaves to the next when it becomes it in place (execve(2)): the process, its children and the
 * descriptors stay, everything else is told here. Fields are only ever added, each with a default for what an older version says.
 */
import { Schema } from "effect"
import { Interest } from "./Subscription.ts"
import { SessionClient, SessionExit, SizePolicy } from "./session/Session.ts"
import { SessionState, StateName } from "./session/SessionState.ts"
import { OfferKind } from "./session/SessionTerminal.ts"

/** Formats that this build reads. It writes the last one. */
export const HANDOVER_FORMATS = { first: 1, last: 1 } as const

const Fd = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Bytes = Schema.Uint8Array

/** Input that no program has taken yet, and whose: `written` of the `length` bytes of its frame have been taken. */
export const HandedInput = Schema.Struct({
  bytes: Bytes,
  typist: Schema.NullOr(Schema.String),
  sequence: Schema.Int,
  written: Schema.Int,
  length: Schema.Int
})
export type HandedInput = typeof HandedInput.Type

export const HandedPipe = Schema.Struct({
  fd: Fd,
  path: Schema.String,
  ended: Schema.Boolean,
  input: Schema.Array(HandedInput)
})
export type HandedPipe = typeof HandedPipe.Type

/**
 * What a daemon knew of the state of a session's program, for the one that comes after it: in place, or after a kill. All times but `since`
 * are milliseconds on the clock that only goes forward, which runs on from process to process until the machine is started anew.
 */
export const KeptState = Schema.Struct({
  /** What was said, and by whom. */
  evidence: Schema.Array(
    Schema.Struct({
      kind: Schema.String,
      state: StateName,
      confidence: Schema.Number,
      question: Schema.NullOr(Schema.String),
      at: Schema.Number
    })
  ),
  /** Signs of life. */
  signs: Schema.Struct({
    startedAt: Schema.NullOr(Schema.Number),
    printedAt: Schema.NullOr(Schema.Number),
    steadySince: Schema.NullOr(Schema.Number),
    typedAt: Schema.NullOr(Schema.Number),
    answeredAt: Schema.NullOr(Schema.Number),
    spoken: Schema.Boolean
  }),
  /** What was answered, since when, and the last of it that is an event. */
  current: SessionState,
  currentSince: Schema.Number,
  recorded: Schema.NullOr(StateName),
  /** Output up to this offset has been searched for what it says of the state. */
  searched: Schema.Int
})
export type KeptState = typeof KeptState.Type

export const HandedSession = Schema.Struct({
  id: Schema.String,
  master: Fd,
  /** Keeps the terminal open until the program has ended. */
  slave: Schema.NullOr(Fd),
  pid: Schema.Int,
  startTime: Schema.NullOr(Schema.String),
  /** How the program ended, if that has been collected (wait(2)). */
  ended: Schema.NullOr(Schema.Struct({ code: Schema.NullOr(Schema.Int), signal: Schema.NullOr(Schema.String) })),
  /** It is being stopped: by what, and until when it is waited for. */
  ending: Schema.NullOr(Schema.Struct({ by: SessionExit.fields.by, interrupted: Schema.Boolean, until: Schema.Int })),
  cols: Schema.Int,
  rows: Schema.Int,
  sizedAt: Schema.Int,
  /** Whose terminal sets the size. */
  policy: SizePolicy,
  activeAt: Schema.Int,
  /** When something was last typed, and whether a line is begun. Absent: the version before did not know. */
  typing: Schema.optionalKey(Schema.Struct({ at: Schema.Int, begun: Schema.Boolean })),
  /** A `KeptState`; who cannot read it (a later one) goes on without it. Absent: the version before did not say. */
  state: Schema.optionalKey(Schema.Json),
  unrecorded: Schema.Int,
  /** Output from this offset on that may not be on disk. */
  offset: Schema.Int,
  recent: Bytes,
  input: Schema.Array(HandedInput),
  stdin: Schema.NullOr(HandedPipe),
  /** What each client has typed: those that come back, by token, in rows of numbers; the others, by their name, each with its own. */
  typists: Schema.Struct({
    numbers: Bytes,
    known: Schema.Array(
      Schema.Struct({ key: Schema.String, received: Schema.Int, row: Schema.NullOr(Schema.Array(Schema.Number)) })
    )
  })
})
export type HandedSession = typeof HandedSession.Type

export const HandedAttachment = Schema.Struct({
  session: Schema.String,
  client: SessionClient,
  /** By which a client that comes back is known. */
  token: Schema.NullOr(Schema.String),
  lossy: Schema.Literals(["screen", "bytes"]),
  cursor: Schema.Int,
  /** Number of the last input frame that it was told has been taken. */
  acknowledged: Schema.Int,
  redraw: Schema.Boolean,
  /** The client has been told how the session ended. */
  over: Schema.Boolean,
  /** It has a terminal, whose size counts, and which is the one that answers what the program asks. */
  terminal: Schema.optionalKey(Schema.Boolean),
  answers: Schema.optionalKey(Schema.Boolean),
  /** Variables of its terminal that the session follows while it is the newest. */
  variables: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /** What it takes of what programs offer. */
  accepts: Schema.optionalKey(Schema.Array(OfferKind))
})
export type HandedAttachment = typeof HandedAttachment.Type

export const HandedConnection = Schema.Struct({
  fd: Fd,
  /** Read from the client and not yet handled. */
  incoming: Bytes,
  /** A line that is too long is being thrown away. */
  discarding: Schema.Boolean,
  /** What the client is still to be sent. */
  outgoing: Bytes,
  /** After that the connection ends. */
  closing: Schema.Boolean,
  /** Requests that wait for something, and the answers a batch has so far (null: to be asked again). */
  requests: Schema.Array(
    Schema.Struct({
      batch: Schema.Boolean,
      items: Schema.Array(Schema.Json),
      answers: Schema.Array(Schema.NullOr(Schema.Struct({ text: Schema.NullOr(Schema.String) })))
    })
  ),
  subscriptions: Schema.Array(
    Schema.Struct({
      subscription: Schema.String,
      after: Schema.Int,
      interest: Schema.optionalKey(Schema.NullOr(Interest))
    })
  ),
  /** It carries frames. Without an attachment: the client is still to say `Detach`. */
  frames: Schema.NullOr(Schema.Struct({ attachment: Schema.NullOr(HandedAttachment), told: Schema.Boolean }))
})
export type HandedConnection = typeof HandedConnection.Type

export const Handover = Schema.Struct({
  format: Schema.Int,
  /** The version that wrote it. */
  version: Schema.String,
  lock: Fd,
  listener: Schema.Struct({ fd: Fd, unlink: Schema.Boolean }),
  sessions: Schema.Array(HandedSession),
  connections: Schema.Array(HandedConnection),
  /** How many clients have been attached, and how many subscriptions were made: their names go on from there. */
  clients: Schema.Int,
  subscriptions: Schema.Int,
  /** The session that was started or attached last. */
  last: Schema.NullOr(Schema.String)
})
export type Handover = typeof Handover.Type

/** What a new version answers when it is asked whether it can take over (`agentd --check-handover`). */
export const HandoverAnswer = Schema.Struct({
  version: Schema.String,
  handover: Schema.Struct({ first: Schema.Int, last: Schema.Int }),
  /**
   * What to execute. Not the shell script that finds it: a shell collects the ends of all children it has, and so those of sessions
   * that end at that moment.
   */
  command: Schema.Array(Schema.String).check(Schema.isMinLength(1))
})
export type HandoverAnswer = typeof HandoverAnswer.Type
