/**
 * Delivers traces, metrics and logs where the configuration, or OpenTelemetry's standard variables, say so; the code for it is
 * loaded only then.
 */
import { Config, Effect, Layer, type LogLevel, Option, Redacted } from "effect"
import { readSecret } from "../config/Secret.ts"
import { Settings } from "../config/Settings.ts"
import { about } from "../contract/Log.ts"
import { Self } from "../host/self/Self.ts"
import { planExport, VARIABLES, type Variables } from "../telemetry/ExportPlan.ts"

/** A daemon that nobody watches is worth more than none. */
const refused = (reason: string) =>
  Effect.as(
    Effect.logWarning(`telemetry is not delivered: ${reason}`).pipe(Effect.annotateLogs(about("telemetry.refused"))),
    Layer.empty
  )

export const layer = (passes: (level: LogLevel.LogLevel) => boolean) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { telemetry } = yield* (yield* Settings).current
      const { host, pid, uid, version } = yield* Self
      const variables = yield* environment
      const secret =
        telemetry.otlp_headers === null
          ? Option.none()
          : Option.some(yield* Effect.result(readSecret(telemetry.otlp_headers, uid)))
      if (Option.isSome(secret) && secret.value._tag === "Failure") return yield* refused(secret.value.failure.message)
      const headers =
        Option.isSome(secret) && secret.value._tag === "Success" ? Redacted.value(secret.value.success) : null
      const plan = planExport(telemetry, headers, variables)
      if (plan === null) return Layer.empty
      if (typeof plan === "string") return yield* refused(plan)
      const otlp = yield* Effect.promise(() => import("../telemetry/Otlp.ts"))
      const attributes = { "host.name": host, "process.pid": pid, "service.instance.id": `${host}/${uid}` }
      return otlp.layer({ plan, version, attributes, passes })
    })
  )

const environment = Effect.map(
  Effect.forEach(VARIABLES, (name) =>
    Effect.map(
      Effect.orElseSucceed(Config.option(Config.String(name)), () => Option.none<string>()),
      (value) => [name, Option.getOrUndefined(value)] as const
    )
  ),
  (found): Variables => Object.fromEntries(found.filter(([, value]) => value !== undefined))
)
