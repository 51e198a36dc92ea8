/**
 * The moments of a cycle between which something is written, by name: a test ends a cycle at any of them, as a kill would.
 */
import { Context, Effect } from "effect"

export type MilestoneName = "fetched" | "taken" | "examined" | "published" | "recorded"

export const Milestone = Context.Reference<(name: MilestoneName) => Effect.Effect<void>>("agentd/sync/Milestone", {
  defaultValue: () => () => Effect.void
})

export const reach = (name: MilestoneName): Effect.Effect<void> => Effect.flatMap(Milestone, (at) => at(name))
