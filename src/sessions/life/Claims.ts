/** What only one session may have at a time, from before it is started until it has ended: its name, and the agent it acts for. */
export class Claims {
  readonly #holders = new Map<string, string>()

  /** Takes it until `release`; answers the id of the session that has it already, or null. */
  readonly claim = (what: string, session: string): string | null => {
    const holder = this.#holders.get(what)
    if (holder !== undefined) return holder
    this.#holders.set(what, session)
    return null
  }

  /** Lets go of it, if this session has it. */
  readonly release = (what: string, session: string): void => {
    if (this.#holders.get(what) === session) this.#holders.delete(what)
  }

  readonly holder = (what: string): string | undefined => this.#holders.get(what)
}
