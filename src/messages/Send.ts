/**
 * Sends a message: everything that can be wrong is found first, then it is one event, durable when this answers.
 */
import { Effect, Option } from "effect"
import { type Directory, resolveAddress, unknownAddress } from "../agents/Addresses.ts"
import type { AgentRecord } from "../agents/AgentStore.ts"
import type { Agents } from "../agents/Agents.ts"
import type { Author } from "../agents/Parts.ts"
import { Conflict, InvalidParams, MessageNotFound, NeedsConfirmation } from "../contract/errors/Errors.ts"
import type { Message } from "../contract/Message.ts"
import type { Params } from "../contract/Methods.ts"
import type { Sent } from "../events/Interest.ts"
import type { Sessions } from "../sessions/Sessions.ts"
import type { EventLog } from "../store/EventLog.ts"
import { asSent } from "./AsSent.ts"
import { type Content, checkContent } from "./Content.ts"
import type { MessageStore } from "./MessageStore.ts"
import { Turns } from "./Turns.ts"

export interface Sender {
  readonly agents: Agents["Service"]
  readonly log: EventLog["Service"]
  readonly sessions: Sessions["Service"]
  readonly store: MessageStore["Service"]
}

export const makeSend = ({ agents, log, sessions, store }: Sender) => {
  /** The same key again waits for the first to be on record. */
  const turns = new Turns()

  const answered = Effect.fnUntraced(function* (workspace: string, id: string, reader: string) {
    return (yield* store.get(workspace, id, reader))!
  })

  /** Everybody the addresses mean, without the author. */
  const recipients = Effect.fnUntraced(function* (addresses: ReadonlyArray<string>, author: Author, everyone: boolean) {
    const here: Directory = yield* agents.directory(author.workspace)
    const found = new Map<string, AgentRecord>()
    for (const address of addresses) {
      const meant = resolveAddress(address, here)
      if (meant.kind === "nobody") {
        // The person can be written to before they have said anything.
        if (address.replace(/^@/, "") !== agents.user) return yield* unknownAddress(address, here)
        const person = yield* agents.person(author.workspace)
        found.set(person.id, person)
        continue
      }
      if (meant.kind === "everyone" && !everyone) {
        const names = meant.agents.filter(({ id }) => id !== author.agent.id).map((one) => one.address)
        return yield* new NeedsConfirmation({ what: `@everyone is ${several(names)}.`, field: "everyone" })
      }
      for (const agent of meant.agents) found.set(agent.id, agent)
    }
    if (found.size === 0 && addresses.length > 0) {
      return yield* new InvalidParams({ field: "to", reason: `nobody is in ${addresses.join(" and ")} yet` })
    }
    found.delete(author.agent.id)
    return [...found.values()]
  })

  const parentOf = Effect.fnUntraced(function* (id: string | undefined, author: Author) {
    if (id === undefined) return null
    return (yield* store.get(author.workspace, id, author.agent.id)) ?? (yield* new MessageNotFound({ messageId: id }))
  })

  /** An answer goes to whom it answers; said after oneself, to whom that went. */
  const defaultTo = (parent: Message | null, all: boolean, author: Author): ReadonlyArray<string> => {
    if (parent === null) return []
    const others = parent.recipients.map(({ id }) => id)
    if (parent.author.id === author.agent.id) return others
    return all ? [parent.author.id, ...others] : [parent.author.id]
  }

  const compose = Effect.fnUntraced(function* (params: Params<"message.send">, content: Content, author: Author) {
    const parent = yield* parentOf(params.replyTo, author)
    const thread = parent === null ? yield* parentOf(params.thread, author) : parent
    const to = params.to ?? defaultTo(parent, params.all === true, author)
    if (to.length === 0) return yield* new InvalidParams({ field: "to", reason: "nobody is named" })
    const meant = yield* recipients(to, author, params.everyone === true)
    if (meant.length === 0) {
      return yield* new InvalidParams({ field: "to", reason: "it means nobody but yourself" })
    }
    const body: Sent = {
      type: "message.sent",
      author: { id: author.agent.id, name: author.agent.name },
      // Ids are for programs; people read addresses.
      to: to.map((address) => meant.find(({ id }) => id === address)?.address ?? `@${address.replace(/^@/, "")}`),
      recipients: meant.map(({ id, name, origin }) => ({ id, name, delivered: origin === agents.origin })),
      thread: thread?.thread ?? null,
      replyTo: params.replyTo ?? null,
      scopes: params.scopes ?? [],
      refs: params.refs ?? [],
      ...content,
      key: params.key ?? null
    }
    return body
  })

  /**
   * Only what has a form of its own is typed, ids and names: what a message says could be a command to the program, a shell for one,
   * that happens to read it.
   */
  const tell = Effect.fnUntraced(function* (message: Message) {
    const text = `New message from @${message.author.name}, read it with agentctl message read ${message.id}`
    const nudged: Array<string> = []
    for (const { id } of message.recipients) {
      const session = agents.sessionOf(id)
      if (session !== undefined && (yield* sessions.nudge(session.id, text))) nudged.push(session.name)
    }
    return { ...message, nudged }
  })

  const append = Effect.fnUntraced(function* (body: Sent, author: Author, nudge: boolean) {
    const [event] = yield* log.share(author.workspace, [body])
    const message = asSent(event!, body)
    return nudge ? yield* tell(message) : message
  })

  return Effect.fnUntraced(function* (params: Params<"message.send">, text: string, author: Author) {
    const given = { text, format: params.format ?? "markdown", data: params.data ?? null }
    const content = yield* checkContent(given)
    const { key } = params
    const nudge = params.nudge === true
    if (key === undefined) return yield* append(yield* compose(params, content, author), author, nudge)
    const keyed = Effect.gen(function* () {
      const before = yield* store.byKey(author.agent.id, key)
      if (before === null) return yield* append(yield* compose(params, content, author), author, nudge)
      const event = Option.getOrUndefined(yield* log.find(`evt_${before.slice("msg_".length)}`))
      const thread = params.replyTo === undefined ? yield* parentOf(params.thread, author) : null
      if (event?.body.type !== "message.sent" || !isSame(event.body, params, content, thread)) {
        return yield* new Conflict({
          reason: `You have sent another message with the key "${key}": ${before}. A key is for one message and its repetitions.`
        })
      }
      return yield* answered(author.workspace, before, author.agent.id)
    })
    return yield* turns.take(`${author.agent.id} ${key}`, keyed)
  })
}

/** Names a sentence can hold. */
const MAX_NAMED = 5

const several = (names: ReadonlyArray<string>): string => {
  const more = names.length - MAX_NAMED
  if (names.length === 0) return "nobody but yourself"
  return `${names.slice(0, MAX_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`
}

/** Is it the same request again? What it was resolved to may have changed since, what was asked may not. */
const isSame = (
  before: Sent,
  params: Params<"message.send">,
  { data, format, text }: Content,
  joined: Message | null
): boolean => {
  const asked = (body: Pick<Sent, "text" | "format" | "data" | "scopes" | "refs" | "replyTo">) =>
    JSON.stringify([body.text, body.format, body.data, body.scopes, body.refs, body.replyTo])
  const { refs = [], replyTo = null, scopes = [], to } = params
  if (asked(before) !== asked({ text, format, data, scopes, refs, replyTo })) return false
  if (replyTo === null && before.thread !== (joined?.thread ?? null)) return false
  // One address for each that was given, in whatever order; ids stand there as the addresses they meant.
  const known = (address: string) =>
    before.to.includes(`@${address.replace(/^@/, "")}`) || before.recipients.some(({ id }) => id === address)
  return to === undefined || (to.length === before.to.length && to.every(known))
}
