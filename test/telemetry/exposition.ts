/**
 * Reads Prometheus' text format 0.0.4 as strictly as promtool does: families together, each with one type, no series twice,
 * histograms cumulated and complete. Throws at the first line that breaks a rule.
 */

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/
const VALUE = /^ (NaN|[+-]Inf|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/

const unquoted = (text: string) => text.replace(/\\(["\\n])/g, (_, character) => (character === "n" ? "\n" : character))

const sampleOf = (line: string): Sample => {
  const refuse = (): never => {
    throw new Error(`no sample: ${JSON.stringify(line)}`)
  }
  const name = NAME.exec(line)?.[0] ?? refuse()
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith("{")) {
    rest = rest.slice(1)
    while (!rest.startsWith("}")) {
      const [whole, label, text] = LABEL.exec(rest) ?? refuse()
      if (Object.hasOwn(labels, label!)) refuse()
      labels[label!] = unquoted(text!)
      rest = rest.slice(whole.length)
      if (rest.startsWith(",")) rest = rest.slice(1)
    }
    rest = rest.slice(1)
  }
  const [, value] = VALUE.exec(rest) ?? refuse()
  return { name, labels, value: Number(value!.replace("Inf", "Infinity")) }
}

export const parseExposition = (text: string): ReadonlyMap<string, Family> => {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no end")
  const families = new Map<string, { type: string; help: string; samples: Array<Sample> }>()
  let current = ""
  for (const line of text.split("\n").slice(0, -1)) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/s.exec(line) ?? []
    if (kind === "HELP") {
      if (families.has(name!)) throw new Error(`${name} comes twice`)
      families.set(name!, { type: "", help: rest!, samples: [] })
      current = name!
    } else if (kind === "TYPE") {
      if (name !== current || families.get(current)!.type !== "") throw new Error(`out of place: ${line}`)
      if (!["counter", "gauge", "histogram"].includes(rest!)) throw new Error(`no type: ${rest}`)
      families.get(current)!.type = rest!
    } else {
      const sample = sampleOf(line)
      const family = families.get(current)!
      const own = family.type === "histogram" ? sample.name.replace(/_(bucket|sum|count)$/, "") : sample.name
      if (own !== current) throw new Error(`${sample.name} among ${current}`)
      family.samples.push(sample)
    }
  }
  for (const [name, family] of families) check(name, family)
  return families
}

const check = (name: string, { samples, type }: Family) => {
  const keys = samples.map(({ labels, name }) => JSON.stringify([name, Object.entries(labels).sort()]))
  if (new Set(keys).size !== keys.length) throw new Error(`${name} has a series twice`)
  if (type === "counter" && samples.some(({ value }) => value < 0)) throw new Error(`${name} is below zero`)
  if (type !== "histogram") return
  const series = Map.groupBy(samples, ({ labels: { le: _, ...others } }) => JSON.stringify(others))
  for (const lines of series.values()) {
    const buckets = lines.filter((line) => line.name.endsWith("_bucket"))
    const ends = buckets.map(({ labels: { le } }) => Number(le!.replace("Inf", "Infinity")))
    const counts = buckets.map(({ value }) => value)
    const count = lines.find((line) => line.name.endsWith("_count"))?.value
    if (ends.at(-1) !== Number.POSITIVE_INFINITY || counts.at(-1) !== count) throw new Error(`${name} is not complete`)
    if (ends.some((end, at) => at > 0 && end <= ends[at - 1]!)) throw new Error(`${name}: buckets out of order`)
    if (counts.some((one, at) => at > 0 && one < counts[at - 1]!)) throw new Error(`${name} is not cumulated`)
  }
}
