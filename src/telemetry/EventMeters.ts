/**
 * What the event log tells in numbers: how much of what has happened, and how long it took to have it on disk.
 */
import { Effect, Layer } from "effect"
import type { EventBody } from "../contract/Event.ts"
import { EventLog } from "../store/EventLog.ts"
import { type Counter, Meters } from "./Meters.ts"

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const meters = yield* Meters
    const events = counters((type) => meters.counter("agentd_events_total", "Events appended to the log.", { type }))
    const ends = counters((by) =>
      meters.counter("agentd_sessions_ended_total", "Sessions that ended, by who ended them.", { by })
    )
    const started = meters.counter("agentd_sessions_started_total", "Sessions made.")
    const adopted = meters.counter(
      "agentd_sessions_adopted_total",
      "Sessions taken over from the daemon before this one."
    )
    const commits = meters.histogram("agentd_commit_duration_seconds", "Time until appended events are on disk.")
    const count = (body: EventBody) => {
      events(body.type).add(1)
      if (body.type === "session.started") started.add(1)
      if (body.type === "session.adopted") adopted.add(1)
      if (body.type === "session.ended") ends(body.exit.by).add(1)
    }
    yield* (yield* EventLog).observe((commit) => {
      commits.observe(commit.ms / 1000)
      for (const { body } of commit.events) count(body)
    })
  })
)

/** One for each value, made when it is first needed. */
const counters = (make: (value: string) => Counter): ((value: string) => Counter) => {
  const made = new Map<string, Counter>()
  return (value) => {
    const found = made.get(value) ?? make(value)
    made.set(value, found)
    return found
  }
}
