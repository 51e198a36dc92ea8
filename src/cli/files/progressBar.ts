/** How far a copy is, on one line of the terminal that is drawn over and in the end erased. */
import type { Progress } from "../../client/files/sendFiles.ts"
import { bytes, printable } from "../Paint.ts"

/** Milliseconds between two drawings, and before the first: a copy that is over at once draws nothing. */
const EVERY_MS = 100
const FIRST_MS = 300
const BAR = 24

export class ProgressBar {
  readonly #stream: NodeJS.WriteStream
  readonly #name: string
  readonly #began = performance.now()
  #drawn = this.#began + FIRST_MS - EVERY_MS
  #first: number | undefined
  #shown = false

  constructor(stream: NodeJS.WriteStream, name: string) {
    this.#stream = stream
    this.#name = name
  }

  update(progress: Progress): void {
    const now = performance.now()
    // What an attempt before has left did not come now.
    this.#first ??= progress.bytes
    if (!this.#stream.isTTY || now - this.#drawn < EVERY_MS) return
    this.#drawn = now
    this.#shown = true
    const rate = (progress.bytes - this.#first) / ((now - this.#began) / 1_000)
    this.#stream.write(`\r\x1b[K${progressLine(this.#name, progress, rate, this.#stream.columns)}`)
  }

  erase(): void {
    if (this.#shown) this.#stream.write("\r\x1b[K")
    this.#shown = false
  }
}

export const progressLine = (name: string, progress: Progress, rate: number, columns: number): string => {
  const part = progress.of === 0 ? 1 : progress.bytes / progress.of
  const filled = Math.floor(part * BAR)
  const figures = [
    `[${"#".repeat(filled)}${" ".repeat(BAR - filled)}]`,
    `${Math.floor(part * 100)}%`.padStart(4),
    `${bytes(progress.bytes)} of ${bytes(progress.of)}`,
    `${bytes(Math.max(0, Math.round(rate)))}/s`
  ].join("  ")
  // The last column stays free: some terminals go to the next line when it is written.
  return [...`${figures}  ${printable(name)}`].slice(0, Math.max(0, columns - 1)).join("")
}
