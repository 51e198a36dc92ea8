/** What looks after the daemon on a machine: systemd, launchd, Homebrew, or nobody. */
export interface Status {
  readonly supervisor: "systemd" | "launchd" | "brew" | "none"
  readonly installed: boolean
  readonly running: boolean
  /** Where it is described: the unit, the plist. */
  readonly definition: string | null
  /** The file with the captured variables, if it exists. */
  readonly environment: string | null
  /** What stands in the way, each with what to do about it. */
  readonly notes: ReadonlyArray<string>
}

export interface Supervisor {
  /** Each answers with lines for people: what was done. */
  readonly install: (variables: Readonly<Record<string, string>>) => ReadonlyArray<string>
  readonly uninstall: () => ReadonlyArray<string>
  readonly start: () => ReadonlyArray<string>
  readonly stop: () => ReadonlyArray<string>
  readonly restart: () => ReadonlyArray<string>
  readonly status: () => Status
  /** Whether sessions live on while it is stopped. */
  readonly keepsSessions: () => boolean
}
