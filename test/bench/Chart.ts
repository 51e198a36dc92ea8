/**
 * The chart above the figures: for each goal a bar that shows how much of it is used up, against one line where all of it is.
 */
import { goalText } from "./Report.ts"
import { judge, type Measured } from "./Result.ts"

const WIDTH = 860
const LABELS = 400
const ROW = 46
const TOP = 56
const BAR = 14
/** Bars beyond this share of the goal are cut off and say so. */
const MOST = 2

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

interface Palette {
  readonly ground: string
  readonly ink: string
  readonly dim: string
  readonly met: string
  readonly missed: string
  readonly rule: string
}

/** Contrasts of 4.5 to 1 and more; met and missed differ in lightness too, not in red and green. */
const light: Palette = {
  ground: "#ffffff",
  ink: "#1f2328",
  dim: "#59636e",
  met: "#0969da",
  missed: "#bc4c00",
  rule: "#d1d9e0"
}
const dark: Palette = {
  ground: "#0d1117",
  ink: "#f0f6fc",
  dim: "#9198a1",
  met: "#4493f8",
  missed: "#f0883e",
  rule: "#3d444d"
}

/** Plain properties, because not every viewer knows variables. */
const colours = ({ dim, ground, ink, met, missed, rule }: Palette): string => `
    text { fill: ${ink} } .dim { fill: ${dim} } .ground { fill: ${ground} } .met { fill: ${met} } .missed { fill: ${missed} }
    .rule { stroke: ${rule} } .goal { stroke: ${ink} }`

const STYLE = `
    text { font: 13px system-ui, sans-serif } .dim { font-size: 12px } .goal { stroke-width: 1.5 }${colours(light)}
    @media (prefers-color-scheme: dark) {${colours(dark)}
    }`

export const chart = (results: ReadonlyArray<Measured>): string => {
  const rows = results.flatMap((result) => {
    const verdict = judge(result)
    return verdict === null ? [] : [{ result, verdict }]
  })
  const height = TOP + rows.length * ROW + 20
  const scale = (WIDTH - LABELS - 130) / MOST
  const x = (share: number) => LABELS + Math.min(share, MOST) * scale
  const bars = rows.map(({ result, verdict }, at) => {
    const y = TOP + at * ROW
    const value = `${Number(verdict.value.toPrecision(2))}${result.goal?.against === null ? ` ${result.unit}` : " ×"}`
    const end = x(verdict.share)
    return `
  <text x="${LABELS - 14}" y="${y + 12}" text-anchor="end">${escaped(result.title.replaceAll("`", ""))}</text>
  <text class="dim" x="${LABELS - 14}" y="${y + 28}" text-anchor="end">goal: ${escaped(goalText(result))}</text>
  <rect class="${verdict.met ? "met" : "missed"}" x="${LABELS}" y="${y + 6}" width="${(end - LABELS).toFixed(1)}" height="${BAR}" rx="2"/>
  <text class="dim" x="${(Math.max(end, verdict.share < 1 && end > x(1) - 90 ? x(1) : end) + 8).toFixed(1)}" y="${y + 18}">${escaped(value)}${verdict.met ? "" : " (missed)"}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">
  <title id="title">How much of each goal agentd uses up. Bars that end before the line meet it.</title>
  <style>${STYLE}
  </style>
  <rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>
  <text x="20" y="28" font-weight="600">How much of each goal is used up</text>
  <text class="dim" x="${x(1)}" y="28" text-anchor="middle">goal</text>
  <line class="rule" x1="${LABELS}" x2="${LABELS}" y1="36" y2="${height - 16}"/>${bars.join("")}
  <line class="goal" x1="${x(1)}" x2="${x(1)}" y1="36" y2="${height - 16}"/>
</svg>
`
}
