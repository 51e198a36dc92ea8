/**
 * A message as its author sees it the moment it is sent: what the tables say of it, without asking them.
 */
import { keyOf, madeBy } from "../agents/AgentProjection.ts"
import type { Event } from "../contract/Event.ts"
import { MAX_PREVIEW } from "../contract/Limits.ts"
import type { Message } from "../contract/Message.ts"
import type { Sent } from "../events/Interest.ts"

/** The event has a stamp: it was made to be shared. */
export const asSent = (event: Event, body: Sent): Message => {
  const { author, data, format, recipients, refs, replyTo, scopes, text, thread, to } = body
  const { stamp } = event
  const id = madeBy("msg_", event)
  return {
    id,
    workspace: stamp!.workspace,
    thread: thread ?? id,
    replyTo,
    author,
    to,
    recipients: recipients
      .map(({ delivered, id: recipient, name }) => ({
        id: recipient,
        name,
        deliveredAt: delivered ? event.at : null,
        seenAt: null,
        readAt: null
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    sentAt: event.at,
    editedAt: null,
    deletedAt: null,
    version: 1,
    format,
    text: preview(text),
    bytes: Buffer.byteLength(text),
    data,
    scopes,
    refs,
    // Nobody is a recipient of what they say themselves.
    unread: false,
    archived: false,
    cursor: keyOf(event, stamp!)
  }
}

/** As SQLite cuts a text: by whole characters, and not by halves of surrogate pairs. */
const preview = (text: string): string => {
  if (text.length <= MAX_PREVIEW) return text
  let end = 0
  for (let characters = 0; characters < MAX_PREVIEW && end < text.length; characters++) {
    end += text.codePointAt(end)! > 0xffff ? 2 : 1
  }
  return text.slice(0, end)
}
