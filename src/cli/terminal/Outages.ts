/**
 * What the user sees of a lost connection: nothing for a second, because a daemon that is restarted is back by then; after that a line
 * on the terminal's last row, until it is back.
 */
import type { LastingAttachment } from "../../client/attachment/LastingAttachment.ts"
import type { RawTerminal } from "./RawTerminal.ts"
import { drawStatus, eraseStatus, outageText } from "./StatusLine.ts"

/** Milliseconds before the line appears, and between two looks at the clock. */
const SECOND = 1_000

export class Outages {
  readonly #attachment: LastingAttachment
  readonly #terminal: RawTerminal
  readonly #escape: string | undefined
  #timer: NodeJS.Timeout | undefined
  #since = 0
  #nextAt = 0
  #drawn = false

  constructor(attachment: LastingAttachment, terminal: RawTerminal, key: string | undefined) {
    this.#attachment = attachment
    this.#terminal = terminal
    this.#escape = key
  }

  offline(retryInMs: number): void {
    const now = performance.now()
    this.#nextAt = now + retryInMs
    if (this.#timer === undefined) {
      this.#since = now
      this.#timer = setInterval(() => this.#draw(), SECOND)
    } else if (this.#drawn) this.#draw()
  }

  online(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#drawn = false
  }

  /** The user leaves while it is away. */
  end(): void {
    if (this.#drawn) this.#terminal.say(eraseStatus(this.#terminal.tracker.state, this.#terminal.size.rows))
    this.online()
  }

  #draw(): void {
    const now = performance.now()
    const text = outageText({
      seconds: Math.round((now - this.#since) / SECOND),
      nextInSeconds: Math.max(0, Math.ceil((this.#nextAt - now) / SECOND)),
      key: this.#escape
    })
    this.#drawn = true
    // What was on that row is painted again when it is back.
    this.#attachment.redraw()
    this.#terminal.say(drawStatus(this.#terminal.tracker.state, this.#terminal.size, text))
  }
}
