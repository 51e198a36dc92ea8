/** Files this process may open, and how many it has open. */
import { Effect } from "effect"
import type { Finding } from "../../contract/Daemon.ts"
import { ok, problem, warning } from "../../contract/Findings.ts"
import { Self } from "../../host/self/Self.ts"
import { Launcher } from "../../sessions/launching/Launcher.ts"

/** Descriptors a busy day takes: a session needs about three, a client one. */
const ENOUGH = 4096

/** Share of them in use beyond which a burst of clients could take the rest. */
const CROWDED = 0.8

const RAISE_UNIT =
  "mkdir -p ~/.config/systemd/user/agentd.service.d && printf '[Service]\\nLimitNOFILE=65536\\n' > ~/.config/systemd/user/agentd.service.d/60-files.conf && systemctl --user daemon-reload && agentctl service restart"
const RAISE_SHELL = `ulimit -n ${ENOUGH} && agentctl daemon restart --stop   # it asks before it ends sessions`

/** `unit`: a unit sets the limit; else whoever started the daemon did. */
export const judgeDescriptors = (limit: number | null, open: number | null, unit: boolean): Finding => {
  if (limit === null) return ok("descriptors", "This system does not tell how many files a process may open.")
  const fix = unit ? RAISE_UNIT : RAISE_SHELL
  if (open !== null && open > limit * CROWDED)
    return problem("descriptors", `${open} of the ${limit} files the daemon may open are open.`, fix)
  if (limit < ENOUGH)
    return warning("descriptors", `The daemon may open ${limit} files, a busy day takes ${ENOUGH}.`, fix)
  return ok("descriptors", `The daemon may open ${limit} files${open === null ? "" : ` and has ${open} open`}.`)
}

/** By the process that serves: what it has open is of interest only there. */
export const descriptors = Effect.gen(function* () {
  const self = yield* Self
  return judgeDescriptors(self.descriptorLimit(), self.openDescriptors(), (yield* Launcher).kind === "systemd")
})

/** By another process of the same user: a daemon that a command starts would have the same limit. */
export const descriptorsOffline = Effect.map(Self, (self) => judgeDescriptors(self.descriptorLimit(), null, false))
