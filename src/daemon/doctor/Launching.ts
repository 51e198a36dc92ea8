/** Which launcher this daemon uses for its sessions, why, and what that means for them. */
import { Effect } from "effect"
import type { Finding } from "../../contract/Daemon.ts"
import { ok } from "../../contract/Findings.ts"
import { FdStore } from "../../host/service/FdStore.ts"
import { Launcher } from "../../sessions/launching/Launcher.ts"

/** `why`: what stands against keeping terminals with the service manager; null when nothing does. */
export const judgeLauncher = (kind: "direct" | "systemd", why: string | null, outlivesStop: boolean): Finding =>
  kind === "systemd"
    ? ok(
        "launcher",
        `systemd: each session is a service of its own and outlives a crash, a restart and an upgrade of the daemon${outlivesStop ? "" : ", but not a stop (systemd before 254 lets go of terminals then)"}.`
      )
    : ok(
        "launcher",
        `direct: sessions are the daemon's own children, because ${why ?? "it was asked to"}. They outlive an upgrade in place, not the daemon's end.`
      )

export const launcher = Effect.gen(function* () {
  const { kind, outlivesStop } = yield* Launcher
  const { unavailable } = yield* FdStore
  return judgeLauncher(kind, unavailable, yield* outlivesStop)
})
