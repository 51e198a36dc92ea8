/**
 * Lines on a terminal, of which only those that changed are written, and only once the ones before have arrived: on a slow link
 * pictures are left out, and never pile up.
 */
export interface Output {
  /** Calls back when the bytes have left this process. */
  readonly write: (bytes: Buffer, done: () => void) => void
}

const CSI = "\x1b["
/** The alternate screen, no cursor, and lines that are too long end at the edge. */
export const BEGIN = `${CSI}?1049h${CSI}?25l${CSI}?7l${CSI}2J`

export class Canvas {
  readonly #output: Output
  #shown: ReadonlyArray<string> | null = null
  #waiting: ReadonlyArray<string> | null = null
  #writing = false

  constructor(output: Output) {
    this.#output = output
  }

  /** What is on the terminal is not known any more: it was resized, or somebody else wrote to it. */
  forget(): void {
    this.#shown = null
  }

  draw(lines: ReadonlyArray<string>): void {
    if (this.#writing) {
      this.#waiting = lines
      return
    }
    const bytes = changes(this.#shown, lines)
    this.#shown = lines
    if (bytes === "") return
    this.#writing = true
    this.#output.write(Buffer.from(bytes), () => {
      this.#writing = false
      const next = this.#waiting
      this.#waiting = null
      if (next !== null) this.draw(next)
    })
  }
}

/** What turns one picture into the next; from null everything is written. A line is erased first: after one of full width its last cell would go. */
export const changes = (before: ReadonlyArray<string> | null, lines: ReadonlyArray<string>): string => {
  const clear = before === null ? `${CSI}2J` : ""
  const changed = lines.flatMap((line, at) => (before?.[at] === line ? [] : [`${CSI}${at + 1};1H${CSI}K${line}`]))
  const left = (before?.length ?? 0) > lines.length ? `${CSI}${lines.length + 1};1H${CSI}J` : ""
  return clear + changed.join("") + left
}
