/**
 * What the daemon counts and measures: counters, histograms, and gauges that are asked when somebody looks.
 *
 * Counting costs an addition, whether anybody looks or not. They are entered in Effect's registry of metrics, from which both
 * Prometheus' text and OTLP are made. Label values come from closed sets, never from a peer.
 */
import { Context, Effect, Layer, Metric } from "effect"

type Labels = Readonly<Record<string, string>>

export type Snapshot = Metric.Metric.Snapshot

export class Counter {
  value = 0

  add(count: number): void {
    this.value += count
  }
}

/** Upper ends of buckets, in ascending order; above the last one is one more. */
export class Histogram {
  readonly #boundaries: ReadonlyArray<number>
  readonly #counts: Float64Array
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY

  constructor(boundaries: ReadonlyArray<number>) {
    this.#boundaries = boundaries
    this.#counts = new Float64Array(boundaries.length + 1)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.#boundaries.length && value > this.#boundaries[bucket]!) bucket += 1
    this.#counts[bucket]! += 1
    this.#sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
  }

  get state(): Metric.HistogramState {
    let count = 0
    const buckets = this.#boundaries.map((boundary, at): [number, number] => {
      count += this.#counts[at]!
      return [boundary, count]
    })
    count += this.#counts[this.#boundaries.length]!
    return { buckets, count, sum: this.#sum, min: count === 0 ? 0 : this.#min, max: count === 0 ? 0 : this.#max }
  }
}

/** Seconds, from what is answered from memory to what should worry somebody. */
export const SECONDS = [0.0001, 0.00025, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10] as const

export class Meters extends Context.Service<
  Meters,
  {
    readonly counter: (name: string, help: string, labels?: Labels) => Counter
    readonly histogram: (
      name: string,
      help: string,
      options?: { readonly labels?: Labels; readonly boundaries?: ReadonlyArray<number> }
    ) => Histogram
    readonly gauge: (name: string, help: string, read: () => number, labels?: Labels) => void
    /** A counter that is kept elsewhere. */
    readonly total: (name: string, help: string, read: () => number, labels?: Labels) => void
    /** Runs before each look, to fetch what cannot be asked at once. */
    readonly before: (prepare: Effect.Effect<void>) => void
    /** All that is prepared; for whoever reads the registry itself. */
    readonly prepare: Effect.Effect<void>
    readonly look: Effect.Effect<ReadonlyArray<Snapshot>>
  }
>()("agentd/telemetry/Meters") {
  /** With a registry of its own, for what is built on it. */
  static readonly layer = Layer.unwrap(
    Effect.sync(() => {
      const registry: Metric.MetricRegistry = new Map()
      return Layer.merge(Layer.succeed(Meters, make(registry)), Layer.succeed(Metric.MetricRegistry, registry))
    })
  )
}

const make = (registry: Metric.MetricRegistry): Meters["Service"] => {
  const context = Context.make(Metric.MetricRegistry, registry)
  const preparing: Array<Effect.Effect<void>> = []
  const never = { update: () => {}, modify: () => {} }
  const prepare = Effect.suspend(() => Effect.all(preparing, { discard: true }))
  const total = (name: string, description: string, read: () => number, attributes: Labels = {}) => {
    const metric = Metric.counter(name, { description, attributes, incremental: true })
    Metric.registerUnsafe(metric, context, { ...never, get: () => ({ count: read(), incremental: true }) })
  }
  return {
    counter: (name, help, labels) => {
      const counter = new Counter()
      total(name, help, () => counter.value, labels)
      return counter
    },
    histogram: (name, description, { boundaries = SECONDS, labels: attributes = {} } = {}) => {
      const histogram = new Histogram(boundaries)
      const metric = Metric.histogram(name, { description, attributes, boundaries })
      Metric.registerUnsafe(metric, context, { ...never, get: () => histogram.state })
      return histogram
    },
    gauge: (name, description, read, attributes = {}) => {
      const metric = Metric.gauge(name, { description, attributes })
      Metric.registerUnsafe(metric, context, { ...never, get: () => ({ value: read() }) })
    },
    total,
    before: (effect) => void preparing.push(effect),
    prepare,
    look: Effect.andThen(
      prepare,
      Effect.sync(() => Metric.snapshotUnsafe(context))
    )
  }
}
