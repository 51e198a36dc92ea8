/**
 * What may be asked of a session's terminal: its input, output and screen, and to be attached to it.
 */
import { Schema } from "effect"
import { MAX_OUTPUT_BYTES } from "../Limits.ts"
import { REFRESHED } from "./Refreshed.ts"
import { Milliseconds, NoNul, Offset, one, Session, Size, SizePolicy, Timestamp } from "./Session.ts"
import { StyledLine } from "./Styled.ts"

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
