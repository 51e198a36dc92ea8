/**
 * Lends this machine's SSH agent to a session on another one, for as long as this process is attached to it: a socket over there leads
 * through the connection to one of this process, and that one to the agent. When the process ends, however it ends, nobody listens.
 */
import { randomBytes } from "node:crypto"
import { rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { AgentdError } from "../../client/AgentdError.ts"
import { Client } from "../../client/Client.ts"
import { AgentRelay } from "../../client/remote/AgentRelay.ts"
import { agentSocketName, type Forward } from "../../client/remote/Forward.ts"
import { awaitStatus, follow } from "../../client/remote/Hosts.ts"
import { tunnelDirectory, tunnelFiles } from "../../client/remote/TunnelFiles.ts"
import { usage } from "../Arguments.ts"
import type { Lent } from "../terminal/attachTo.ts"

/** Bytes of randomness in the name of a socket, and milliseconds for a connection to come up. */
const NAME_BYTES = 8
const UP_MS = 10_000

const newName = (): string => agentSocketName(randomBytes(NAME_BYTES).toString("hex"))

/** Beside the daemon's own socket over there, where nobody else can enter. */
const directoryThere = async (host: string | undefined): Promise<string> => {
  if (host === undefined) {
    throw usage("-A is for sessions on other machines; on this one SSH_AUTH_SOCK follows whoever is attached by itself")
  }
  const status = await awaitStatus(tunnelFiles(host).supervisor, ({ state }) => state.at === "up", UP_MS)
  if (status?.state.at !== "up") {
    throw new AgentdError("HostDown", `The connection to "${host}" is not up. "agentctl hosts" shows it.`, {
      data: { host }
    })
  }
  return dirname(status.state.remote.socket)
}

/** For a session that is to be attached to with an agent later on: until then nothing is there. */
export const agentLater = async (host: string | undefined): Promise<string> =>
  join(await directoryThere(host), newName())

export const withAgent = async <A>(host: string | undefined, work: (lent: Lent) => Promise<A>): Promise<A> => {
  const there = join(await directoryThere(host), newName())
  const agent = process.env.SSH_AUTH_SOCK
  if (agent === undefined || agent === "") {
    throw new AgentdError("NotSupported", "There is no SSH agent here to forward: SSH_AUTH_SOCK is not set.")
  }
  const here = join(tunnelDirectory(), newName())
  const forward: Forward = { direction: "remote", listen: there, to: here }
  const relay = await AgentRelay.listen(here, agent)
  const following = await follow(tunnelFiles(host!).supervisor, () => {})
  await using own = new Client({ start: true })
  const record = (type: "forward.added" | "forward.removed") =>
    own.call("forwarding.record", { what: { type, host: host!, ...forward } })
  try {
    await record("forward.added")
    await following?.ask({ order: "forward", forward, held: true })
    return await work({ sshAgent: there })
  } finally {
    relay.close()
    rmSync(here, { force: true })
    // Answered when nothing listens over there any more. Without the connection nothing does, either.
    await following?.ask({ order: "unforward", forward }).catch(() => {})
    following?.stop()
    await record("forward.removed").catch(() => {})
  }
}
