/** What the picker shows, and what each key makes of it. Pure: what has to be done about a key is handed back as a request. */
import { meaning, moved } from "../fullscreen/Keys.ts"

/** A session as the picker has it. */
export interface Entry {
  /** As every command takes it: the id, after the machine if that is another. */
  readonly reference: string
  readonly id: string
  readonly host: string | null
  readonly name: string
  readonly state: string
  /** What it asks its user. */
  readonly asks: string | null
  readonly argv: ReadonlyArray<string>
  readonly createdAt: number
  /** What else it can be found by. */
  readonly words: ReadonlyArray<string>
  /** Bytes it has printed. */
  readonly offset: number
}

/** A session's screen, as it was at an offset. */
export interface Preview {
  readonly offset: number
  readonly cols: number
  readonly rows: number
  readonly cursor: { readonly x: number; readonly y: number }
  readonly title: string
  readonly lines: ReadonlyArray<string>
}

/** What the keys are taken for: choosing, a text that is being written, or an answer. */
export type Mode =
  | { readonly type: "list" }
  | { readonly type: "filter" }
  | { readonly type: "stop"; readonly reference: string }
  | { readonly type: "rename"; readonly reference: string; readonly text: string }
  | { readonly type: "new"; readonly text: string }

export interface State {
  readonly entries: ReadonlyArray<Entry>
  readonly previews: ReadonlyMap<string, Preview>
  readonly selected: string | null
  readonly filter: string
  readonly mode: Mode
  /** What happened last; null: the keys are explained. */
  readonly message: string | null
}

export const initial: State = {
  entries: [],
  previews: new Map(),
  selected: null,
  filter: "",
  mode: { type: "list" },
  message: null
}

export type Request =
  | { readonly type: "quit" }
  | { readonly type: "attach"; readonly entry: Entry; readonly view: boolean }
  | { readonly type: "stop"; readonly entry: Entry }
  | { readonly type: "rename"; readonly entry: Entry; readonly name: string }
  | { readonly type: "new"; readonly command: string }

/** Characters a text may have that is written here. */
const MAX_TEXT = 256

/** Entries that have every word of the filter somewhere, in upper or lower case. */
export const visible = ({ entries, filter }: Pick<State, "entries" | "filter">): ReadonlyArray<Entry> => {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return entries
  return entries.filter((entry) => {
    const text = [entry.host ?? "", entry.name, entry.state, ...entry.argv, ...entry.words].join("\n").toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

export const chosen = (state: State): Entry | undefined =>
  visible(state).find(({ reference }) => reference === state.selected)

/** The same with other sessions: the choice stays where it was, or falls on the one that took its place. */
export const withEntries = (state: State, entries: ReadonlyArray<Entry>): State => {
  const at = Math.max(
    0,
    visible(state).findIndex(({ reference }) => reference === state.selected)
  )
  const known = new Set(entries.map(({ reference }) => reference))
  const previews = new Map([...state.previews].filter(([reference]) => known.has(reference)))
  const next = settled({ ...state, entries, previews }, at)
  // What is asked about a session that has gone is answered.
  return "reference" in next.mode && !known.has(next.mode.reference) ? { ...next, mode: { type: "list" } } : next
}

const settled = (state: State, at: number): State => {
  const shown = visible(state)
  if (shown.some(({ reference }) => reference === state.selected)) return state
  return { ...state, selected: shown[Math.min(at, shown.length - 1)]?.reference ?? null }
}

export interface Step {
  readonly state: State
  readonly request?: Request
}

/** `page`: how many sessions are on the screen at once. */
export const step = (state: State, key: string, page: number): Step => {
  switch (state.mode.type) {
    case "list":
      return choosing(state, meaning(key), page)
    case "filter":
      return filtering(state, key, page)
    case "stop":
      return answering(state, state.mode.reference, key)
    case "rename":
    case "new":
      return writing(state, state.mode, key)
  }
}

const LIST: Mode = { type: "list" }

const choosing = (state: State, key: string, page: number): Step => {
  const entry = chosen(state)
  const to = (mode: Mode): Step => ({ state: { ...state, mode, message: null } })
  if (key === "quit") return { state, request: { type: "quit" } }
  if (key === "/") return to({ type: "filter" })
  if (key === "n") return to({ type: "new", text: "" })
  if (key === "escape") return { state: settled({ ...state, filter: "", message: null }, 0) }
  if (entry === undefined) return { state }
  if (key === "enter") return { state, request: { type: "attach", entry, view: false } }
  if (key === "v") return { state, request: { type: "attach", entry, view: true } }
  if (key === "s") return to({ type: "stop", reference: entry.reference })
  if (key === "r") return to({ type: "rename", reference: entry.reference, text: entry.name })
  return { state: move(state, key, page) }
}

const move = (state: State, key: string, page: number): State => {
  const shown = visible(state)
  const at = shown.findIndex(({ reference }) => reference === state.selected)
  const next = moved(key, at, shown.length, page)
  return next === null || at < 0 ? state : { ...state, selected: shown[next]!.reference, message: null }
}

/** Letters are the filter's here; the arrows still choose. */
const filtering = (state: State, key: string, page: number): Step => {
  if (key === "quit") return { state, request: { type: "quit" } }
  if (key === "escape") return { state: settled({ ...state, filter: "", mode: LIST }, 0) }
  if (key === "enter") return { state: { ...state, mode: LIST } }
  const filter = edited(state.filter, key)
  return { state: filter === state.filter ? move(state, key, page) : settled({ ...state, filter }, 0) }
}

const answering = (state: State, reference: string, key: string): Step => {
  const entry = state.entries.find((one) => one.reference === reference)
  const next = { ...state, mode: LIST }
  if (key === "quit") return { state: next, request: { type: "quit" } }
  return /^[yY]$/.test(key) && entry !== undefined ? { state: next, request: { type: "stop", entry } } : { state: next }
}

const writing = (state: State, mode: Extract<Mode, { readonly text: string }>, key: string): Step => {
  const back = { ...state, mode: LIST }
  if (key === "quit" || key === "escape") return { state: back }
  if (key !== "enter") return { state: { ...state, mode: { ...mode, text: edited(mode.text, key) } } }
  const text = mode.text.trim()
  if (mode.type === "new") return { state: back, request: { type: "new", command: text } }
  const entry = state.entries.find(({ reference }) => reference === mode.reference)
  return entry === undefined || text === "" || text === entry.name
    ? { state: back }
    : { state: back, request: { type: "rename", entry, name: text } }
}

const edited = (text: string, key: string): string => {
  if (key === "backspace") return [...text].slice(0, -1).join("")
  if (key === "erase") return ""
  // Named keys have more than one character; control characters mean nothing in a text.
  const writes = [...key].length === 1 && !/\p{C}/u.test(key)
  return writes && text.length < MAX_TEXT ? text + key : text
}
