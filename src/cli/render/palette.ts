/** What colours a terminal's numbers are in pictures and pages. */
import type { StyledRun } from "../../contract/session/Styled.ts"

/** The 16 a theme decides on, chosen to be read on a dark ground. */
const NAMED = [
  "#3b4252",
  "#e06c75",
  "#98c379",
  "#e5c07b",
  "#61afef",
  "#c678dd",
  "#56b6c2",
  "#d8dee9",
  "#5c6370",
  "#e06c75",
  "#98c379",
  "#e5c07b",
  "#61afef",
  "#c678dd",
  "#56b6c2",
  "#ffffff"
] as const

export const FOREGROUND = "#d8dee9"
export const BACKGROUND = "#1e222a"

const RGB = /^#[0-9a-f]{6}$/

/** xterm's cube and greys above the first 16. What is no colour at all is the default: it comes from another machine, perhaps. */
export const colourOf = (colour: number | string | undefined, otherwise: string): string => {
  if (typeof colour === "string") return RGB.test(colour) ? colour : otherwise
  if (colour === undefined || !Number.isInteger(colour) || colour < 0 || colour > 255) return otherwise
  if (colour < NAMED.length) return NAMED[colour]!
  const hex = (value: number) => value.toString(16).padStart(2, "0")
  if (colour >= 232) return `#${hex(8 + (colour - 232) * 10).repeat(3)}`
  const level = (step: number) => hex(step === 0 ? 0 : 55 + step * 40)
  const index = colour - 16
  return `#${level(Math.floor(index / 36))}${level(Math.floor(index / 6) % 6)}${level(index % 6)}`
}

export interface Drawn {
  readonly fg: string
  /** Null: the ground it stands on. */
  readonly bg: string | null
  readonly has: (style: NonNullable<StyledRun["styles"]>[number]) => boolean
}

/** The colours a run is drawn in: swapped where it is inverse. */
export const drawn = ({ bg, fg, styles = [] }: StyledRun): Drawn => {
  const has = (style: (typeof styles)[number]) => styles.includes(style)
  const [front, back] = [colourOf(fg, FOREGROUND), colourOf(bg, BACKGROUND)]
  if (has("inverse")) return { fg: back, bg: front, has }
  return { fg: front, bg: bg === undefined ? null : back, has }
}
