/**
 * What the service manager is told: ready, status, reloading, stopping, still alive (sd_notify(3)).
 *
 * Silent where nothing listens: without NOTIFY_SOCKET, and where the optional `sd-notify` addon could not be built.
 */
import { createRequire } from "node:module"
import { Config, Context, Effect, Layer, Option } from "effect"

const require = createRequire(import.meta.url)

interface Addon {
  readonly sendState: (state: string) => void
  readonly watchdogInterval: () => number
}

export class Notify extends Context.Service<
  Notify,
  {
    /** Sends assignments such as `READY=1`, one a line. */
    readonly send: (state: string) => Effect.Effect<void>
    /** Whether anybody is told. */
    readonly active: boolean
  }
>()("agentd/host/Notify") {
  static readonly layer = Layer.effect(
    Notify,
    Effect.gen(function* () {
      const socket = yield* Config.option(Config.String("NOTIFY_SOCKET"))
      const silent = { send: () => Effect.void, active: false }
      if (Option.isNone(socket)) return silent
      const addon = yield* Effect.option(Effect.try(() => require("sd-notify") as Addon))
      if (Option.isNone(addon)) {
        yield* Effect.logWarning(
          "NOTIFY_SOCKET is set, but the sd-notify addon is not built: readiness is not reported"
        )
        return silent
      }
      return { send: (state: string) => Effect.sync(() => addon.value.sendState(state)), active: true }
    })
  )
}
