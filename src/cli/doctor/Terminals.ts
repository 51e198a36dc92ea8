/** Whether systemd keeps a terminal for every session that lives: it closes what is one too many without a word. */
import type { Finding } from "../../contract/Daemon.ts"
import { ok, problem, warning } from "../../contract/Findings.ts"
import type { Properties } from "./SystemdFeatures.ts"

/** Share of the store in use beyond which it is time to say so. */
const CROWDED = 0.9

const RAISE =
  "mkdir -p ~/.config/systemd/user/agentd.service.d && printf '[Service]\\nFileDescriptorStoreMax=16384\\nLimitNOFILE=262144\\n' > ~/.config/systemd/user/agentd.service.d/60-terminals.conf && systemctl --user daemon-reload && agentctl service restart"

/** A restart, which a higher limit needs, would end them. */
const FINISH = "agentctl ls   # finish these before the daemon is stopped or restarted"

export const judgeTerminals = (live: number, { FileDescriptorStoreMax, NFileDescriptorStore }: Properties): Finding => {
  const [kept, most] = [Number(NFileDescriptorStore || Number.NaN), Number(FileDescriptorStoreMax || Number.NaN)]
  if (Number.isNaN(kept) || Number.isNaN(most))
    return ok("terminals", "systemd does not say how many descriptors it keeps.")
  const said = `systemd keeps ${kept} of at most ${most} descriptors, for ${live} live sessions`
  if (kept < live) return problem("terminals", `${said}: some would end with the daemon.`, FINISH)
  return kept > most * CROWDED
    ? warning("terminals", `${said}: soon no more can be started.`, RAISE)
    : ok("terminals", `${said}.`)
}
