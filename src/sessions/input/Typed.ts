/** What input may mean to a program that waits for a person. */

/**
 * - `nothing`: a terminal's own answers and reports, which no key sends
 * - `steers`: moves about: arrows, tabs, the mouse
 * - `answers`: anything else
 */
export type Typed = "nothing" | "steers" | "answers"

/** Reports of focus, cursor, modes and sizes; OSC, DCS and APC replies. */
const REPORTS = /\x1b\[(?:[IO]|\?[\d;]*(?:[cnRu]|\$y)|>[\d;]*c|[\d;]*[cnRt])|\x1b[\]P_][^\x07\x1b]*(?:\x07|\x1b\\)/g
const STEERS = /\x1b[[O][A-DFHZ]|\x1b\[[\d;]*[A-DFHZ~]|\t|\x1b\[<[\d;]*[Mm]|\x1b\[M[\s\S]{3}/g
/** Bytes that may be reports or held-down arrows; more is a paste. */
const MAX_STEERING = 1024

export const typedIn = (bytes: Uint8Array): Typed => {
  if (bytes.length === 0) return "nothing"
  if ((bytes[0] !== 0x1b && bytes[0] !== 0x09) || bytes.length > MAX_STEERING) return "answers"
  const keys = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1").replace(REPORTS, "")
  if (keys === "") return "nothing"
  return keys.replace(STEERS, "") === "" ? "steers" : "answers"
}
