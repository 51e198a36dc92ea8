/**
 * One end of a copy: frames out at the speed the other end takes them, frames in one at a time.
 */
import { once } from "node:events"
import type { Readable, Writable } from "node:stream"
import { CopyFrame, type Failure } from "../../contract/CopyFrames.ts"
import { encodeFrame, type Frame, FrameDecoder } from "../../wire/FrameCodec.ts"
import { AgentdError, type AgentdErrorTag } from "../AgentdError.ts"

const KNOWN: ReadonlySet<number> = new Set(Object.values(CopyFrame))

/** Characters of a refusal from the other end. */
const MAX_REFUSAL = 1_000

/** The other end is gone without a word: worth another try where it is a connection that can heal. */
export class LinkBroken extends Error {}

export class Channel {
  readonly #output: Writable
  readonly #frames: AsyncGenerator<Frame, void>

  constructor(input: Readable, output: Writable) {
    this.#output = output
    // What goes wrong with it is told by whoever writes next.
    output.on("error", () => {})
    this.#frames = frames(input)
  }

  /** The next frame; its payload is valid until the one after it is asked for. @throws what the other end refused */
  async next(): Promise<Frame> {
    const { done, value } = await this.#frames.next()
    if (done === true) throw new LinkBroken("the other end is gone")
    if (value.type === CopyFrame.Failed) throw refusal(value.payload)
    return value
  }

  /** The next frame, which must be of this type. */
  async expect(type: CopyFrame): Promise<Buffer> {
    const frame = await this.next()
    if (frame.type !== type) throw strange(frame.type)
    return frame.payload
  }

  async send(type: CopyFrame, payload: Uint8Array = new Uint8Array()): Promise<void> {
    const taken = !this.#output.destroyed && this.#output.write(encodeFrame(type, payload))
    if (taken) return
    if (!this.#output.destroyed) {
      const over = new AbortController()
      const { signal } = over
      await Promise.race([once(this.#output, "drain", { signal }), once(this.#output, "close", { signal })]).catch(
        () => {}
      )
      over.abort()
    }
    // It may have said why.
    if (this.#output.destroyed) for (;;) await this.next()
  }

  sendJson(type: CopyFrame, value: unknown): Promise<void> {
    return this.send(type, Buffer.from(JSON.stringify(value)))
  }

  /** A list in as many frames as it takes. */
  async sendList(type: CopyFrame, end: CopyFrame, values: ReadonlyArray<unknown>, each: number): Promise<void> {
    for (let at = 0; at < values.length; at += each) await this.sendJson(type, values.slice(at, at + each))
    await this.send(end)
  }

  /** @throws AgentdError when there are more than `limit` */
  async readList(type: CopyFrame, end: CopyFrame, limit: number): Promise<ReadonlyArray<unknown>> {
    const all: Array<unknown> = []
    for (;;) {
      const frame = await this.next()
      if (frame.type === end) return all
      if (frame.type !== type) throw strange(frame.type)
      const some = readJson(frame.payload)
      if (!Array.isArray(some) || all.length + some.length > limit) throw strange(frame.type)
      all.push(...some)
    }
  }

  /** Tells the other end why it is over. */
  async fail(error: unknown): Promise<void> {
    if (error instanceof LinkBroken || this.#output.destroyed) return
    const tag = error instanceof AgentdError ? error.tag : "InternalError"
    const message = error instanceof Error ? error.message : String(error)
    const payload = Buffer.from(JSON.stringify({ tag, message } satisfies Failure))
    await new Promise<void>((resolve) => this.#output.write(encodeFrame(CopyFrame.Failed, payload), () => resolve()))
  }
}

async function* frames(input: Readable): AsyncGenerator<Frame, void> {
  const decoder = new FrameDecoder(KNOWN)
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      const ready: Array<Frame> = []
      decoder.push(chunk, (frame) => ready.push(frame) > 0)
      yield* ready
    }
  } catch (cause) {
    if ((cause as { readonly name?: string }).name === "FrameError") {
      throw new AgentdError(
        "ProtocolError",
        `The other end does not speak as agentctl does: ${(cause as Error).message}.`
      )
    }
  }
}

export const readJson = (payload: Buffer): unknown => {
  try {
    return JSON.parse(payload.toString("utf8"))
  } catch {
    return null
  }
}

export const strange = (type: number): AgentdError =>
  new AgentdError("ProtocolError", `The other end answered with what was not asked for (frame ${type}).`)

const refusal = (payload: Buffer): AgentdError => {
  const { message, tag } = (readJson(payload) ?? {}) as { readonly message?: unknown; readonly tag?: unknown }
  return new AgentdError(
    (typeof tag === "string" ? tag : "InternalError") as AgentdErrorTag,
    typeof message === "string" ? message.slice(0, MAX_REFUSAL) : "The other end gave no reason."
  )
}
