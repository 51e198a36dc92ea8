/**
 * Answers `daemon.metrics`: what was counted and is measured now, as text for Prometheus.
 */
import { Effect } from "effect"
import type { Handlers } from "../contract/Handler.ts"
import type { Params } from "../contract/Methods.ts"
import type { Session } from "../contract/session/Session.ts"
import type { Sessions } from "../sessions/Sessions.ts"
import { Meters, type Snapshot } from "../telemetry/Meters.ts"
import { prometheusText } from "../telemetry/Prometheus.ts"

export const metrics = Effect.fnUntraced(function* (
  { sessions: each = false }: Params<"daemon.metrics">,
  { requests }: Sessions["Service"],
  caller: Parameters<Handlers["session.list"]>[1]
) {
  const counted = yield* (yield* Meters).look
  if (!each) return { text: prometheusText(counted) }
  const { sessions } = yield* requests["session.list"]({ usage: true }, caller)
  return { text: prometheusText([...counted, ...sessions.flatMap(ofSession)]) }
})

/** Labelled with what only its own user should see, and as many as there are sessions: for those who ask for it. */
const ofSession = ({ clients, id, name, offset, unrecorded, usage }: Session): ReadonlyArray<Snapshot> => {
  const attributes = { session: id, name }
  const gauge = (id: string, description: string, value: number): Snapshot => ({
    id,
    type: "Gauge",
    description,
    attributes,
    state: { value }
  })
  const counter = (id: string, description: string, count: number): Snapshot => ({
    id,
    type: "Counter",
    description,
    attributes,
    state: { count, incremental: true }
  })
  return [
    counter("agentd_session_output_offset_bytes_total", "Bytes a session has printed since its start.", offset),
    counter("agentd_session_unrecorded_bytes_total", "Bytes of it that were not recorded.", unrecorded),
    gauge("agentd_session_clients", "Clients attached to a session.", clients.length),
    ...(usage === null
      ? []
      : [
          gauge("agentd_session_memory_bytes", "Memory of a session's processes.", usage.memoryBytes),
          counter("agentd_session_cpu_seconds_total", "Processor time of a session's processes.", usage.cpuMs / 1000),
          gauge("agentd_session_tasks", "Processes and threads of a session.", usage.tasks)
        ])
  ]
}
