/**
 * An attachment without a terminal: standard input in, every byte of output out, as a filter in a pipeline.
 */
import type { ProgramExit } from "../../client/attachment/AttachmentMessage.ts"
import type { LastingAttachment } from "../../client/attachment/LastingAttachment.ts"
import { drained, stdout } from "../print.ts"
import { joined, unsure } from "./interact.ts"

export type FilterOutcome =
  | { readonly type: "exit"; readonly exit: ProgramExit }
  | { readonly type: "detached"; readonly reason: string }
  /** Nobody reads our output any more, as in `… | head`. */
  | { readonly type: "closed" }
  | { readonly type: "hangup" }

export interface FilterOptions {
  /** Stops the session; a signal that asks this process to end means the program. */
  readonly stop: () => void
  /** Interrupts the program: its input may be a pipe, where a Ctrl-C would be a byte like any other. */
  readonly interrupt: () => void
}

export const filter = async (attachment: LastingAttachment, options: FilterOptions): Promise<FilterOutcome> => {
  const ended = Promise.withResolvers<FilterOutcome>()
  const onOutputError = (cause: NodeJS.ErrnoException) => {
    if (cause.code === "EPIPE") ended.resolve({ type: "closed" })
    else ended.reject(cause)
  }
  const onHangup = () => ended.resolve({ type: "hangup" })
  stdout().on("error", onOutputError)
  process.on("SIGINT", options.interrupt)
  process.on("SIGTERM", options.stop)
  process.on("SIGHUP", onHangup)
  feed(attachment).catch(() => {})
  drain(attachment).then(ended.resolve, ended.reject)
  try {
    return await ended.promise
  } finally {
    process.off("SIGINT", options.interrupt)
    process.off("SIGTERM", options.stop)
    process.off("SIGHUP", onHangup)
    // An open standard input must not keep this process alive.
    process.stdin.destroy()
  }
}

/** Each chunk waits until the daemon has taken the one before: nothing piles up on either side. */
const feed = async (attachment: LastingAttachment): Promise<void> => {
  try {
    for await (const chunk of process.stdin) await attachment.input(chunk as Buffer)
  } catch (cause) {
    // No standard input at all (closed, or a directory) is an empty one.
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause
  }
  attachment.endInput()
}

const drain = async (attachment: LastingAttachment): Promise<FilterOutcome> => {
  for await (const batch of attachment.batches()) {
    for (const part of joined(batch)) {
      if (part.type === "output") {
        if (!stdout().write(part.bytes)) await drained()
      } else if (part.type === "offline") {
        if (part.retryInMs > 0) process.stderr.write(`agentctl: ${part.error.message} Trying again.\n`)
      } else if (part.type === "online") {
        if (part.unsure > 0) process.stderr.write(`${unsure(part.unsure)}\n`)
      } else if (part.type === "exit") return { type: "exit", exit: part.exit }
      else if (part.type === "detached") return { type: "detached", reason: part.reason }
    }
  }
  return { type: "detached", reason: "the daemon ended the attachment" }
}
