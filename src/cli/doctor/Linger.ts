/** Whether the user manager, and every session with it, outlives the last logout. */
import type { Finding } from "../../contract/Daemon.ts"
import { ok, warning } from "../../contract/Findings.ts"
import { ask, type Surroundings } from "../service/Surroundings.ts"

export const judgeLinger = (linger: boolean | null, user: string): Finding => {
  if (linger === null) return ok("linger", "logind does not say whether sessions outlive a logout here.")
  return linger
    ? ok("linger", "Sessions outlive your last logout, and the daemon's socket is there after a reboot.")
    : warning(
        "linger",
        "Lingering is off: your last logout ends the user manager, and with it the daemon and every session.",
        `loginctl enable-linger ${user}   # as root where that is not allowed`
      )
}

export const linger = (place: Surroundings): Finding => {
  // By number: it is known without a user database. One who is neither logged in nor lingering is not known to logind.
  const { stdout } = ask(place, "loginctl", "show-user", "--property=Linger", String(place.uid))
  const answer = /^Linger=(yes|no)$/m.exec(stdout)?.[1]
  return judgeLinger(
    answer === undefined ? null : answer === "yes",
    place.env.USER || place.env.LOGNAME || String(place.uid)
  )
}
