/**
 * What a session's terminal shows, and has shown: the screen as it is, and everything that has scrolled out of it.
 */
import { Effect } from "effect"
import type { Params } from "../contract/Methods.ts"
import { screenSource } from "./Earlier.ts"
import { readerOf } from "./Output.ts"
import { resolve } from "./reach/Resolve.ts"
import { Histories } from "./screen/Histories.ts"
import { Screens } from "./screen/Screens.ts"

export const screen = Effect.fn("Sessions.screen")(function* ({ session, ...options }: Params<"session.screen">) {
  const { entry, record } = yield* resolve(session)
  const reader = yield* readerOf(record.id, entry)
  return yield* (yield* Screens).snapshot(yield* screenSource(record, reader, entry), options)
})

export const history = Effect.fn("Sessions.history")(function* (params: Params<"session.history">) {
  const { entry, record } = yield* resolve(params.session)
  const reader = yield* readerOf(record.id, entry)
  const asked = { format: params.format ?? ("text" as const), cursor: params.cursor }
  return yield* (yield* Histories).read({ id: record.id, reader }, asked)
})
