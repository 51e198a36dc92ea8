/** Has a copy written down by this machine's daemon, before it is done. */
import type { Client } from "../../client/Client.ts"

/** Characters of a name that another machine gives itself. */
const MAX_PEER = 256

export const recordCopy = async (
  client: Client,
  type: "files.sent" | "files.received",
  peer: string,
  what: { readonly path: string; readonly files: number; readonly bytes: number }
): Promise<void> => {
  const other = String(peer).slice(0, MAX_PEER)
  const record = type === "files.sent" ? { type, ...what, to: other } : { type, ...what, from: other }
  await client.call("forwarding.record", { what: record })
}
