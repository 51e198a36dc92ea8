/**
 * What is asked of the daemon's parts when somebody looks at its metrics; the counters beside them are where things happen.
 */
import { Effect, Layer, SubscriptionRef } from "effect"
import type { SessionStatus } from "../contract/session/Session.ts"
import { Connections } from "../doors/Connections.ts"
import { Self } from "../host/self/Self.ts"
import { LogLosses } from "../host/service/Journal.ts"
import { describe, LiveSessions } from "../sessions/life/LiveSessions.ts"
import { SessionStore } from "../sessions/SessionStore.ts"
import { EventLog } from "../store/EventLog.ts"
import { Meters } from "../telemetry/Meters.ts"
import { Lifecycle } from "./Lifecycle.ts"

/** Milliseconds between two looks how late a timer is. */
const LAG_MS = 1_000

const STATUSES: ReadonlyArray<SessionStatus> = ["starting", "running", "stopping", "exited", "interrupted"]

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    yield* ofProcess
    yield* ofSessions
    yield* ofOutput
    yield* ofEventLoop
  })
)

/** Under the names that every Prometheus client library gives them. */
const ofProcess = Effect.gen(function* () {
  const { gauge, total } = yield* Meters
  const { cpuSeconds, descriptorLimit, memory, node, openDescriptors, version } = yield* Self
  const { startedAt } = yield* Lifecycle
  const { count } = yield* Connections
  const lost = yield* LogLosses
  gauge("agentd_build_info", "Always 1; the labels say what runs.", () => 1, { version, node })
  gauge(
    "process_start_time_seconds",
    "When the daemon started, since 1970. Changes are restarts.",
    () => startedAt / 1000
  )
  gauge("process_resident_memory_bytes", "Resident memory of the daemon.", memory)
  total("process_cpu_seconds_total", "Processor time of the daemon.", cpuSeconds)
  if (openDescriptors() !== null)
    gauge("process_open_fds", "File descriptors the daemon has open.", () => openDescriptors() ?? 0)
  const limit = descriptorLimit()
  if (limit !== null) gauge("process_max_fds", "File descriptors it may open.", () => limit)
  gauge("agentd_connections", "Clients connected.", () => SubscriptionRef.getUnsafe(count))
  total("agentd_log_lines_lost_total", "Lines of the log that the journal did not take.", lost)
})

const ofSessions = Effect.gen(function* () {
  const { before, gauge } = yield* Meters
  const { entries } = yield* LiveSessions
  const store = yield* SessionStore
  let ended: ReadonlyMap<string, number> = new Map()
  before(
    Effect.map(
      Effect.orElseSucceed(store.endedByStatus, () => ended),
      (counts) => {
        ended = counts
      }
    )
  )
  const live = (status: SessionStatus) =>
    [...entries.values()].filter((entry) => describe(entry.record, entry).status === status).length
  for (const status of STATUSES) {
    const read = () => (status === "exited" || status === "interrupted" ? (ended.get(status) ?? 0) : live(status))
    gauge("agentd_sessions", "Sessions by status; ended ones as long as they are kept.", read, { status })
  }
  gauge("agentd_attached_clients", "Clients attached to sessions.", () =>
    [...entries.values()].reduce((sum, { live }) => sum + live.clients.attached.size, 0)
  )
})

/** Bytes since this daemon has a session, so that a restart counts none twice. */
const ofOutput = Effect.gen(function* () {
  const { total } = yield* Meters
  const { entries } = yield* LiveSessions
  // Those that are there already were taken over.
  const since = new Map([...entries.values()].map(({ live, record }) => [record.id, live.end] as const))
  let finished = 0
  /** Ended on record, and for a moment still among the living. */
  const settled = new Set<string>()
  yield* (yield* EventLog).observe(({ events }) => {
    for (const { body } of events) {
      if (body.type !== "session.ended") continue
      finished += body.offset - (since.get(body.session) ?? 0)
      since.delete(body.session)
      settled.add(body.session)
    }
  })
  let highest = 0
  total("agentd_session_output_bytes_total", "Bytes that sessions have printed.", () => {
    for (const id of settled) if (!entries.has(id)) settled.delete(id)
    const running = [...entries.values()].reduce(
      (sum, { live, record: { id } }) => (settled.has(id) ? sum : sum + live.end - (since.get(id) ?? 0)),
      0
    )
    highest = Math.max(highest, finished + running)
    return highest
  })
})

/** Once somebody has looked, and from then on: nobody pays for it otherwise. */
const ofEventLoop = Effect.gen(function* () {
  const { before, histogram } = yield* Meters
  const scope = yield* Effect.scope
  let watched = false
  const watch = Effect.gen(function* () {
    const lag = histogram("agentd_event_loop_delay_seconds", "How late a timer is that is due every second.")
    for (;;) {
      const due = performance.now() + LAG_MS
      yield* Effect.sleep(LAG_MS)
      lag.observe(Math.max(0, performance.now() - due) / 1000)
    }
  })
  before(
    Effect.suspend(() => {
      if (watched) return Effect.void
      watched = true
      return Effect.asVoid(Effect.forkIn(watch, scope, { startImmediately: true }))
    })
  )
})
