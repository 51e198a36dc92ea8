/** The states that a connection's forwards go through from now on, one after the other: none is missed between two looks. */
import type { ForwardStatus } from "../../../src/client/remote/Forward.ts"
import { follow } from "../../../src/client/remote/Hosts.ts"
import type { TunnelStatus } from "../../../src/client/remote/Supervisor.ts"
import { tunnelFiles } from "../../../src/client/remote/TunnelFiles.ts"
import type { Sandbox } from "../../support/Sandbox.ts"

export const forwardChanges = async (here: Pick<Sandbox, "env">) => {
  const seen: Array<TunnelStatus> = []
  let look = () => {}
  const following = await follow(tunnelFiles("lab", here.env).supervisor, (status) => {
    seen.push(status)
    look()
  })
  /** Resolves when all of them are in this state. */
  const become = (wanted: ForwardStatus["state"]) =>
    new Promise<void>((resolve) => {
      look = () => {
        for (let status = seen.shift(); status !== undefined; status = seen.shift()) {
          if (status.forwards.every(({ state }) => state === wanted)) return resolve()
        }
      }
      look()
    })
  return { become, [Symbol.dispose]: () => following!.stop() }
}
