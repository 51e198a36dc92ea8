/** An event somebody has subscribed to, as a line: who said or did what, with the id one answers to. */
import type { Event, EventBody } from "../../contract/Event.ts"
import { paint, printable } from "../Paint.ts"
import { eventLine, eventPlace } from "./eventLine.ts"
import { oneLine } from "./MessageText.ts"

/** Characters of a text that the line shows. */
const WIDTH = 200

/** What is written to the agent with this id. */
type AddressOf = (id: string) => string

export const subscribedLine = (event: Event, addressOf: AddressOf): string => {
  const said = whatHappened(event, addressOf)
  if (said === null) return eventLine(event)
  return `${eventPlace(event)} ${said}`
}

/** Ids of the agents that the line names. */
export const agentsIn = ({ body }: Pick<Event, "body">): ReadonlyArray<string> =>
  Object.entries(body).flatMap(([key, value]) =>
    (key === "agent" || key === "author" || key === "by") && typeof value === "string" ? [value] : []
  )

const whatHappened = ({ body, id }: Event, addressOf: AddressOf): string | null => {
  const bold = (text: string) => paint(process.stdout, "bold", printable(text))
  const several = (messages: ReadonlyArray<string>) => messages.join(" ")
  switch (body.type) {
    case "message.sent":
      return `msg_${id.slice("evt_".length)} ${bold(`@${body.author.name}`)} to ${body.to.join(" ")}: ${oneLine(body.text, WIDTH)}`
    case "message.edited":
      return `${body.message} ${bold(addressOf(body.author))} now says: ${oneLine(body.text, WIDTH)}`
    case "message.deleted":
      return `${body.message} ${bold(addressOf(body.author))} took it back${because(body.reason)}`
    case "message.received":
      return `${bold(addressOf(body.agent))} has ${body.kind}: ${several(body.messages)}`
    case "message.filed":
      return `${bold(addressOf(body.agent))} has ${body.archived ? "put away" : "taken out"}: ${several(body.messages)}`
    case "agent.registered":
      return `${bold(`@${body.name}`)} is there`
    case "agent.status":
      return `${bold(addressOf(body.agent))} is ${body.status}${because(body.note)}`
    case "agent.deleted":
      return `${bold(addressOf(body.agent))} is no more${because(body.reason)}`
    default:
      return null
  }
}

const because = (text: Extract<EventBody, { readonly type: "agent.status" }>["note"]): string =>
  text === null ? "" : `: ${printable(text)}`
