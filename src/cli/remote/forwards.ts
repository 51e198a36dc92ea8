/** Has a connection forward a port, or stop it, and has that written down. */
import { AgentdError } from "../../client/AgentdError.ts"
import { Client } from "../../client/Client.ts"
import type { Forward } from "../../client/remote/Forward.ts"
import { follow, throughHost } from "../../client/remote/Hosts.ts"
import { tunnelFiles } from "../../client/remote/TunnelFiles.ts"

export const changeForward = async (
  client: Client,
  host: string,
  order: "forward" | "unforward",
  forward: Forward
): Promise<void> => {
  if (order === "forward") {
    // Waits for a connection that is just coming up, and says why when it does not.
    await using other = new Client({ connect: throughHost(host) })
    await other.call("health", {})
  }
  const following = await follow(tunnelFiles(host).supervisor, () => {})
  if (following === null) {
    throw new AgentdError("NoHost", `There is no connection to "${host}". Run: agentctl connect ${host}`, {
      data: { host }
    })
  }
  const record = (type: "forward.added" | "forward.removed") =>
    client.call("forwarding.record", { what: { type, host, ...forward } })
  try {
    if (order === "forward") await record("forward.added")
    try {
      await following.ask(order === "forward" ? { order, forward, held: false } : { order, forward })
    } catch (error) {
      // The record told what was about to be.
      if (order === "forward") await record("forward.removed")
      throw error
    }
    if (order === "unforward") await record("forward.removed")
  } finally {
    following.stop()
  }
}

/** For people. */
export const describeForward = (host: string, { direction, listen, to }: Forward): string =>
  direction === "local" ? `${listen} leads to ${to} of ${host}.` : `${listen} of ${host} leads to ${to} here.`
