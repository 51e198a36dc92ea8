/**
 * Prometheus' text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats).
 */
import type { Snapshot } from "./Meters.ts"

export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

type Labels = Readonly<Record<string, string>>

/** Families in the order of their names, each with its lines together, as parsers demand. */
export const prometheusText = (snapshots: ReadonlyArray<Snapshot>): string => {
  const families = Map.groupBy(snapshots, ({ id }) => id)
  return [...families]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, series]) => {
      const { description = "", type } = series[0]!
      const head = `# HELP ${name} ${escaped(description)}\n# TYPE ${name} ${type.toLowerCase()}\n`
      return head + series.flatMap(lines).join("")
    })
    .join("")
}

const lines = (snapshot: Snapshot): ReadonlyArray<string> => {
  const { attributes: labels = {}, id } = snapshot
  switch (snapshot.type) {
    case "Counter":
      return [line(id, labels, snapshot.state.count)]
    case "Gauge":
      return [line(id, labels, snapshot.state.value)]
    case "Histogram": {
      const { buckets, count, sum } = snapshot.state
      return [
        ...buckets.map(([le, cumulated]) => line(`${id}_bucket`, { ...labels, le: number(le) }, cumulated)),
        line(`${id}_bucket`, { ...labels, le: "+Inf" }, count),
        line(`${id}_sum`, labels, sum),
        line(`${id}_count`, labels, count)
      ]
    }
    default:
      // Nothing of ours is a summary or a frequency.
      return []
  }
}

const line = (name: string, labels: Labels, value: number | bigint): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`)
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${number(value)}\n`
}

/** A line must stay one, whatever a name holds; other control characters are no matter to the format. */
const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")

const number = (value: number | bigint): string =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value)
