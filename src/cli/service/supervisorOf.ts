/**
 * Who looks after the daemon on this machine: one of systemd, launchd, Homebrew, or nobody.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Brew } from "./Brew.ts"
import { Launchd } from "./Launchd.ts"
import { Nobody } from "./Nobody.ts"
import type { Supervisor } from "./Supervisor.ts"
import type { Surroundings } from "./Surroundings.ts"
import { Systemd } from "./Systemd.ts"

export const supervisorOf = (place: Surroundings): Supervisor => {
  // Homebrew replaces its programs under other paths with every version: only its own service keeps up.
  if (/\/(Cellar|homebrew|linuxbrew)\//i.test(place.program)) return new Brew(place)
  if (place.platform === "darwin") return new Launchd(place)
  const runtime = place.env.XDG_RUNTIME_DIR
  if (runtime && existsSync(join(runtime, "systemd", "private"))) return new Systemd(place)
  return new Nobody(place)
}
