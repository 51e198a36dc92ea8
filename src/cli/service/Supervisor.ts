/**
 * Who looks after the daemon on this machine: one of systemd, launchd, Homebrew, or nobody.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Brew } from "./Brew.ts"
import { Launchd } from "./Launchd.ts"
import { Nobody } from "./Nobody.ts"
import type { Surroundings } from "./Surroundings.ts"
import { Systemd } from "./Systemd.ts"

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

export const supervisorOf = (place: Surroundings): Supervisor => {
  // Homebrew replaces its programs under other paths with every version: only its own service keeps up.
  if (/\/(Cellar|homebrew|linuxbrew)\//i.test(place.program)) return new Brew(place)
  if (place.platform === "darwin") return new Launchd(place)
  const runtime = place.env.XDG_RUNTIME_DIR
  if (runtime && existsSync(join(runtime, "systemd", "private"))) return new Systemd(place)
  return new Nobody(place)
}
