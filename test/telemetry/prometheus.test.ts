/** Prometheus' text format, whatever is in it. */
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Histogram, Meters } from "../../src/telemetry/Meters.ts"
import { prometheusText } from "../../src/telemetry/Prometheus.ts"
import { countRequests } from "../../src/telemetry/RequestMeter.ts"
import { parseExposition } from "./exposition.ts"

const withMeters = (use: (meters: Meters["Service"]) => void): string =>
  Effect.runSync(
    Effect.provide(
      Effect.gen(function* () {
        const meters = yield* Meters
        use(meters)
        return prometheusText(yield* meters.look)
      }),
      Meters.layer
    )
  )

describe("metrics as text", () => {
  it("can be read back, whatever labels hold and values are", () => {
    const value = fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.constant(Number.POSITIVE_INFINITY))
    const labels = fc.uniqueArray(fc.string({ unit: "binary" }), { maxLength: 5 })
    fc.assert(
      fc.property(labels, fc.array(value), fc.string(), (names, values, help) => {
        const text = withMeters(({ counter, gauge, histogram }) => {
          for (const name of names) gauge("one_gauge", help, () => values[0] ?? 0, { name, constant: '"' })
          const observed = histogram("one_histogram", help)
          for (const one of values) observed.observe(one)
          counter("one_total", help).add(3)
        })
        const families = parseExposition(text)
        expect(families.get("one_gauge")?.samples.map(({ labels }) => labels.name) ?? []).toEqual(names)
        const count = families.get("one_histogram")!.samples.find(({ name }) => name.endsWith("_count"))
        expect(count!.value).toBe(values.length)
        expect(families.get("one_total")!.samples).toEqual([{ name: "one_total", labels: {}, value: 3 }])
      })
    )
  })

  it("puts each observation into the bucket whose end it does not exceed", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true })), (values) => {
        const histogram = new Histogram([0.1, 1, 10])
        for (const value of values) histogram.observe(value)
        const { buckets, count } = histogram.state
        expect(buckets).toEqual([0.1, 1, 10].map((end) => [end, values.filter((value) => value <= end).length]))
        expect(count).toBe(values.length)
      })
    )
  })

  it("gives a peer no say in how many series there are", () => {
    const text = withMeters((meters) => {
      const answered = countRequests(meters, ["health"])
      for (let at = 0; at < 1_000; at++) answered(`method${at}`, "MethodNotFound", 1)
      answered("health", "ok", 2)
    })
    const { samples } = parseExposition(text).get("agentd_requests_total")!
    expect(samples.map(({ labels, value }) => [labels, value])).toEqual([
      [{ method: "unknown", outcome: "MethodNotFound" }, 1_000],
      [{ method: "health", outcome: "ok" }, 1]
    ])
  })
})
