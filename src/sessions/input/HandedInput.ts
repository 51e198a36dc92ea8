/**
 * What clients have typed, as the daemon's next version is told of it: whose each piece is, and how far each client has come.
 */
import type { HandedInput, HandedSession } from "../../contract/Handover.ts"
import type { Pending } from "../../host/pty/PtyInput.ts"
import type { Typist, Typists } from "./Typists.ts"

export interface Attached {
  readonly client: { readonly id: string }
  readonly token: string | null
  readonly attachment: { readonly typist: Typist }
}

/** `keys` names each client: by its token if it comes back, else by its name. */
export const handedTypists = (
  typists: Typists,
  attached: ReadonlyArray<Attached>
): { readonly handed: HandedSession["typists"]; readonly keys: ReadonlyMap<object, string> } => {
  const { numbers, received } = typists.handOver()
  const keys = new Map<object, string>(
    attached.map(({ attachment, client, token }) => [attachment.typist, token ?? client.id])
  )
  const passing = attached.flatMap(({ attachment: { typist }, client, token }) =>
    token === null ? [{ key: client.id, received: typist.received, row: [...typist.row] }] : []
  )
  const returning = [...received].map(([key, last]) => ({ key, received: last, row: null }))
  return { handed: { numbers, known: [...returning, ...passing] }, keys }
}

export const handedInput = ({ bytes, origin, written }: Pending, keys: ReadonlyMap<object, string>): HandedInput =>
  origin === null
    ? { bytes, typist: null, sequence: 0, written: 0, length: 0 }
    : {
        bytes,
        typist: keys.get(origin.typist) ?? null,
        sequence: origin.sequence,
        written: origin.skipped + written,
        length: origin.length
      }
