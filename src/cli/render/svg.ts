/**
 * A screen as a picture (SVG): colours, weights, cursor and title, every run in the columns it has on the terminal. The same screen
 * gives the same bytes, so that a picture can lie beside the pages that show it.
 */
import type { Screen } from "../../contract/session/SessionTerminal.ts"
import type { StyledLine, StyledRun } from "../../contract/session/Styled.ts"
import { escaped } from "./markup.ts"
import { BACKGROUND, drawn, FOREGROUND } from "./palette.ts"

/** Pixels of a cell, of the margin around all, and of the bar at the top. */
const WIDTH = 8.4
const HEIGHT = 18
const EDGE = 16
const BAR = 34
/** From a cell's top to the line its letters stand on. */
const BASELINE = 13.5

const FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

export interface Picture {
  readonly screen: Pick<Screen, "cols" | "rows" | "cursor" | "styled">
  /** Shown at the top, and to whoever cannot see the picture. */
  readonly title: string
}

export const svgOf = ({ screen, title }: Picture): string => {
  const lines = screen.styled ?? []
  const width = Math.ceil(screen.cols * WIDTH + 2 * EDGE)
  const height = Math.ceil(BAR + lines.length * HEIGHT + 2 * EDGE)
  const rows = lines.map((line, row) => drawLine(line, BAR + EDGE + row * HEIGHT)).filter((text) => text !== "")
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="14">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>`,
    bar(width, title),
    ...rows,
    ...cursor(screen, lines),
    "</svg>",
    ""
  ].join("\n")
}

const bar = (width: number, title: string): string => {
  const lights = ["#e06c75", "#e5c07b", "#98c379"]
    .map((fill, at) => `<circle cx="${EDGE + 6 + at * 18}" cy="18" r="5" fill="${fill}"/>`)
    .join("")
  const room = Math.max(0, Math.floor((width - 2 * (EDGE + 60)) / WIDTH))
  const shown = [...title].length > room ? `${[...title].slice(0, Math.max(0, room - 1)).join("")}…` : title
  return `${lights}<text x="${width / 2}" y="23" text-anchor="middle" fill="${FOREGROUND}" opacity="0.7">${escaped(shown)}</text>`
}

const number = (value: number): string => String(Math.round(value * 10) / 10)

const drawLine = (line: StyledLine, top: number): string => {
  let column = 0
  return line
    .map((run) => {
      const x = EDGE + column * WIDTH
      column += run.cells
      return drawRun(run, x, top)
    })
    .filter((text) => text !== "")
    .join("\n")
}

const drawRun = (run: StyledRun, x: number, top: number): string => {
  const { bg, fg, has } = drawn(run)
  const length = number(run.cells * WIDTH)
  const ground =
    bg === null ? "" : `<rect x="${number(x)}" y="${number(top)}" width="${length}" height="${HEIGHT}" fill="${bg}"/>`
  const lines = (["underline", "line-through", "overline"] as const).filter((_, at) =>
    has((["underline", "strike", "overline"] as const)[at]!)
  )
  if (has("invisible") || (run.text.trim() === "" && lines.length === 0)) return ground
  const looks = [
    ...(has("bold") ? [`font-weight="bold"`] : []),
    ...(has("italic") ? [`font-style="italic"`] : []),
    ...(has("dim") ? [`opacity="0.6"`] : []),
    ...(lines.length === 0 ? [] : [`text-decoration="${lines.join(" ")}"`])
  ]
  const place = `x="${number(x)}" y="${number(top + BASELINE)}" textLength="${length}" lengthAdjust="spacingAndGlyphs"`
  return `${ground}<text ${[place, `xml:space="preserve"`, `fill="${fg}"`, ...looks].join(" ")}>${escaped(run.text)}</text>`
}

/** A frame around its cell, so that what stands there is to be read. Lines above the screen push it down. */
const cursor = ({ cursor: { visible, x, y }, rows }: Picture["screen"], lines: ReadonlyArray<StyledLine>) => {
  const above = Math.max(0, lines.length - rows)
  if (!visible) return []
  const [left, top] = [EDGE + x * WIDTH, BAR + EDGE + (y + above) * HEIGHT]
  return [
    `<rect x="${number(left)}" y="${number(top)}" width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="${FOREGROUND}"/>`
  ]
}
