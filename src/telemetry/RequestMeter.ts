/**
 * What a door tells of each request it answers: how often, how long, with what outcome; and, while traces are collected, the
 * span around it. Nothing unless somebody provides more.
 */
import { Context, Effect, Layer } from "effect"
import { methods } from "../contract/Methods.ts"
import { type Counter, type Histogram, Meters } from "./Meters.ts"

/** Is told of every answer. `outcome`: `ok`, or the tag of the error; `ms`: milliseconds since it was asked for. */
type Answered = (method: string, outcome: string, ms: number) => void

export const RequestMeter = Context.Reference<Answered>("agentd/telemetry/RequestMeter", {
  defaultValue: () => () => {}
})

/** A request, as far as it may be told. */
export interface Asked {
  readonly method: string
  readonly id: string | number | null
  readonly pid: number | null
}

/** Puts a span around the work on a request; null while no traces are collected. */
export const RequestTrace = Context.Reference<
  | (<A, E extends { readonly _tag: string }, R>(
      effect: Effect.Effect<A, E, R>,
      asked: Asked
    ) => Effect.Effect<A, E, R>)
  | null
>("agentd/telemetry/RequestTrace", { defaultValue: () => null })

export const layer = Layer.effect(
  RequestMeter,
  Effect.map(Meters, (meters) => countRequests(meters, Object.keys(methods)))
)

/** What is counted of one method. */
interface Counted {
  readonly outcomes: Map<string, Counter>
  readonly durations: Histogram
}

/** Methods and outcomes are the contract's own words: whatever else a peer asks for is `unknown`. */
export const countRequests = (meters: Meters["Service"], names: Iterable<string>): Answered => {
  const known = new Set(names)
  const counted = new Map<string, Counted>()
  const help = "Time from a request to its answer; some methods wait for something to happen."
  const begin = (method: string): Counted => {
    const options = { labels: { method } }
    const one = { outcomes: new Map(), durations: meters.histogram("agentd_request_duration_seconds", help, options) }
    counted.set(method, one)
    return one
  }
  // On the way of every request: two looks, and no text is put together.
  return (asked, outcome, ms) => {
    const method = known.has(asked) ? asked : "unknown"
    const { durations, outcomes } = counted.get(method) ?? begin(method)
    let counter = outcomes.get(outcome)
    if (counter === undefined) {
      counter = meters.counter("agentd_requests_total", "Requests answered.", { method, outcome })
      outcomes.set(outcome, counter)
    }
    counter.add(1)
    durations.observe(ms / 1000)
  }
}
