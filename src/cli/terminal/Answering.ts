/**
 * Which output this terminal answers when it asks something: of all terminals attached, one does, and who that is changes at an offset.
 */
export class Answering {
  /** Whoever is never told is alone, as far as the daemon knows. */
  #before = true
  #after = true
  #from = 0
  #told = false

  /** From this offset on. */
  change(answers: boolean, from: number): void {
    this.#before = this.#told && this.#after
    this.#told = true
    this.#after = answers
    this.#from = from
  }

  /** Output that begins at `offset`, cut where it changes. */
  split(offset: number, bytes: Uint8Array): ReadonlyArray<{ readonly answers: boolean; readonly bytes: Uint8Array }> {
    const at = Math.min(bytes.length, Math.max(0, this.#from - offset))
    if (at === 0) return [{ answers: this.#after, bytes }]
    if (at === bytes.length) return [{ answers: this.#before, bytes }]
    return [
      { answers: this.#before, bytes: bytes.subarray(0, at) },
      { answers: this.#after, bytes: bytes.subarray(at) }
    ]
  }
}
