/**
 * What a client has typed and the daemon has not acknowledged: numbered frames, kept until they are, so that they can be sent again on
 * the next connection. The daemon knows by the number what it has had before.
 */
import { FrameError, FrameType, u64 } from "../../contract/Frames.ts"

/** Bytes of one input frame: small enough that a keystroke never waits behind a large paste for long. */
const INPUT_FRAME_BYTES = 32 * 1024

export type SendFrame = (type: FrameType, ...parts: ReadonlyArray<Uint8Array>) => void

interface Typed {
  readonly sequence: number
  readonly type: FrameType
  readonly bytes: Uint8Array
  readonly done: PromiseWithResolvers<void>
}

export class Keyboard {
  #sequence = 0
  #unacknowledged: Array<Typed> = []

  /** Resolves once the daemon has taken all of it; calls keep their order. */
  type(bytes: Uint8Array, send: SendFrame): Promise<void> {
    let last: Promise<void> = Promise.resolve()
    for (let at = 0; at < bytes.length; at += INPUT_FRAME_BYTES) {
      last = this.#add(FrameType.Input, bytes.subarray(at, at + INPUT_FRAME_BYTES), send)
    }
    return last
  }

  end(send: SendFrame): void {
    void this.#add(FrameType.Eof, new Uint8Array(0), send)
  }

  /** @throws FrameError for a number that was never sent */
  acknowledge(sequence: number): void {
    if (sequence > this.#sequence) throw new FrameError(`input ${sequence} was never sent`)
    while (this.#unacknowledged.length > 0 && this.#unacknowledged[0]!.sequence <= sequence) {
      this.#unacknowledged.shift()!.done.resolve()
    }
  }

  sendAgain(send: SendFrame): void {
    for (const { bytes, sequence, type } of this.#unacknowledged) send(type, u64(sequence), bytes)
  }

  fail(error: Error): void {
    for (const { done } of this.#unacknowledged.splice(0)) done.reject(error)
  }

  #add(type: FrameType, bytes: Uint8Array, send: SendFrame): Promise<void> {
    const sequence = ++this.#sequence
    const done = Promise.withResolvers<void>()
    done.promise.catch(() => {})
    this.#unacknowledged.push({ sequence, type, bytes, done })
    send(type, u64(sequence), bytes)
    return done.promise
  }
}
