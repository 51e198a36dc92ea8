/**
 * The layers that are not files: `AGENTD_<SECTION>_<KEY>` variables and the daemon's own flags.
 *
 * A variable that begins like a section's but names no key is ignored: sessions carry variables such as `AGENTD_SESSION`,
 * and a daemon may well be started from inside one.
 */
import { Config, Effect, Option } from "effect"
import { type Key, settings, variableOf } from "../contract/config/Config.ts"
import type { Setting } from "../contract/config/Setting.ts"
import type { ConfigInvalid } from "../contract/errors/Errors.ts"
import { type Assignment, assign, isProblem, type Layer } from "./Layers.ts"

/** Values of flags, spelled as in the file. */
export type Flags = { readonly [K in Key]?: string | number }

export const environmentLayer: Effect.Effect<Layer> = Effect.gen(function* () {
  const found: Array<Assignment | ConfigInvalid> = []
  for (const [key, setting] of settings) {
    const origin = variableOf(key)
    const text = yield* Config.option(Config.String(origin))
    if (Option.isSome(text)) found.push(assign(key, fromText(setting, text.value), { origin, line: null }))
  }
  return layerOf(found)
}).pipe(Effect.orDie)

export const flagLayer = (flags: Flags): Layer =>
  layerOf(
    Object.entries(flags).map(([key, value]) =>
      assign(key as Key, typeof value === "string" ? fromText(settings.get(key as Key)!, value) : value, {
        origin: "flag",
        line: null
      })
    )
  )

/** Numbers and the places of secrets arrive as text; what is not one stays text and is refused as such. */
const fromText = (setting: Setting, text: string): unknown => {
  if (setting.kind === "integer" && /^-?[0-9]{1,15}$/.test(text)) return Number(text)
  const place = setting.kind === "secret" ? /^(file|credential):(.*)$/s.exec(text) : null
  return place === null ? text : { [place[1]!]: place[2] }
}

const layerOf = (found: ReadonlyArray<Assignment | ConfigInvalid>): Layer => ({
  assignments: found.filter((each): each is Assignment => !isProblem(each)),
  locks: [],
  problems: found.filter(isProblem)
})
