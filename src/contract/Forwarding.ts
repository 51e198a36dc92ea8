/**
 * What went between machines over a connection of `agentctl connect`: files, ports. The connection is the client's affair, and so
 * the client says what it does with it; the daemon writes it down, with what the kernel says of who did it.
 */
import { Schema } from "effect"
import { SessionId } from "./session/Session.ts"

/** Characters of a path and of a machine's name: more than either has. */
const Path = Schema.String.check(Schema.isMaxLength(8_192))
const Machine = Schema.String.check(Schema.isMaxLength(256))

const files = {
  path: Path.annotateKey({ description: "On this machine." }),
  files: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  bytes: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
}
const sent = { ...files, to: Machine.annotateKey({ description: "The other machine, as this one knows it." }) }
const received = { ...files, from: Machine.annotateKey({ description: "The other machine, as this one knows it." }) }

const by = Schema.NullOr(SessionId).annotateKey({
  description: "The session it was done from; null: outside of any."
})

const port = {
  host: Machine.annotateKey({ description: "The connection, as `agentctl hosts` calls it." }),
  direction: Schema.Literals(["local", "remote"]).annotateKey({
    description: "`local`: listens on this machine and leads to the other; `remote`: the other way round."
  }),
  listen: Path.annotateKey({ description: "Where it listens: an address on the loopback, and a port." }),
  to: Path.annotateKey({ description: "Where it leads, as seen from the other side." })
}

export const forwardingEvents = [
  Schema.Struct({ type: Schema.Literal("files.sent"), ...sent, by }).annotate({
    description: "Files of this machine were about to be copied to another: recorded before their first byte."
  }),
  Schema.Struct({ type: Schema.Literal("files.received"), ...received, by }).annotate({
    description: "Files from another machine were about to be put in place: recorded when all their bytes had come."
  }),
  Schema.Struct({ type: Schema.Literal("forward.added"), ...port, by }).annotate({
    description: "A port was about to be forwarded over a connection: recorded before it listened."
  }),
  Schema.Struct({ type: Schema.Literal("forward.removed"), ...port, by }).annotate({
    description: "A port is no longer forwarded: it was removed, or could not be had."
  })
] as const

export const RecordParams = Schema.Struct({
  what: Schema.Union([
    Schema.Struct({ type: Schema.Literal("files.sent"), ...sent }),
    Schema.Struct({ type: Schema.Literal("files.received"), ...received }),
    Schema.Struct({ type: Schema.Literal("forward.added"), ...port }),
    Schema.Struct({ type: Schema.Literal("forward.removed"), ...port })
  ]).annotateKey({ description: "As the event of the same name, without `by`, which the kernel tells." })
})
export const RecordResult = Schema.Struct({
  seq: Schema.Int.annotateKey({ description: "The event's sequence number; it is on disk." })
})
