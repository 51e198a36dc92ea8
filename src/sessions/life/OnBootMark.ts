/**
 * A file that is there while any session is to be started again after a reboot: `agentd-resume.service` starts the daemon at boot when it
 * finds it, so that nothing runs for users who have no such session. One too many costs one start of the daemon.
 */
import { closeSync, openSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { Directories } from "../../host/files/Directories.ts"
import { SessionStore } from "../SessionStore.ts"

/** The unit's `ConditionPathExists=` names it too. */
const NAME = "resume-on-boot"

const path = Effect.map(Directories, ({ state }) => join(state, NAME))

/** After the session is on record, before its program runs. */
export const setMark = Effect.flatMap(path, (file) => Effect.sync(() => closeSync(openSync(file, "a", 0o600)))).pipe(
  Effect.catchCause((cause) => Effect.logWarning("nothing will start the daemon at boot", cause))
)

/** Removed before the look: a session that is recorded after it sets the mark itself. */
export const settleMark = Effect.gen(function* () {
  const file = yield* path
  yield* Effect.sync(() => rmSync(file, { force: true }))
  if (yield* (yield* SessionStore).awaitsBoot) yield* setMark
}).pipe(Effect.catchCause((cause) => Effect.logWarning("the mark for the next boot cannot be settled", cause)))
