/**
 * `agentctl connect`: has a session keep the connection, and waits for it with the user, who may have to type a password.
 */
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { AgentdError } from "../../client/AgentdError.ts"
import type { Client } from "../../client/Client.ts"
import { daemonProgram } from "../../client/EnsureDaemon.ts"
import { awaitStatus, follow } from "../../client/remote/Hosts.ts"
import { masterArgs, startCommand } from "../../client/remote/Ssh.ts"
import type { TunnelStatus } from "../../client/remote/Supervisor.ts"
import { tunnelFiles } from "../../client/remote/TunnelFiles.ts"
import { readableWord, shellWord } from "../../contract/text/ShellWord.ts"
import { CommandFailed } from "../AgentctlCommand.ts"
import { onTerminal, terminalSize } from "../terminal/attachTo.ts"
import { TUNNEL_TAG, tunnelSessionName } from "./tunnelSession.ts"

export interface Wanted {
  readonly name: string
  readonly target: string
  readonly options: ReadonlyArray<string>
  readonly agentctl: string
}

/** Milliseconds for the supervisor to listen once its session has started. */
const LISTEN_MS = 10_000
const LOOK_MS = 20

export const dryRun = ({ agentctl, name, options, target }: Wanted): ReadonlyArray<string> => {
  const { api, control } = tunnelFiles(name)
  return [
    ["ssh", ...masterArgs({ target, control, batch: false, options })].map(readableWord).join(" "),
    `ssh -o ControlPath=${readableWord(control)} ${readableWord(target)} ${shellWord(startCommand(agentctl))}`,
    `ssh -o ControlPath=${readableWord(control)} -O forward -L ${readableWord(api)}:SOCKET ${readableWord(target)}`
  ]
}

/** @throws CommandFailed with the reason when it does not come up */
export const connectHost = async (
  client: Client,
  wanted: Wanted,
  timeoutMs: number,
  quiet: boolean
): Promise<TunnelStatus> => {
  const { supervisor } = tunnelFiles(wanted.name)
  const terminal = onTerminal() && !quiet
  const kept = await follow(supervisor, () => {})
  if (kept === null) await startSession(client, wanted)
  else {
    const status = await awaitStatus(supervisor, () => true, LISTEN_MS)
    if (status !== null && status.target !== wanted.target) {
      kept.stop()
      throw new CommandFailed(
        `"${wanted.name}" is a connection to ${status.target}. Choose another --name, or run: agentctl disconnect ${wanted.name}`
      )
    }
    kept.order(terminal ? "kick terminal" : "kick")
  }
  const end = Date.now() + timeoutMs
  let status: TunnelStatus | null = null
  const settled = (async () => {
    status = await settledStatus(supervisor, end)
  })()
  if (terminal) await showUntil(client, tunnelSessionName(wanted.name), settled)
  else await settled
  kept?.stop()
  return upOrFailed(wanted, status)
}

const startSession = async (client: Client, { agentctl, name, options, target }: Wanted): Promise<void> => {
  const program = join(dirname(daemonProgram()), "agentctl")
  await client.call("session.start", {
    argv: [
      program,
      "__tunnel",
      `--name=${name}`,
      `--target=${target}`,
      `--agentctl=${agentctl}`,
      ...options.map((option) => `--option=${option}`)
    ],
    name: tunnelSessionName(name),
    cwd: homedir(),
    env: process.env as Record<string, string>,
    tags: [TUNNEL_TAG],
    ...terminalSize()
  })
}

/** Up, or standing still; null when the time is over or its supervisor has ended. */
const settledStatus = async (supervisor: string, end: number): Promise<TunnelStatus | null> => {
  const settled = ({ state }: TunnelStatus) =>
    state.at === "up" || state.at === "failed" || state.at === "needs-login" || state.at === "closed"
  const listening = Math.min(end, Date.now() + LISTEN_MS)
  for (;;) {
    const status = await awaitStatus(supervisor, settled, Math.max(0, end - Date.now()))
    if (status !== null || Date.now() >= listening) return status
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/** The session's terminal on this one, for questions, until there is nothing more to ask. */
const showUntil = async (client: Client, session: string, settled: Promise<void>): Promise<void> => {
  const attachment = await client.attachLasting({ session, from: "end", ended: true, ...terminalSize() })
  const { interact } = await import("../terminal/interact.ts")
  void settled.then(() => attachment.detach()).catch(() => {})
  const outcome = await interact(attachment)
  if (outcome.type === "signal" || (outcome.type === "detached" && outcome.reason === "")) return
  await settled
}

const upOrFailed = (wanted: Wanted, status: TunnelStatus | null): TunnelStatus => {
  if (status?.state.at === "up") return status
  const details = { data: { host: wanted.name } }
  switch (status?.state.at) {
    case "failed":
      throw new AgentdError("HostDown", `${wanted.target}: ${status.state.reason}.`, details)
    case "needs-login":
      throw new AgentdError(
        "HostDown",
        `${wanted.target}: ${status.state.reason}. Run "agentctl connect ${wanted.target}" on a terminal, where ssh can ask for it.`,
        details
      )
    default:
      throw new AgentdError(
        "TimedOut",
        `${wanted.target} is not connected yet. It is tried on; "agentctl hosts" shows it, "agentctl disconnect ${wanted.name}" gives up.`,
        details
      )
  }
}
