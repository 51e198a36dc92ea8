/**
 * The results as people read them: a few lines on the terminal, and the page `docs/performance.md`.
 */
import { execFileSync } from "node:child_process"
import { arch, cpus, loadavg, release, totalmem, type } from "node:os"
import { causes } from "./causes.ts"
import { judge, type Measured } from "./Result.ts"
import { median, percentile, ratio } from "./statistics.ts"

const figure = (value: number): string =>
  value >= 1000
    ? Math.round(value).toLocaleString("en-US")
    : value >= 100
      ? value.toFixed(0)
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(2)

/** The middle of many rounds, or all of a few. */
const spread = (values: ReadonlyArray<number>): string => {
  if (values.length < 2) return ""
  const [low, high] = values.length < 10 ? [0, 1] : [0.1, 0.9]
  return ` (${figure(percentile(values, low!))} to ${figure(percentile(values, high!))})`
}

export const goalText = ({ goal, unit }: Measured): string =>
  goal === null
    ? "none"
    : goal.against === null
      ? `${goal.sense} ${goal.limit} ${unit}`
      : `${goal.sense} ${goal.limit} × ${goal.against}`

const verdictText = (result: Measured): string => {
  const verdict = judge(result)
  if (verdict === null) return result.goal === null ? "" : "not compared"
  const value = `${figure(verdict.value)}${result.goal?.against === null ? "" : " ×"}`
  return verdict.met ? `${value}, met` : `**${value}, missed**`
}

/** For the terminal, while it runs. */
export const printed = (result: Measured): string =>
  [
    `${result.title} [${result.unit}]  goal: ${goalText(result)}  ${verdictText(result).replaceAll("**", "")}`,
    ...[...result.rounds].map(([name, values]) => `    ${name.padEnd(22)} ${figure(median(values))}${spread(values)}`),
    ...(result.missing ?? []).map((reason) => `    ${reason}`)
  ].join("\n")

const machine = (): string => {
  const [processor] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} × ${processor?.model.trim()} (${arch()}), ${memory} GiB, ${type()} ${release()}, Node ${process.version}`
}

/** What else ran while this began. */
const load = loadavg()[0]!.toFixed(1)

const commit = (): string => {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim()
  } catch {
    return "unknown"
  }
}

const summary = (results: ReadonlyArray<Measured>): string => {
  const rows = results.map((result) => {
    const ours = `${figure(median(result.rounds.get(result.ours)!))} ${result.unit}`
    return `| ${result.title} | ${ours} | ${goalText(result)} | ${verdictText(result)} |`
  })
  return ["| What | agentd | Goal | Result |", "|---|--:|---|---|", ...rows].join("\n")
}

const details = (result: Measured): string => {
  const { how, missing = [], ours, rounds, title, unit } = result
  const rows = [...rounds].map(([name, values]) => {
    const compared = name === ours || result.goal?.against === null ? null : ratio(rounds, ours, name)
    return `| ${name} | ${figure(median(values))}${spread(values)} | ${compared === null ? "" : `${figure(compared)} ×`} |`
  })
  const verdict = judge(result)
  return [
    `### ${title}`,
    "",
    how,
    "",
    `| | Median, ${unit} (range of rounds) | agentd's share of it |`,
    "|---|--:|--:|",
    ...rows,
    ...(missing.length === 0 ? [] : ["", missing.join(" ")]),
    ...(verdict === null || verdict.met ? [] : ["", `**Why the goal is missed.** ${causes[result.id]}`])
  ].join("\n")
}

export const page = (results: ReadonlyArray<Measured>, seconds: number): string => `# Performance

![How much of each goal agentd uses up: a bar that ends left of the line meets its goal](performance.svg)

${summary(results)}

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)} at commit ${commit()}, in ${seconds.toFixed(0)} s, on
${machine()}; load average ${load} before it began.

Peers are measured in the same run as agentd and in turn with it, so that a busy machine is busy for all of them. Figures are
medians of the rounds, with the middle four fifths of them, or of a few rounds all; a ratio is the median of each round's ratio. Absolute figures of another machine differ; ratios should
not by much. Everything runs on one machine, over Unix sockets, in directories that are removed afterwards.

## In detail

${results.map(details).join("\n\n")}
`
