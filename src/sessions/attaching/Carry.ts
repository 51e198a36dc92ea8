/**
 * What a connection carries once its client is attached: frames between the client and the session, which knows the client from now on.
 */
import { RoleWanted } from "../../contract/Frames.ts"
import type { Begin as Carry } from "../../contract/Handler.ts"
import type { SessionClient } from "../../contract/session/Session.ts"
import type { OfferKind } from "../../contract/session/SessionTerminal.ts"
import { Attachment, type AttachmentOptions } from "../attachment/Attachment.ts"
import type { Entry } from "../life/LiveSessions.ts"

type First = Pick<
  AttachmentOptions,
  "feed" | "lossy" | "cursor" | "snapshot" | "behind" | "typist" | "fork" | "restored"
>

interface Who {
  readonly client: SessionClient
  readonly token: string | null
  readonly terminal: boolean
  readonly takes: boolean
  readonly accepts: ReadonlyArray<OfferKind>
}

/** What a connection carries from here on. */
export const carry =
  (session: string, entry: Entry | undefined, { accepts, client, takes, terminal, token }: Who, first: First): Carry =>
  (channel) => {
    const live = entry !== undefined && entry.live.exit === null ? entry.live : undefined
    const clients = entry?.live.clients
    const may = () => live?.clients.types(client.id) === true
    const take = () => live?.clients.take(client.id, (it) => live.input.typists.allView(it))
    const attachment = new Attachment(
      {
        ...first,
        comesBack: token !== null,
        identity: () => ({
          session,
          client: clients?.attached.get(client.id)?.client ?? client,
          token,
          terminal,
          accepts,
          answers: clients?.answers(client.id) === true,
          ...variablesOf(entry, client.id)
        }),
        onInput: (bytes, taken, notes) => {
          if (may()) return live!.input.write(bytes, taken, notes)
          taken()
          return true
        },
        onEof: () => {
          if (may()) live!.input.end()
        },
        onResize: (cols, rows) => clients?.resized(client.id, cols, rows),
        onRole: (wanted) => {
          if (wanted === RoleWanted.Take) take()
          else live?.clients.mode(client.id, wanted === RoleWanted.Write ? "write" : "view")
        },
        onClose: () => {
          clients?.delete(client.id)
          // With the session its files go, and must not be written once more.
          if (entry?.live.exit === null) entry.live.refreshed?.delete(client.id)
        }
      },
      channel
    )
    const attached = {
      client,
      attachment,
      token,
      accepts,
      typist: first.typist,
      terminal: terminal && live !== undefined
    }
    if (first.restored !== undefined) clients?.restore(client.id, attached, first.restored.answers === true)
    else clients?.add(client.id, attached)
    if (takes) take()
    attachment.begin()
    return attachment
  }

const variablesOf = (entry: Entry | undefined, client: string) => {
  const variables = entry?.live.refreshed?.of(client)
  return variables === undefined ? {} : { variables }
}
