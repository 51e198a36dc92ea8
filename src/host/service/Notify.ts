/**
 * What the service manager is told: ready, status, reloading, stopping (sd_notify(3)).
 *
 * Silent where nothing listens.
 */
import { createRequire } from "node:module"
import { Config, Context, Effect, Layer, Option } from "effect"
import { systemd } from "./Systemd.ts"

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
    /** Still alive: to be sent more often than WATCHDOG_USEC says. */
    readonly alive: Effect.Effect<void>
    /** Milliseconds after which the service manager takes silence for death; null when it does not look. */
    readonly watchdogMs: number | null
  }
>()("agentd/host/Notify") {
  static readonly layer = Layer.effect(
    Notify,
    Effect.gen(function* () {
      const send = yield* sender
      const watchdog = yield* Config.option(Config.Number("WATCHDOG_USEC"))
      return {
        ready: (status) => send(`READY=1\nSTATUS=${status}\n`),
        // The service manager matches the answer to its signal by this time (sd_notify(3), CLOCK_MONOTONIC).
        reloading: Effect.suspend(() =>
          send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}\nSTATUS=reloading\n`)
        ),
        stopping: send("STOPPING=1\nSTATUS=stopping\n"),
        alive: send("WATCHDOG=1\n"),
        watchdogMs: Option.getOrNull(Option.map(watchdog, (usec) => usec / 1000))
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
  if (Option.isSome(addon)) return (state: string) => Effect.sync(() => addon.value.sendState(state))
  // The addon is optional, being bound to one version of Node; the library it wraps is there wherever systemd is.
  const library = yield* Effect.option(Effect.try({ try: systemd, catch: () => "not there" as const }))
  if (Option.isSome(library)) return (state: string) => Effect.sync(() => void library.value.notify(0, state))
  yield* Effect.logWarning("NOTIFY_SOCKET is set, but there is no libsystemd: readiness is not reported")
  return silent
})
