/**
 * A line of a shard: one event with everything that makes it whole, and a hash over it.
 *
 * There is exactly one way to write an event, byte for byte, and its body is kept as the text it is: whoever passes an event on
 * writes the same line that its author wrote, whatever version of agentd either runs.
 */
import { createHash } from "node:crypto"
import type { SharedEvent } from "../store/Appending.ts"

/** Bytes of one line: a message of 1 MiB of which every character is written as an escape, and what goes with it. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024

/**
 * Lines of one file: a segment's events four times over, for what was torn or changed and stays beside them. A file of more is a few
 * kilobytes that would keep the daemon busy for seconds and fill its memory.
 */
export const MAX_LINES = 256

/** An event without the workspace, which each installation names for itself. */
export interface ShardEvent extends Omit<SharedEvent, "stamp"> {
  readonly origin: string
  readonly seq: number
  readonly clock: string
}

/** The line's text; of one that is not UTF-8 its bytes as Latin-1, so that nothing of it is lost. */
interface Raw {
  readonly text: string
  readonly encoding: "utf8" | "latin1"
}

export type ParsedLine =
  | (Raw & { readonly _tag: "event"; readonly event: ShardEvent })
  | (Raw & { readonly _tag: "unreadable"; readonly reason: string })

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

export const encodeLine = ({ at, body, clock, id, origin, seq }: Omit<ShardEvent, "type">): string => {
  const rest = `"id":"${id}","at":${at},"origin":"${origin}","seq":${seq},"clock":"${clock}","body":${body}}`
  return `{"hash":"${sha256(rest)}",${rest}`
}

const ULID = "[0-9A-HJKMNP-TV-Z]{26}"
const LINE = new RegExp(
  `^\\{"hash":"([0-9a-f]{64})",("id":"(evt_${ULID})","at":(0|[1-9][0-9]{0,14}),"origin":"(ins_[0-9A-F]{20})",` +
    `"seq":([1-9][0-9]{0,14}),"clock":"([0-9a-f]{16})","body":(\\{[^\\n]*\\})\\})$`,
  "u"
)

export const parseLine = (text: string): ParsedLine => {
  const unreadable = (reason: string): ParsedLine => ({ _tag: "unreadable", reason, text, encoding: "utf8" })
  if (Buffer.byteLength(text) > MAX_LINE_BYTES) return unreadable("it is longer than any event")
  const found = LINE.exec(text)
  if (found === null) return unreadable("it is no event, or was cut off")
  const [, hash, rest, id, at, origin, seq, clock, body] = found as unknown as ReadonlyArray<string>
  if (sha256(rest!) !== hash) return unreadable("it was changed: its hash is of something else")
  const type = typeOf(body!)
  if (type === null) return unreadable("what it holds is not JSON with a type")
  return {
    _tag: "event",
    text,
    encoding: "utf8",
    event: { id: id!, at: Number(at), origin: origin!, seq: Number(seq), clock: clock!, type, body: body! }
  }
}

const typeOf = (body: string): string | null => {
  try {
    const { type } = JSON.parse(body) as { readonly type?: unknown }
    return typeof type === "string" ? type : null
  } catch {
    return null
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The lines of a file, its last one also without an end. Null: it has more of them than any file of events. */
export const parseFile = (bytes: Uint8Array): ReadonlyArray<ParsedLine> | null => {
  if (hasTooManyLines(bytes)) return null
  const lines: Array<ParsedLine> = []
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, from)
    const end = newline < 0 ? bytes.length : newline
    const line = bytes.subarray(from, end)
    from = end + 1
    if (line.length === 0) continue
    try {
      lines.push(parseLine(utf8.decode(line)))
    } catch {
      const text = Buffer.from(line).toString("latin1")
      lines.push({ _tag: "unreadable", reason: "it is not UTF-8", text, encoding: "latin1" })
    }
  }
  return lines
}

/** Empty ones count, too: to pass over millions takes time as well. */
const hasTooManyLines = (bytes: Uint8Array): boolean => {
  let count = 0
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
    if (++count > MAX_LINES) return true
  }
  return false
}
