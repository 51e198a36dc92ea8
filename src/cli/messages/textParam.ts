/** A text on its way to the daemon: in the request itself, or handed in before in pieces when one line cannot hold it. */
import type { Client } from "../../client/Client.ts"

/** Bytes of one piece: quoted as JSON it stays below what one request line may hold. */
const PIECE_BYTES = 256 * 1024

/** The parameter that carries a text: itself, or the name of a draft when one line cannot hold it. */
export const textParam = async (client: Client, text: string): Promise<{ text: string } | { draft: string }> => {
  if (Buffer.byteLength(text) <= PIECE_BYTES) return { text }
  let draft: string | undefined
  for (let at = 0; at < text.length; ) {
    // A quarter as many characters as bytes, and no surrogate pair cut in two.
    let end = Math.min(text.length, at + PIECE_BYTES / 4)
    if (end < text.length && /[\ud800-\udbff]/.test(text[end - 1]!)) end -= 1
    const piece = text.slice(at, end)
    draft = (await client.call("message.draft", { text: piece, ...(draft === undefined ? {} : { draft }) })).draft
    at = end
  }
  return { draft: draft! }
}
