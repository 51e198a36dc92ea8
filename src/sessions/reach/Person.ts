/**
 * Who is outside of every session. A process that left its session's tree and control group could pass for a person, and so for
 * somebody who may do more.
 */
import { Clock, Effect, Option } from "effect"
import { NotAllowed } from "../../contract/errors/Errors.ts"
import type { Peer } from "../../contract/Handler.ts"
import type { ProcessTable } from "../../host/processes/ProcessTable.ts"
import { SESSION_VARIABLE } from "../launching/ProcessTree.ts"
import type { SessionRecord, SessionStore } from "../SessionStore.ts"

/** Milliseconds a proof holds: whoever asks a thousand times a second is not looked at as often. */
const PROVEN_MS = 1_000

/** When whoever is at the other end of a connection was last looked at and found to be a person. */
const proven = new WeakMap<Peer, number>()

/** For a peer that the kernel sees in no session: the session whose mark it carries nevertheless; null for a person. One that is gone is nobody. */
export const markOf = Effect.fnUntraced(function* (
  peer: Peer,
  table: ProcessTable["Service"],
  sessions: SessionStore["Service"]
) {
  const { pid } = peer
  if (pid === null) return null
  const now = yield* Clock.currentTimeMillis
  const age = now - (proven.get(peer) ?? Number.NEGATIVE_INFINITY)
  if (age >= 0 && age < PROVEN_MS) return null
  if (table.get(pid) === null) {
    return yield* new NotAllowed({
      reason: "the process that opened this connection is gone, so nobody knows who asks."
    })
  }
  const mark = table.environment(pid, SESSION_VARIABLE)
  const found: SessionRecord | null = mark === null ? null : Option.getOrNull(yield* sessions.get(mark))
  if (found === null) proven.set(peer, now)
  return found
})
