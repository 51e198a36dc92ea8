/**
 * What a session gets of an environment: from a shell, all of that shell's; without one (after a reboot, over the socket), the
 * daemon's, which a service manager started with next to nothing.
 */
import { existsSync, readFileSync } from "node:fs"
import type { Environment } from "../../client/Places.ts"
import type { Finding } from "../../contract/Daemon.ts"
import { ok, warning } from "../../contract/Findings.ts"
import { CAPTURED, environmentFile, parseEnvironment } from "../service/EnvironmentFile.ts"
import { ask, type Surroundings } from "../service/Surroundings.ts"

/** Without these programs run, and only look different. */
const COSMETIC = /^(LANG|LC_|TZ$|EDITOR$|SHELL$|XDG_)/

const folders = (path: string | undefined): ReadonlyArray<string> => [
  ...new Set((path ?? "").split(":").filter(Boolean))
]

/**
 * `daemon`: its variables, or those it would be started with. Values are not shown, but for PATH.
 *
 * @param exists whether a folder of PATH is there: others lose nobody anything
 */
export const judgeVariables = (
  shell: Environment,
  daemon: Environment,
  from: string,
  fix: string,
  exists: (folder: string) => boolean
): Finding => {
  const kept = folders(daemon.PATH)
  const paths = folders(shell.PATH).filter((folder) => !kept.includes(folder) && exists(folder))
  const names = CAPTURED.filter((name) => name !== "PATH" && shell[name] && !daemon[name])
  const serious = names.filter((name) => !COSMETIC.test(name))
  const gets = `A session started from here gets this shell's environment; one that starts without a shell gets the daemon's (${from}): PATH=${daemon.PATH ?? "(systemd's own)"}`
  const lacks = [
    ...(paths.length === 0 ? [] : [`these folders of your PATH: ${paths.join(", ")}`]),
    ...(names.length === 0 ? [] : [`these variables of yours: ${names.join(", ")}`])
  ]
  if (lacks.length === 0) return ok("environment", `${gets}. It lacks nothing of yours that matters.`)
  const message = `${gets}. It lacks ${lacks.join(" and ")}.`
  return paths.length + serious.length === 0 ? ok("environment", message) : warning("environment", message, fix)
}

export const variables = (place: Surroundings, pid: number | null, supervised: boolean): Finding => {
  const running = pid === null ? null : environmentOf(pid)
  const fix = supervised
    ? "agentctl service install && agentctl service restart"
    : "agentctl daemon restart --stop   # it asks before it ends sessions"
  const file = environmentFile(place.env, place.home)
  const captured = existsSync(file)
  const from = captured ? `with ${file}` : "nothing was captured for it"
  if (running !== null) return judgeVariables(place.env, running, supervised ? from : "as it runs", fix, existsSync)
  // Whoever needs a daemon first gives it their environment.
  if (!supervised) return ok("environment", "A daemon gets the environment of the command that starts it.")
  const { stdout } = ask(place, "systemctl", "--user", "show-environment")
  const manager = Object.fromEntries(stdout.split("\n").flatMap((line) => (line.includes("=") ? [split(line)] : [])))
  const own = captured ? parseEnvironment(readFileSync(file, "utf8")) : {}
  return judgeVariables(place.env, { ...manager, ...own }, from, fix, existsSync)
}

const environmentOf = (pid: number): Environment | null => {
  try {
    const text = readFileSync(`/proc/${pid}/environ`, "utf8")
    return text === "" ? null : Object.fromEntries(text.split("\0").filter(Boolean).map(split))
  } catch {
    return null
  }
}

const split = (line: string): readonly [string, string] => {
  const at = line.indexOf("=")
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)]
}
