/** Of text that comes in pieces, the lines that match. Half a line is held until the rest of it is there. */
export class MatchingLines {
  readonly #pattern: RegExp
  #held = ""

  constructor(pattern: RegExp) {
    this.#pattern = pattern
  }

  /** `last`: nothing follows, so that a line without an end is one too. */
  push(text: string, last: boolean): string {
    const lines = (this.#held + text).split("\n")
    this.#held = last ? "" : lines.pop()!
    const whole = last && lines.at(-1) === "" ? lines.slice(0, -1) : lines
    return whole.flatMap((line) => (this.#pattern.test(line) ? [`${line}\n`] : [])).join("")
  }
}
