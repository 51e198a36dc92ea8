/**
 * A decided restore, at the start of whoever holds the lock: put in place before the store is opened, and told to the log afterwards.
 */
import { Effect, Layer } from "effect"
import { about } from "../contract/Log.ts"
import { Directories } from "../host/files/Directories.ts"
import { Handover } from "../host/self/Handover.ts"
import { FdStore } from "../host/service/FdStore.ts"
import { sessionOfFdName } from "../sessions/launching/SessionUnit.ts"
import { EventLog } from "../store/EventLog.ts"
import { abandon, apply, forgetRestored, isDecided, readRestored } from "./Apply.ts"

/** A session that has come to life since would lose its record: it is asked once more, at the last moment. */
export const putInPlace = Effect.gen(function* () {
  const { config, state } = yield* Directories
  if (!isDecided(state)) return
  const { inherited } = yield* FdStore
  const handed = (yield* Handover).received?.sessions.length ?? 0
  if (handed > 0 || inherited.some(({ name }) => sessionOfFdName(name) !== null)) {
    abandon(state)
    return yield* Effect.logError(
      "a backup is not put back: a session lives that would lose its record; stop it and restore again"
    ).pipe(Effect.annotateLogs(about("backup.not_restored")))
  }
  apply({ config, state })
})

/** Once the log is open, and before anything looks at what it says of sessions. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const { state } = yield* Directories
    const restored = readRestored(state)
    if (restored === null) return
    const { used = 0, ...told } = restored
    const log = yield* EventLog
    yield* log.leaveGap(used)
    yield* log.append({ type: "backup.restored", ...told })
    forgetRestored(state)
    const { aside, backup, saved } = told
    const before = saved !== null ? `the backup ${saved}` : aside !== null ? aside : "nothing"
    yield* Effect.logInfo(`backup ${backup} was put back; what was there before: ${before}`).pipe(
      Effect.annotateLogs(about("backup.restored"))
    )
  })
)
