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

  /** Takes note of what the service manager says; false when it has fewer than it was given. */
  agrees({ FileDescriptorStoreMax, NFileDescriptorStore }: Properties): boolean {
    const [limit, count] = [Number(FileDescriptorStoreMax), Number(NFileDescriptorStore)]
    if (!FileDescriptorStoreMax || !NFileDescriptorStore || Number.isNaN(limit) || Number.isNaN(count)) return true
    this.#limit = limit
    return count >= this.#names.size
  }
}
