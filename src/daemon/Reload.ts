/**
 * Reads the configuration again: on SIGHUP and on request, with the same result either way.
 */
import { Context, Effect, Layer } from "effect"
import { Settings } from "../config/Settings.ts"
import type { ConfigInvalid } from "../contract/errors/Errors.ts"
import { about } from "../contract/Log.ts"
import type { Result } from "../contract/Methods.ts"
import { Notify } from "../host/service/Notify.ts"
import type { LogThreshold } from "./Logging.ts"

export class Reload extends Context.Service<Reload, Effect.Effect<Result<"daemon.reload">, ConfigInvalid>>()(
  "agentd/daemon/Reload"
) {
  static readonly layer = (threshold: LogThreshold) =>
    Layer.effect(
      Reload,
      Effect.gen(function* () {
        const settings = yield* Settings
        const notify = yield* Notify
        threshold.current = (yield* settings.current).daemon.log_level
        return Effect.gen(function* () {
          const { changed, restart } = yield* settings.reload
          threshold.current = (yield* settings.current).daemon.log_level
          yield* Effect.logInfo(
            changed.length === 0 ? "configuration read again, nothing changed" : `changed: ${changed.join(", ")}`
          ).pipe(Effect.annotateLogs(about("config.read")))
          return { changed, restart }
        }).pipe(
          Effect.tapError((error) =>
            Effect.logError(`configuration unchanged: ${error.message}`).pipe(
              Effect.annotateLogs(about("config.refused"))
            )
          ),
          (reload) => Effect.andThen(notify.reloading, reload),
          Effect.ensuring(notify.ready("running"))
        )
      })
    )
}
