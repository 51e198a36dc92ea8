/**
 * Which resources an event changes, and telling of it as it happens. Nobody is asked again and again: the daemon sends.
 */
import type { Event } from "../../contract/Event.ts"
import { standing } from "../standing.ts"
import type { Daemon } from "./Daemon.ts"

export const INBOX = "agentd://inbox"
const THREAD = "agentd://thread/"

export const threadUri = (thread: string): string => `${THREAD}${thread}`

/** The only ones there are to subscribe to. */
export const isResource = (uri: string): boolean => uri === INBOX || /^agentd:\/\/thread\/msg_[0-9A-Z]{26}$/.test(uri)

/** The events that change an inbox or a thread. */
const TYPES = ["message.sent", "message.edited", "message.deleted", "message.received", "message.filed"] as const

interface Touched {
  /** Known from the event alone. */
  readonly uris: ReadonlyArray<string>
  /** A message that has to be looked at: its thread changes, and the inbox if it is there. */
  readonly message?: string
}

/** `me`: id of the agent whose inbox it is. */
export const touchedBy = ({ body, id }: Pick<Event, "body" | "id">, me: string | null): Touched => {
  switch (body.type) {
    case "message.sent": {
      const thread = threadUri(body.thread ?? `msg_${id.slice("evt_".length)}`)
      return { uris: body.recipients.some((one) => one.id === me) ? [INBOX, thread] : [thread] }
    }
    case "message.edited":
    case "message.deleted":
      return { uris: [], message: body.message }
    case "message.received":
    case "message.filed":
      return { uris: body.agent === me ? [INBOX] : [] }
    default:
      return { uris: [] }
  }
}

/** Calls `changed` with every resource that an event after this sequence number changes, until the signal ends it. */
export const followUpdates = async (
  daemon: Daemon,
  after: number,
  signal: AbortSignal,
  changed: (uri: string) => void
): Promise<void> => {
  let me: string | null = null
  for await (const event of daemon.watch(TYPES, after, signal)) {
    // Somebody who has said nothing yet is nobody; it is asked for until there is an answer.
    me ??= (await daemon.call("agent.whoami", standing(), signal)).agent?.id ?? null
    const { message: id, uris } = touchedBy(event, me)
    for (const uri of uris) changed(uri)
    if (id === undefined) continue
    const { message } = await daemon.call("message.get", { message: id, ...standing() }, signal)
    if (message.recipients.some((one) => one.id === me)) changed(INBOX)
    changed(threadUri(message.thread))
  }
}
