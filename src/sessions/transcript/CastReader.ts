/**
 * asciicast v3, read back into transcript entries. Takes what anybody may have written: a line it does not understand
 * is passed over, as the format asks, and never an error.
 */
import { Option, Schema } from "effect"
import { type CastPosition, GAP, OWN_HEADER, REPLACED } from "./Asciicast.ts"
import { type TranscriptEntry, TranscriptHeader } from "./Transcript.ts"
import { restoreBytes } from "./Utf8.ts"

/** Characters of one line that are looked at; a longer one is passed over, so that memory stays bounded. */
const MAX_LINE = 8 * 1024 * 1024
/** Seconds between two events at the most (30 years): keeps times within the range of dates. */
const MAX_INTERVAL = 1e9

const Size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))
const decodeOwnHeader = Schema.decodeUnknownOption(Schema.fromJsonString(TranscriptHeader))
const decodeHeader = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      version: Schema.Literal(3),
      term: Schema.Struct({ cols: Size, rows: Size }),
      timestamp: Schema.Int
    })
  )
)

/** One event line, or null. Written without Schema: an archive of 100 MB has tens of thousands of these. */
const parseEvent = (line: string): readonly [number, string, string] | null => {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch {
    return null
  }
  if (!Array.isArray(event)) return null
  const [interval, code, data]: ReadonlyArray<unknown> = event
  return typeof interval === "number" && typeof code === "string" && typeof data === "string"
    ? [interval, code, data]
    : null
}

export class CastReader {
  /** Our own header, or what the standard one says. */
  header: TranscriptHeader | null = null
  /** What the "x" event said. */
  exit: string | null = null
  #at: number
  #offset: number
  #partial = ""
  #skipping = false
  #replaced: ReadonlyArray<string> = []
  #gap: { readonly from: number; readonly to: number } | null = null

  /** `start`: where the lines begin; a file read from its first line needs none. */
  constructor(start?: Pick<CastPosition, "at" | "offset">) {
    this.#at = start?.at ?? 0
    this.#offset = start?.offset ?? 0
  }

  get offset(): number {
    return this.#offset
  }

  /** Takes text cut anywhere. A last line without its newline waits for the rest. */
  push(text: string): ReadonlyArray<TranscriptEntry> {
    const entries: Array<TranscriptEntry> = []
    let from = 0
    for (;;) {
      const newline = text.indexOf("\n", from)
      if (newline < 0) break
      const line = this.#partial + text.slice(from, newline)
      if (!this.#skipping && line.length <= MAX_LINE) this.#line(line, entries)
      this.#partial = ""
      this.#skipping = false
      from = newline + 1
    }
    if (!this.#skipping) this.#partial += text.slice(from)
    if (this.#partial.length > MAX_LINE) {
      this.#partial = ""
      this.#skipping = true
    }
    return entries
  }

  #line(line: string, entries: Array<TranscriptEntry>): void {
    if (line.startsWith("[")) this.#event(line, entries)
    else if (line.startsWith(REPLACED)) this.#replaced = line.slice(REPLACED.length).split(",")
    else if (line.startsWith(GAP)) this.#startGap(line)
    else if (line.startsWith(OWN_HEADER))
      this.#setHeader(Option.getOrNull(decodeOwnHeader(line.slice(OWN_HEADER.length))))
    else if (line.startsWith("{") && this.header === null) {
      const header = Option.getOrNull(decodeHeader(line))
      if (header === null) return
      const { cols, rows } = header.term
      const createdAt = header.timestamp * 1000
      const unknown = { session: "", name: "", argv: [], cwd: "", term: "" }
      this.#setHeader({ version: 1, ...unknown, cols, rows, createdAt })
    }
  }

  #setHeader(header: TranscriptHeader | null): void {
    if (header === null) return
    this.header = header
    this.#at = header.createdAt
  }

  #startGap(line: string): void {
    const match = /^#gap (\d{1,15}) (\d{1,15})$/.exec(line)
    if (match === null) return
    const from = Number(match[1])
    const to = Number(match[2])
    if (from === this.#offset && to > from) this.#gap = { from, to }
  }

  #event(line: string, entries: Array<TranscriptEntry>): void {
    const event = parseEvent(line)
    if (event === null) return
    const [interval, code, data] = event
    if (interval > 0) this.#at += Math.round(Math.min(interval, MAX_INTERVAL) * 1000)
    const at = this.#at
    if (this.#gap !== null) {
      entries.push({ kind: "gap", ...this.#gap, at })
      this.#offset = this.#gap.to
      this.#gap = null
    }
    if (code === "o" && data !== "") {
      const bytes = restoreBytes(data, this.#replaced)
      entries.push({ kind: "output", offset: this.#offset, at, bytes })
      this.#offset += bytes.length
    } else if (code === "r") {
      const match = /^(\d{1,5})x(\d{1,5})$/.exec(data)
      if (match !== null) {
        entries.push({ kind: "resize", offset: this.#offset, at, cols: Number(match[1]), rows: Number(match[2]) })
      }
    } else if (code === "x") this.exit = data
    this.#replaced = []
  }
}
