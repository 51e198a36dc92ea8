/** The picker's screen as lines: sessions above, the chosen one's own screen below. A pure function of what is known and how much room there is. */
import { cellWidth, toWidth } from "../fullscreen/cells.ts"
import { age, commandLine, printable } from "../Paint.ts"
import { chosen, type Entry, type Preview, type State, visible } from "./State.ts"

export interface Look {
  readonly cols: number
  readonly rows: number
  readonly ascii: boolean
  readonly colour: boolean
  /** Milliseconds since 1970, for ages. */
  readonly now: number
}

/** The head, what parts the two halves, and the last line. */
const FRAME = 2
const RULE = 1
/** Lines of sessions below which nothing is taken for a preview, and lines of a preview that tell anything. */
const LIST_MIN = 3
const PREVIEW_MIN = 3

const NAME_MIN = 8
const NAME_MAX = 24
const STATE_CELLS = 11
const AGE_CELLS = 4
/** Cells of a session's last line that tell anything. */
const LINE_MIN = 10

/** How many lines the sessions and the preview get. */
export const layoutFor = (rows: number, count: number): { readonly list: number; readonly preview: number } => {
  const room = Math.max(1, rows - FRAME)
  const list = Math.min(Math.max(count, LIST_MIN), Math.max(LIST_MIN, Math.floor((room - RULE) / 2)))
  const preview = room - RULE - list
  return preview < PREVIEW_MIN ? { list: room, preview: 0 } : { list, preview }
}

/** Sessions that are on the screen: those around the chosen one. */
export const pageOf = (state: State, rows: number): ReadonlyArray<Entry> => {
  const shown = visible(state)
  const { list } = layoutFor(rows, shown.length)
  const at = Math.max(
    0,
    shown.findIndex(({ reference }) => reference === state.selected)
  )
  const first = Math.max(0, Math.min(at - Math.floor(list / 2), shown.length - list))
  return shown.slice(first, first + list)
}

export const picture = (state: State, look: Look): ReadonlyArray<string> => {
  const style = (code: number, text: string) => (look.colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  const { list, preview } = layoutFor(look.rows, visible(state).length)
  const name = nameCells(state.entries, look.cols)
  const rows = pageOf(state, look.rows).map((entry) => {
    const text = row(entry, state, name, look)
    if (entry.reference === state.selected) return style(7, text)
    // It does not go on without somebody.
    return entry.asks === null ? text : style(33, text)
  })
  const entry = chosen(state)
  const below =
    preview === 0
      ? []
      : [
          style(2, rule(entry, state, look)),
          ...filled(
            previewLines(entry === undefined ? undefined : state.previews.get(entry.reference), preview, look),
            preview
          )
        ]
  const head = style(1, cut(` ${summary(state)}`, look))
  const lines = [head, ...filled(rows.length > 0 ? rows : [cut(nothing(state), look)], list), ...below]
  const shown = filled(lines, look.rows - 1)
  const foot = style(
    state.mode.type === "stop" ? 1 : state.mode.type === "list" ? 2 : 0,
    cut(footer(state, look), look)
  )
  return [...shown, foot].slice(-look.rows)
}

const filled = (lines: ReadonlyArray<string>, count: number): ReadonlyArray<string> =>
  [...lines, ...Array<string>(Math.max(0, count - lines.length)).fill("")].slice(0, Math.max(0, count))

const cut = (text: string, { ascii, cols }: Look): string => toWidth(text, cols, { more: ascii ? "~" : "…" })

/** As every command takes it. */
const nameOf = ({ host, name }: Entry): string =>
  host === null ? printable(name) : `${printable(host)}:${printable(name)}`

/** As wide as the longest name needs, while there is room. */
const nameCells = (entries: ReadonlyArray<Entry>, cols: number): number => {
  const longest = Math.max(NAME_MIN, ...entries.map((entry) => nameOf(entry).length))
  return Math.max(0, Math.min(longest, NAME_MAX, cols - 1))
}

const row = (entry: Entry, state: State, name: number, look: Look): string => {
  const more = look.ascii ? "~" : "…"
  const mark = entry.reference === state.selected ? ">" : " "
  let left = look.cols - 1 - name
  const cells = [toWidth(nameOf(entry), name, { more })]
  const add = (text: string, width: number, right = false) => {
    if (left < width + 1) return
    cells.push(toWidth(text, width, { more, right }))
    left -= width + 1
  }
  add(printable(entry.state), STATE_CELLS)
  add(age(entry.createdAt, look.now), AGE_CELLS, true)
  if (left > LINE_MIN) add(lastLine(entry, state.previews.get(entry.reference)), left - 1)
  return mark + cells.join(" ")
}

/** What it asks, else what its screen ends with; of one that has shown nothing yet, what it runs. */
const lastLine = (entry: Entry, preview: Preview | undefined): string => {
  if (entry.asks !== null) return printable(entry.asks)
  const line = preview?.lines.findLast((text) => text.trim() !== "")
  return line === undefined ? commandLine(entry.argv) : printable(line.trim())
}

const rule = (entry: Entry | undefined, { previews }: State, look: Look): string => {
  const stroke = look.ascii ? "-" : "─"
  if (entry === undefined) return stroke.repeat(look.cols)
  const preview = previews.get(entry.reference)
  const size = preview === undefined ? "" : `${stroke} ${preview.cols}x${preview.rows} `
  const text = `${stroke} ${nameOf(entry)} ${stroke} ${commandLine(entry.argv)} ${size}`
  const line = cut(text, look).trimEnd()
  return cut(`${line} ${stroke.repeat(Math.max(0, look.cols - cellWidth(line) - 1))}`, look)
}

/** The part of a screen that its cursor and its last words are in. */
export const previewLines = (preview: Preview | undefined, count: number, look: Look): ReadonlyArray<string> => {
  if (preview === undefined) return []
  const written = preview.lines.findLastIndex((text) => text.trim() !== "")
  const end = Math.max(written, Math.min(preview.cursor.y, preview.lines.length - 1)) + 1
  return preview.lines.slice(Math.max(0, end - count), end).map((text) => cut(printable(text), look).trimEnd())
}

const summary = (state: State): string => {
  const all = state.entries.length
  const count = all === 1 ? "1 session" : `${all} sessions`
  if (state.filter === "" && state.mode.type !== "filter") return count
  return `${visible(state).length} of ${count}  /${printable(state.filter)}${state.mode.type === "filter" ? "_" : ""}`
}

const nothing = ({ entries, message }: State): string => {
  if (entries.length > 0) return " None of the sessions has that. Escape shows all."
  return message === null ? ' No sessions. n starts one; "agentctl help" lists the commands.' : ""
}

const footer = (state: State, { cols }: Look): string => {
  const { message, mode } = state
  const asked = state.entries.find((entry) => "reference" in mode && entry.reference === mode.reference)
  const name = asked === undefined ? "" : nameOf(asked)
  switch (mode.type) {
    case "stop":
      return `Stop ${name}, and everything it started? [y/N]`
    case "rename":
      return writing(`New name of ${name}: `, mode.text, cols)
    case "new":
      return writing("Command (empty: your shell): ", mode.text, cols)
    case "filter":
      return message === null ? "Type to filter  enter keep  esc show all" : printable(message)
    case "list":
      return message === null ? KEYS : printable(message)
  }
}

/** A question and the end of what has been written so far. */
const writing = (question: string, text: string, cols: number): string => {
  let shown = [...printable(text)]
  while (shown.length > 0 && cellWidth(`${question}${shown.join("")}_`) > cols) shown = shown.slice(1)
  return `${question}${shown.join("")}_`
}

/** All of it on 80 columns. */
const KEYS = "enter attach  v view  s stop  r rename  n new  / filter  arrows choose  q quit"
