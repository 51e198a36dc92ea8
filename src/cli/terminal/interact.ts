/**
 * An attachment on the user's terminal: keys in, output out, sizes, signals, the escape key, until one of them ends it.
 */
import { AgentdError } from "../../client/AgentdError.ts"
import type { LastingMessage, ProgramExit } from "../../client/attachment/AttachmentMessage.ts"
import type { LastingAttachment } from "../../client/attachment/LastingAttachment.ts"
import { Answering } from "./Answering.ts"
import { EscapeKeyReader, escapeKeyName, parseEscapeKey } from "./EscapeKey.ts"
import { Outages } from "./Outages.ts"
import { RawTerminal } from "./RawTerminal.ts"
import { beforeSnapshot } from "./restore.ts"

export type Outcome =
  | { readonly type: "exit"; readonly exit: ProgramExit }
  | { readonly type: "detached"; readonly reason: string }
  | { readonly type: "signal"; readonly signal: NodeJS.Signals }
  | { readonly type: "lost"; readonly error: Error }

/** Typed bytes the daemon has not acknowledged before reading from the terminal pauses. */
const INPUT_WINDOW_BYTES = 256 * 1024

const ENDING_SIGNALS = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const

/** Answers what is to be written to the terminal. */
export type TakeOffer = (offer: unknown) => Promise<string>

export const interact = async (attachment: LastingAttachment, takeOffer?: TakeOffer): Promise<Outcome> => {
  const terminal = new RawTerminal()
  const ended = Promise.withResolvers<Outcome>()
  const undo: Array<() => void> = []
  const on = (emitter: NodeJS.EventEmitter, event: string, listener: (...args: Array<never>) => void) => {
    emitter.on(event, listener as (...args: Array<unknown>) => void)
    undo.push(() => emitter.off(event, listener as (...args: Array<unknown>) => void))
  }

  terminal.enter()
  for (const signal of ENDING_SIGNALS) on(process, signal, () => ended.resolve({ type: "signal", signal }))
  on(process, "SIGTSTP", () => terminal.suspend())
  on(process, "SIGCONT", () => {
    terminal.resume()
    const { cols, rows } = terminal.size
    attachment.resize(cols, rows)
    attachment.redraw()
  })
  on(process.stdout, "resize", () => attachment.resize(terminal.size.cols, terminal.size.rows))
  on(process.stdout, "error", () => ended.resolve({ type: "signal", signal: "SIGHUP" }))
  on(process.stdin, "error", () => ended.resolve({ type: "signal", signal: "SIGHUP" }))
  on(process.stdin, "end", () => ended.resolve({ type: "signal", signal: "SIGHUP" }))

  const key = parseEscapeKey(attachment.info.escape)
  const keys = new EscapeKeyReader(key)
  const outages = new Outages(attachment, terminal, key === undefined ? undefined : escapeKeyName(key))
  let unacknowledged = 0
  const type = (bytes: Uint8Array) => {
    // The key is typed once it is back.
    attachment.retry()
    unacknowledged += bytes.length
    if (unacknowledged > INPUT_WINDOW_BYTES) process.stdin.pause()
    attachment
      .input(bytes)
      .catch(() => {})
      .finally(() => {
        unacknowledged -= bytes.length
        if (unacknowledged <= INPUT_WINDOW_BYTES) process.stdin.resume()
      })
  }
  on(process.stdin, "data", (chunk: Buffer) => {
    for (const action of keys.feed(chunk)) {
      if (action.type === "send") type(action.bytes)
      else if (action.type === "detach") ended.resolve({ type: "detached", reason: "" })
      else if (action.type === "redraw") attachment.redraw()
      else if (action.type === "take") attachment.take()
      else if (action.type === "suspend") terminal.suspend()
      else terminal.say(help(escapeKeyName(key!)))
    }
  })

  show(attachment, terminal, outages, takeOffer).then(ended.resolve, (error: Error) =>
    ended.resolve({ type: "lost", error })
  )
  process.stdin.resume()
  const outcome = await ended.promise
  outages.end()
  await terminal.flush()
  for (const step of undo.splice(0)) step()
  process.stdin.pause()
  terminal.restore(outcome.type === "exit")
  if (outcome.type !== "lost" && outcome.type !== "exit") await attachment.detach()
  return outcome
}

/** Writes what the session prints, no faster than the terminal takes it. */
const show = async (
  attachment: LastingAttachment,
  terminal: RawTerminal,
  outages: Outages,
  takeOffer?: TakeOffer
): Promise<Outcome> => {
  const answering = new Answering()
  let snapshots = 0
  for await (const batch of attachment.batches()) {
    for (const part of joined(batch)) {
      switch (part.type) {
        case "output":
          for (const { answers, bytes } of answering.split(part.offset, part.bytes))
            await terminal.write(bytes, answers)
          break
        case "snapshot":
          terminal.say(beforeSnapshot(terminal.tracker.state, snapshots++ === 0, terminal.size.rows))
          await terminal.write(part.bytes, false)
          break
        case "role":
          answering.change(part.answers, part.from)
          break
        case "offline":
          outages.offline(part.retryInMs)
          break
        case "online":
          outages.online()
          if (part.unsure > 0) terminal.say(`\r\n${unsure(part.unsure)}\r\n`)
          break
        case "offer":
          void takeOffer?.(part.offer).then((text) => terminal.say(text))
          break
        case "notice":
          terminal.say(`\r\n${part.text}\r\n`)
          break
        case "exit":
          return { type: "exit", exit: part.exit }
        case "detached":
          return { type: "detached", reason: part.reason }
      }
    }
  }
  return { type: "lost", error: new AgentdError("ConnectionLost", "The daemon ended the attachment without a word.") }
}

type Output = Extract<LastingMessage, { readonly type: "output" }>

/** Neighbouring output as one buffer: one write to the terminal instead of dozens. */
export const joined = function* (batch: ReadonlyArray<LastingMessage>): Generator<LastingMessage> {
  let run: Array<Output> = []
  const together = (): Output =>
    run.length === 1 ? run[0]! : { ...run[0]!, bytes: Buffer.concat(run.map(({ bytes }) => bytes)) }
  for (const message of batch) {
    if (message.type === "output") {
      run.push(message)
      continue
    }
    if (run.length > 0) yield together()
    run = []
    yield message
  }
  if (run.length > 0) yield together()
}

/** The one case in which a key may be lost is said. */
export const unsure = (bytes: number): string =>
  `agentctl: the daemon was killed while it typed ${bytes === 1 ? "a byte" : `${bytes} bytes`} of yours; look whether the program has them.`

const help = (key: string): string =>
  [
    "",
    `After ${key}:`,
    "  d        detach; the session goes on",
    "  r        redraw the screen",
    "  w        take the session: you type, everybody else only watches",
    "  z        suspend this client",
    `  ${key}   type ${key} itself`,
    "  ?        this help",
    ""
  ].join("\r\n")
