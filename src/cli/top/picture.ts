/** The screen of `agentctl top` as lines: a pure function of what is known and how much room there is. */
import { compact, graph, toWidth } from "../fullscreen/cells.ts"
import { age, commandLine, printable } from "../Paint.ts"
import { stateShort } from "../words/StateText.ts"
import type { Row, Sort } from "./Row.ts"

export interface State {
  /** In the order they are shown. */
  readonly rows: ReadonlyArray<Row>
  readonly sort: Sort
  /** The chosen session's id. */
  readonly selected: string | null
  /** Asked before the chosen session is stopped. */
  readonly asking: boolean
  /** What happened last; null: the keys are explained. */
  readonly message: string | null
}

export interface Look {
  readonly cols: number
  readonly rows: number
  readonly ascii: boolean
  readonly colour: boolean
}

interface Column {
  readonly title: string
  readonly width: number
  /** Those with a lower number stay longer when it gets narrow. */
  readonly rank: number
  readonly right?: boolean
  readonly value: (row: Row, look: Look) => string
}

const GRAPH = 8
const NAME_MIN = 8
const NAME_MAX = 24
const COMMAND_MIN = 12

/** A graph that is full at one processor; output is drawn against its own highest. */
const ONE_PROCESSOR = 100

const columns: ReadonlyArray<Column> = [
  { title: "STATE", width: 10, rank: 4, value: stateText },
  {
    title: "CPU%",
    width: 5,
    rank: 1,
    right: true,
    value: ({ cpu }) => (cpu === null ? "-" : cpu < 10 ? cpu.toFixed(1) : String(Math.round(cpu)))
  },
  {
    title: "",
    width: GRAPH,
    rank: 6,
    value: ({ cpuHistory }, { ascii }) => graph(cpuHistory, GRAPH, ONE_PROCESSOR, ascii)
  },
  { title: "MEM", width: 5, rank: 2, right: true, value: ({ memoryBytes }) => compact(memoryBytes) },
  { title: "TASKS", width: 5, rank: 7, right: true, value: ({ tasks }) => compact(tasks) },
  { title: "OUT/S", width: 5, rank: 3, right: true, value: ({ outputRate }) => compact(outputRate) },
  { title: "", width: GRAPH, rank: 8, value: ({ outputHistory }, { ascii }) => graph(outputHistory, GRAPH, 1, ascii) },
  { title: "AGE", width: 4, rank: 5, right: true, value: ({ ageMs }) => age(0, ageMs) }
]

/** "working", "permission", "idle 12m"; a program that nothing but its silence tells of is idle after a while. */
export function stateText({ idleMs, state, status }: Row): string {
  if (state === null) return idleMs === null ? status : `idle ${age(0, idleMs)}`
  return stateShort(state)
}

interface Layout {
  readonly name: number
  readonly columns: ReadonlyArray<Column>
  /** Cells for the command; 0: it is left out. */
  readonly command: number
}

/** Which columns there is room for: the important ones first, then a longer name, then the command. */
export const layoutFor = (cols: number): Layout => {
  // The first cell marks the chosen session.
  let left = cols - 1 - NAME_MIN
  const kept = new Set<Column>()
  for (const column of columns.toSorted((a, b) => a.rank - b.rank)) {
    if (left < column.width + 1) break
    kept.add(column)
    left -= column.width + 1
  }
  const more = Math.max(0, Math.min(NAME_MAX - NAME_MIN, left))
  const rest = left - more - 1
  return {
    name: Math.max(0, Math.min(cols - 1, NAME_MIN + more)),
    columns: columns.filter((column) => kept.has(column)),
    command: rest >= COMMAND_MIN ? rest : 0
  }
}

/** Lines above and below the sessions. */
const FRAME = 3

/** Sessions that toWidth; the screen has at least one line of them. */
export const pageOf = ({ rows }: Pick<Look, "rows">): number => Math.max(1, rows - FRAME)

export const picture = (state: State, look: Look): ReadonlyArray<string> => {
  const layout = layoutFor(look.cols)
  const style = (code: number, text: string) => (look.colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  const page = pageOf(look)
  const at = Math.max(
    0,
    state.rows.findIndex(({ id }) => id === state.selected)
  )
  const first = Math.max(0, Math.min(at - Math.floor(page / 2), state.rows.length - page))
  const shown = state.rows.slice(first, first + page)
  const lines = [
    style(1, fitted(summary(state), look)),
    style(
      2,
      line(" ", "NAME", layout, ({ title }) => title, "COMMAND", look)
    ),
    ...shown.map((row) => {
      const chosen = row.id === state.selected
      const value = (column: Column) => column.value(row, look)
      const text = line(chosen ? ">" : " ", printable(row.name), layout, value, commandLine(row.argv), look)
      return chosen ? style(7, text) : text
    }),
    ...(state.rows.length === 0 ? [fitted(' No live sessions. "agentctl run" starts one.', look)] : [])
  ]
  const filled = [...lines, ...Array<string>(Math.max(0, look.rows - 1 - lines.length)).fill("")].slice(
    0,
    Math.max(0, look.rows - 1)
  )
  return [...filled, style(state.asking ? 1 : 2, fitted(footer(state), look))].slice(-look.rows)
}

const line = (
  mark: string,
  name: string,
  layout: Layout,
  value: (column: Column) => string,
  command: string,
  { ascii }: Look
): string => {
  const more = ascii ? "~" : "…"
  const cells = [
    toWidth(name, layout.name, { more }),
    ...layout.columns.map((column) => toWidth(value(column), column.width, { more, right: column.right ?? false })),
    ...(layout.command > 0 ? [toWidth(command, layout.command, { more })] : [])
  ]
  return mark + cells.join(" ")
}

const fitted = (text: string, { ascii, cols }: Look): string => toWidth(text, cols, { more: ascii ? "~" : "…" })

const summary = ({ rows, sort }: State): string => {
  const sum = (value: (row: Row) => number | null) => rows.reduce((total, row) => total + (value(row) ?? 0), 0)
  const count = rows.length === 1 ? "1 session" : `${rows.length} sessions`
  return `${count}  cpu ${Math.round(sum(({ cpu }) => cpu))}%  memory ${compact(sum(({ memoryBytes }) => memoryBytes))}  output ${compact(sum(({ outputRate }) => outputRate))}/s  by ${sort}`
}

const footer = ({ asking, message, rows, selected }: State): string => {
  const chosen = rows.find(({ id }) => id === selected)
  if (asking && chosen !== undefined) return `Stop ${printable(chosen.name)}, and everything it started? [y/N]`
  return message === null
    ? "q quit  s stop  enter attach  arrows choose  sort: c cpu  m mem  o out  n name"
    : printable(message)
}
