/** Which versions work together here: command, daemon, Node. */
import type { Finding } from "../../contract/Daemon.ts"
import { ok, problem, warning } from "../../contract/Findings.ts"

/** Below it nothing of agentd runs (`engines` of the package). */
const LOWEST_NODE = 24

/** Where managers of several Nodes keep them: such a path ends with the next update. */
const MANAGED = /\/(\.nvm|\.fnm|fnm_multishells|\.asdf|\.volta|\.nodenv|\.n|mise)\//

export interface Programs {
  readonly agentctl: string
  /** Of this process. */
  readonly node: string
  readonly nodePath: string
  /** Null when none runs. */
  readonly daemon: {
    readonly version: string
    readonly node: string
    readonly executable: string
    readonly there: boolean
  } | null
}

/** Negative when `a` is the older one; parts that are no numbers do not count. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [a, b].map((version) => version.split(/[.+-]/).slice(0, 3).map(Number))
  for (const at of [0, 1, 2]) {
    const difference = (left?.[at] || 0) - (right?.[at] || 0)
    if (difference !== 0) return difference
  }
  return 0
}

export const judgeVersions = ({ agentctl, daemon }: Programs): Finding => {
  if (daemon === null) return ok("versions", `agentctl is ${agentctl}.`)
  const order = compareVersions(daemon.version, agentctl)
  const both = `agentctl is ${agentctl}, the daemon that runs ${daemon.version}`
  if (order > 0)
    return warning(
      "versions",
      `${both}: this agentctl is the older one.`,
      'type -a agentctl; readlink -f "$(command -v agentctl)"'
    )
  if (daemon.version !== agentctl)
    return warning("versions", `${both}: it was not restarted after the upgrade.`, "agentctl daemon restart")
  if (!daemon.there)
    return warning(
      "versions",
      `The daemon's program ${daemon.executable} is gone: it would not start again.`,
      "agentctl service install && agentctl service restart"
    )
  return ok("versions", `${both}.`)
}

export const judgeNode = ({ daemon, node, nodePath }: Programs): Finding => {
  const what = `agentctl runs on Node ${node} (${nodePath})${daemon === null || daemon.node === node ? "" : `, the daemon on ${daemon.node}`}`
  const own = "npm install --global --include=optional agentd"
  if (Number(/^v?(\d+)/.exec(node)?.[1] ?? 0) < LOWEST_NODE)
    return problem("node", `${what}; ${LOWEST_NODE} is the lowest it works with.`, own)
  return MANAGED.test(nodePath)
    ? warning("node", `${what}, a path that ends with the next update of that Node.`, own)
    : ok("node", `${what}.`)
}
