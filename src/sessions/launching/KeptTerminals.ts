/**
 * Counts the terminals that the service manager keeps for this daemon. It says nothing when it keeps one more than it may
 * (FileDescriptorStoreMax=) and closes it instead, so it is asked how many it has, and not given one that it would refuse.
 */
type Properties = Readonly<Record<string, string>>

/** What to ask the service manager about this daemon's own unit. */
export const STORE_PROPERTIES = ["NFileDescriptorStore", "FileDescriptorStoreMax"] as const

export class KeptTerminals {
  readonly #names: Set<string>
  #limit = Number.POSITIVE_INFINITY

  constructor(names: Iterable<string>) {
    this.#names = new Set(names)
  }

  get limit(): number {
    return this.#limit
  }

  /** Would the next one be refused? */
  get full(): boolean {
    return this.#names.size >= this.#limit
  }

  add(name: string): void {
    this.#names.add(name)
  }

  delete(name: string): void {
    this.#names.delete(name)
  }

  /** What it has been given by now: to be noted before it is asked, because another session may begin before it answers. */
  get given(): ReadonlySet<string> {
    return new Set(this.#names)
  }

  /** Takes note of what the service manager says; false when it has fewer than it was given before it was asked. */
  agrees({ FileDescriptorStoreMax, NFileDescriptorStore }: Properties, given: ReadonlySet<string>): boolean {
    const [limit, count] = [Number(FileDescriptorStoreMax), Number(NFileDescriptorStore)]
    if (!FileDescriptorStoreMax || !NFileDescriptorStore || Number.isNaN(limit) || Number.isNaN(count)) return true
    this.#limit = limit
    return count >= [...given].filter((name) => this.#names.has(name)).length
  }
}
