/** Everything `agentctl doctor` looks at, in the order it is printed: what surrounds the daemon, then what the daemon says itself. */
import { existsSync } from "node:fs"
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import type { Finding } from "../../contract/Daemon.ts"
import { ok, problem, warning } from "../../contract/Findings.ts"
import { askDaemonProgram } from "../daemon/daemonProgram.ts"
import { ask, type Surroundings } from "../service/Surroundings.ts"
import { supervisorOf } from "../service/supervisorOf.ts"
import { version } from "../Version.ts"
import { linger } from "./Linger.ts"
import { type DaemonStatus, judgeReach } from "./Reach.ts"
import { features, systemdVersion } from "./SystemdFeatures.ts"
import { judgeTerminals } from "./Terminals.ts"
import { type Loaded, loadedUnits, units } from "./Units.ts"
import { variables } from "./Variables.ts"
import { judgeNode, judgeVersions, type Programs } from "./Versions.ts"

/** Where the administrator's `agentd@UID.socket` listens. */
const SYSTEM_SOCKETS = "/run/agentd/"

/** Milliseconds a daemon may take to say that it is there; it may just be started by its socket. */
const ANSWER_MS = 4_000

export const examine = async (client: Client, place: Surroundings): Promise<ReadonlyArray<Finding>> => {
  // Before the socket is knocked at: that starts a service again which has failed.
  const loaded = loadedUnits(place)
  const answer = await client.call("daemon.status", {}, { timeoutMs: ANSWER_MS }).catch(refused)
  const status = answer instanceof AgentdError ? null : answer
  const answers = !(answer instanceof AgentdError) || answer.tag === "NoDaemon"
  return [
    judgeReach(client.socket, answer),
    ...programs(status),
    ...(client.socket.startsWith(SYSTEM_SOCKETS) ? systemService(place) : service(place, status, loaded, answers)),
    ...(await ownFindings(client, status))
  ]
}

const refused = (error: unknown): AgentdError => {
  if (error instanceof AgentdError) return error
  throw error
}

const programs = (status: DaemonStatus | null): ReadonlyArray<Finding> => {
  const daemon =
    status === null
      ? null
      : {
          version: status.version,
          node: status.node,
          executable: status.executable,
          there: existsSync(status.executable)
        }
  const found: Programs = { agentctl: version, node: process.version, nodePath: process.execPath, daemon }
  return [judgeVersions(found), judgeNode(found)]
}

/** What looks after the daemon of this user. */
const service = (
  place: Surroundings,
  status: DaemonStatus | null,
  before: Loaded | null,
  answers: boolean
): ReadonlyArray<Finding> => {
  const supervisor = supervisorOf(place).status()
  const pid = status?.pid ?? null
  if (supervisor.supervisor !== "systemd") {
    const said = supervisor.notes.map((note) => warning("service", note, fixOf(supervisor.supervisor, place)))
    const nobody = supervisor.supervisor === "none" && !existsSync("/run/systemd/system")
    return [
      ...(nobody || said.length === 0
        ? [ok("service", supervisor.notes[0] ?? `${supervisor.supervisor} looks after the daemon.`)]
        : said),
      variables(place, pid, supervisor.supervisor !== "none")
    ]
  }
  if (before === null)
    return [
      problem("units", `The user manager does not answer: ${supervisor.notes[0] ?? ""}`, "systemctl --user status"),
      variables(place, pid, false)
    ]
  // By now the daemon runs if it can.
  const loaded = loadedUnits(place) ?? before
  const systemd = systemdVersion(place)
  return [
    ...units(place, before, { systemd, answers }),
    linger(place),
    ...features(place, systemd, loaded.service),
    variables(place, pid, loaded.service.LoadState === "loaded"),
    ...(status?.launcher === "systemd" ? [judgeTerminals(status.sessions.live, loaded.service)] : [])
  ]
}

const fixOf = (supervisor: string, place: Surroundings): string =>
  supervisor === "none" ? `loginctl enable-linger ${place.env.USER ?? ""}`.trimEnd() : "agentctl service install"

const systemService = (place: Surroundings): ReadonlyArray<Finding> => {
  const unit = `agentd@${place.uid}.service`
  const { stdout } = ask(place, "systemctl", "is-failed", unit)
  return [
    stdout.trim() === "failed"
      ? problem(
          "service",
          `${unit}, the administrator's, has failed.`,
          `sudo systemctl reset-failed ${unit}; sudo journalctl -u ${unit} -n 50`
        )
      : ok(
          "service",
          `${unit}, the administrator's, looks after the daemon. Sessions are its own children: a restart ends them.`
        )
  ]
}

/** What the daemon finds, or what its program finds where none runs. */
const ownFindings = async (client: Client, status: DaemonStatus | null): Promise<ReadonlyArray<Finding>> => {
  try {
    if (status !== null) return (await client.call("daemon.doctor", {})).findings
    const { stderr, stdout } = askDaemonProgram(["--doctor", "--json"])
    if (stdout === "") throw new Error(stderr.trim())
    return (JSON.parse(stdout) as { readonly findings: ReadonlyArray<Finding> }).findings
  } catch (error) {
    return [
      problem(
        "store",
        `It could not be examined: ${error instanceof Error ? error.message : error}`,
        "agentctl daemon logs"
      )
    ]
  }
}
