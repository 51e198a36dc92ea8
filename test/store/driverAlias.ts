/**
 * For a child that runs TypeScript with plain Node: the SQLite driver still imports `effect/unstable/*`, which effect 4.1
 * calls `effect/*`. The bundler and the test runner have an alias for it; Node gets this hook.
 */
import { registerHooks } from "node:module"

registerHooks({
  resolve: (specifier, context, next) => next(specifier.replace(/^effect\/unstable\//, "effect/"), context)
})
