/** Text in cells of a terminal: how wide it is, cut and filled to a width, and figures that toWidth into a few cells. */

const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]/u
const NARROW = /^\p{M}/u

const widthOf = (character: string): number => (NARROW.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

export const cellWidth = (text: string): number => [...text].reduce((sum, character) => sum + widthOf(character), 0)

/** Exactly so many cells: filled with blanks, or cut, with a sign that it was. */
export const toWidth = (text: string, cells: number, { right = false, more = "…" } = {}): string => {
  if (cells <= 0) return ""
  const width = cellWidth(text)
  if (width <= cells) return right ? " ".repeat(cells - width) + text : text + " ".repeat(cells - width)
  let kept = ""
  let used = 0
  for (const character of text) {
    const next = widthOf(character)
    if (used + next > cells - 1) break
    kept += character
    used += next
  }
  return `${kept}${more}${" ".repeat(Math.max(0, cells - used - 1))}`
}

/** "999", "1.5K", "12M": at most five cells. */
export const compact = (count: number | null): string => {
  if (count === null) return "-"
  const units = ["", "K", "M", "G", "T", "P"]
  let value = count
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit > 0 && value < 10 ? value.toFixed(1) : Math.round(value)}${units[unit]}`
}

const BLOCKS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
const PLAIN = [" ", ".", ":", "-", "=", "+", "*", "#", "@"]

/** The last values, one a cell; `full` is what fills a cell, unless one of them is more. */
export const graph = (values: ReadonlyArray<number>, cells: number, full: number, ascii: boolean): string => {
  const shown = values.slice(-cells)
  const top = Math.max(full, ...shown)
  const steps = ascii ? PLAIN : BLOCKS
  const bar = (value: number) => steps[value <= 0 ? 0 : Math.min(8, Math.max(1, Math.round((value / top) * 8)))]!
  return shown.map(bar).join("").padStart(cells)
}

/** Whether the terminal's locale says that it shows more than ASCII (locale(7): the first that is set decides). */
export const showsUnicode = (env: Readonly<Record<string, string | undefined>>): boolean =>
  /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || "")
