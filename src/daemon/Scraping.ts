/**
 * Lets Prometheus in, where the configuration says so; the code for it is loaded only then.
 */
import { Effect, Layer } from "effect"
import { Settings } from "../config/Settings.ts"
import { about } from "../contract/Log.ts"
import { Meters } from "../telemetry/Meters.ts"
import { prometheusText } from "../telemetry/Prometheus.ts"

/** A daemon that cannot be watched is worth more than none. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const { prometheus_listen: where } = (yield* (yield* Settings).current).telemetry
    if (where === null) return
    const { look } = yield* Meters
    const { listen } = yield* Effect.promise(() => import("../doors/PrometheusHttp.ts"))
    yield* listen(where, Effect.map(look, prometheusText)).pipe(
      Effect.catch((error) => Effect.logWarning(error.message).pipe(Effect.annotateLogs(about("telemetry.refused"))))
    )
  })
)
