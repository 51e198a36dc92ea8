/** Reads a session's recorded output piece by piece to standard output, and goes on as it grows if asked to. */
import type { Client } from "../../client/Client.ts"
import { MAX_OUTPUT_BYTES } from "../../contract/Limits.ts"
import { drained, stdout } from "../print.ts"

/** Milliseconds one request waits for the next byte; the loop asks again. */
const WAIT_MS = 30_000

/** Bytes at the end that are searched for the last lines; a line of a terminal rarely has more than 200. */
const TAIL_BYTES = MAX_OUTPUT_BYTES

export interface FollowOptions {
  readonly session: string
  readonly format: "raw" | "text" | "cast"
  readonly follow: boolean
  /** Only the last lines of what is there already. */
  readonly tail?: number
  /** Changes what is printed, piece by piece; a piece of a recording is whole lines. Nothing follows the `last` one. */
  readonly edit?: (text: string, last: boolean) => string
  /** Only what was printed at this moment, in milliseconds since 1970, or later. */
  readonly since?: number
  /** Instead of standard output. */
  readonly write?: (bytes: Uint8Array) => Promise<void>
}

/** Resolves to how many bytes were missing in between. */
export const followOutput = async (client: Client, options: FollowOptions): Promise<number> => {
  const { edit, session, format, follow, since, tail, write } = options
  let gone = false
  if (write === undefined) {
    stdout().on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EPIPE") gone = true
    })
  }
  let missing = 0
  let from = tail === undefined ? 0 : -TAIL_BYTES
  let first = true
  while (!gone) {
    const piece = await client.call("session.output", {
      session,
      from,
      format,
      limit: MAX_OUTPUT_BYTES,
      ...(first && since !== undefined ? { since } : {}),
      ...(follow ? { waitMs: WAIT_MS } : {})
    })
    missing += piece.missing
    const last = piece.done || (!follow && piece.next >= piece.end)
    const data = Buffer.from(edit?.(piece.data, last) ?? piece.data, format === "raw" ? "base64" : "utf8")
    const shown = first && tail !== undefined ? lastLines(data, tail) : data
    first = false
    if (write !== undefined) await write(shown)
    else if (shown.length > 0 && !stdout().write(shown) && !gone) await drained()
    if (last) break
    from = piece.next
  }
  return tail === undefined ? missing : 0
}

const NEWLINE = 0x0a

/** The last `count` lines, counting one without a newline at the end. */
export const lastLines = (bytes: Buffer, count: number): Buffer => {
  if (count === 0) return bytes.subarray(bytes.length)
  let at = bytes.at(-1) === NEWLINE ? bytes.length - 1 : bytes.length
  for (let lines = 0; lines < count; lines++) {
    // A negative position would count from the end.
    at = at === 0 ? -1 : bytes.lastIndexOf(NEWLINE, at - 1)
    if (at < 0) return bytes
  }
  return bytes.subarray(at + 1)
}
