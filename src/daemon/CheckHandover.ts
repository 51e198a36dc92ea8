/**
 * What a daemon that is about to become this version asks of it first: everything a start needs that a running daemon does not
 * stand in the way of.
 */
import { Effect, Layer } from "effect"
import { Settings } from "../config/Settings.ts"
import { HANDOVER_FORMATS, type HandoverAnswer } from "../contract/Handover.ts"
import { Directories } from "../host/files/Directories.ts"
import { ownCommand, packageVersion } from "../host/self/Self.ts"
import { inspectStore } from "../store/Sqlite.ts"
import { Host } from "./layers/Host.ts"
import { Configuration } from "./layers/Stores.ts"

/** The answer is for that daemon (`HandoverAnswer`). Native addons are loaded, the configuration and the database's version are read. */
export const checkHandover = Effect.gen(function* () {
  yield* Settings
  const { backups, database } = yield* Directories
  yield* inspectStore(database, backups)
  const answer: HandoverAnswer = { version: packageVersion(), handover: HANDOVER_FORMATS, command: ownCommand() }
  return `${JSON.stringify(answer)}\n`
}).pipe(Effect.provide(Configuration.pipe(Layer.provideMerge(Host))))
