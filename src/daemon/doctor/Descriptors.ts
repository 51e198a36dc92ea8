/** Files this process may open, and how many it has open. */
import { Effect } from "effect"
import type { Finding } from "../../contract/Daemon.ts"
import { Self } from "../../host/Self.ts"
import { ok, problem, warning } from "./findings.ts"

/** Descriptors a busy day takes: a session needs about three, a client one. */
const ENOUGH = 4096

/** Share of them in use beyond which a burst of clients could take the rest. */
const CROWDED = 0.8

export const judgeDescriptors = (limit: number | null, open: number | null): Finding => {
  if (limit === null) return ok("descriptors", "This system does not tell how many files a process may open.")
  const fix = `systemctl --user edit agentd.service   # [Service] LimitNOFILE=65536; without systemd: ulimit -n ${ENOUGH} && agentctl daemon restart`
  if (open !== null && open > limit * CROWDED)
    return problem("descriptors", `${open} of the ${limit} files it may open are open.`, fix)
  if (limit < ENOUGH)
    return warning("descriptors", `The daemon may open ${limit} files, a busy day takes ${ENOUGH}.`, fix)
  return ok("descriptors", `The daemon may open ${limit} files${open === null ? "" : ` and has ${open} open`}.`)
}

/** What is open is only of interest in the process that serves. */
export const descriptors = (serving: boolean) =>
  Effect.map(Self, (self) => judgeDescriptors(self.descriptorLimit(), serving ? self.openDescriptors() : null))
