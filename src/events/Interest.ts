/**
 * What a subscription lets through: a decision over an event and, for what happens to a message later, the event that sent it.
 */
import type { Event, EventBody } from "../contract/Event.ts"
import type { Interest } from "../contract/Subscription.ts"

export type Sent = Extract<EventBody, { readonly type: "message.sent" }>

/** Ids of the events that sent the messages this event is about: none for most. */
export const aboutMessages = ({ body }: Pick<Event, "body">): ReadonlyArray<string> => {
  switch (body.type) {
    case "message.edited":
    case "message.deleted":
      return [eventOf(body.message)]
    case "message.received":
    case "message.filed":
      return body.messages.map(eventOf)
    default:
      return []
  }
}

const eventOf = (message: string) => `evt_${message.slice("msg_".length)}`

/** `sent`: the event itself when it sends a message, else those it is about, each with the message's id. */
export const concerns = (
  interest: Interest,
  { body, stamp }: Pick<Event, "body" | "stamp">,
  sent: ReadonlyArray<{ readonly id: string; readonly body: Sent }>
): boolean => {
  const { agent, mention, others, scope, thread, to, types, workspace } = interest
  if (stamp !== undefined && stamp.workspace !== workspace) return false
  if (types === undefined ? stamp === undefined && others !== true : !types.includes(body.type)) return false
  if (to !== undefined && !(body.type === "message.sent" && body.recipients.some(({ id }) => id === to))) return false
  if (agent !== undefined && !involves(agent, body, sent)) return false
  const ofMessages = [
    ...(scope === undefined ? [] : [(one: Sent) => one.scopes.includes(scope)]),
    ...(mention === undefined ? [] : [(one: Sent) => one.to.includes(`@${mention.replace(/^@/, "")}`)])
  ]
  return (
    ofMessages.every((fits) => sent.some((one) => fits(one.body))) &&
    (thread === undefined || sent.some((one) => (one.body.thread ?? one.id) === thread))
  )
}

const involves = (agent: string, body: EventBody, sent: ReadonlyArray<{ readonly body: Sent }>): boolean =>
  ("agent" in body && (typeof body.agent === "string" ? body.agent : body.agent?.id) === agent) ||
  sent.some((one) => one.body.author.id === agent || one.body.recipients.some(({ id }) => id === agent))
