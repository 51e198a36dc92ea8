/**
 * A program says what it is doing, through a hook that runs in its session. Whose session that is the kernel says, so no session can speak
 * for another.
 */
import { Effect } from "effect"
import { NotAllowed, SessionEnded } from "../contract/errors/Errors.ts"
import type { ReportParams } from "../contract/session/SessionState.ts"
import { LiveSessions } from "./life/LiveSessions.ts"
import { report } from "./state/States.ts"

export const reportState = Effect.fn("Sessions.report")(function* (params: ReportParams, session: string | null) {
  if (session === null) {
    return yield* new NotAllowed({
      reason: "only what runs in a session can say what its program is doing, and you are in none"
    })
  }
  const entry = (yield* LiveSessions).entries.get(session)
  if (entry === undefined || entry.live.exit !== null) return yield* new SessionEnded({ session, exit: "it has ended" })
  return { state: yield* report(entry.state, params) }
})
