/**
 * What the service manager is told: ready, status, reloading, stopping (sd_notify(3)).
 *
 * Silent where nothing listens: without NOTIFY_SOCKET, and where the optional `sd-notify` addon could not be built.
 */
import { createRequire } from "node:module"
import { Config, Context, Effect, Layer, Option } from "effect"

const require = createRequire(import.meta.url)

interface Addon {
  readonly sendState: (state: string) => void
}

export class Notify extends Context.Service<
  Notify,
  {
    readonly ready: (status: string) => Effect.Effect<void>
    readonly reloading: Effect.Effect<void>
    readonly stopping: Effect.Effect<void>
  }
>()("agentd/host/Notify") {
  static readonly layer = Layer.effect(
    Notify,
    Effect.gen(function* () {
      const send = yield* sender
      return {
        ready: (status) => send(`READY=1\nSTATUS=${status}\n`),
        // The service manager matches the answer to its signal by this time (sd_notify(3), CLOCK_MONOTONIC).
        reloading: Effect.suspend(() =>
          send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}\nSTATUS=reloading\n`)
        ),
        stopping: send("STOPPING=1\nSTATUS=stopping\n")
      }
    })
  )
}

const sender = Effect.gen(function* () {
  const silent = (_state: string): Effect.Effect<void> => Effect.void
  const socket = yield* Config.option(Config.String("NOTIFY_SOCKET"))
  if (Option.isNone(socket)) return silent
  const addon = yield* Effect.option(
    Effect.try({ try: () => require("sd-notify") as Addon, catch: () => "not built" as const })
  )
  if (Option.isNone(addon)) {
    yield* Effect.logWarning("NOTIFY_SOCKET is set, but the sd-notify addon is not built: readiness is not reported")
    return silent
  }
  return (state: string) => Effect.sync(() => addon.value.sendState(state))
})
