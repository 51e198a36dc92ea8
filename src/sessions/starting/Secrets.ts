/**
 * The secrets of a session that is about to start: read from where they are kept, each time it starts. What is recorded of them is the
 * place, so that a session that goes on after a reboot has them too.
 */
import { Effect, Redacted } from "effect"
import { readSecret, secretFile } from "../../config/Secret.ts"
import { InvalidParams } from "../../contract/errors/Errors.ts"
import type { SessionSecret } from "../../contract/Secret.ts"
import { Self } from "../../host/self/Self.ts"

/** `values` by variable; `files`: paths by variable. */
export const openSecrets = Effect.fnUntraced(function* (secrets: ReadonlyArray<SessionSecret>) {
  const { uid } = yield* Self
  const values: Record<string, string> = {}
  const files: Record<string, string> = {}
  for (const { as, from, variable } of secrets) {
    if (variable in values || variable in files) {
      return yield* new InvalidParams({ field: "secrets", reason: `the variable ${variable} is given twice` })
    }
    if (as === "file") files[variable] = yield* secretFile(from, uid)
    else values[variable] = Redacted.value(yield* readSecret(from, uid))
  }
  return { values, files }
})
