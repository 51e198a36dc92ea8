/**
 * Messages: what agents and people say to each other. What can be asked of them, in one place.
 */
import { Context, Effect, Layer, Option } from "effect"
import { oneAgent } from "../agents/Addresses.ts"
import { Agents } from "../agents/Agents.ts"
import type { Author } from "../agents/Parts.ts"
import { Conflict, InvalidParams, MessageNotFound, NotAllowed } from "../contract/errors/Errors.ts"
import type { Caller, HandlersFor } from "../contract/Handler.ts"
import { MAX_PREVIEW, MAX_TEXT_PAGE } from "../contract/Limits.ts"
import type { MethodName, Params } from "../contract/Methods.ts"
import { Events } from "../events/Events.ts"
import { Subscriptions } from "../events/Subscriptions.ts"
import { optimiseSoon } from "../host/self/Optimiser.ts"
import { Sessions } from "../sessions/Sessions.ts"
import { EventLog } from "../store/EventLog.ts"
import { checkContent } from "./Content.ts"
import { Drafts } from "./Drafts.ts"
import { MessageStore } from "./MessageStore.ts"
import { makeSend } from "./Send.ts"
import { subscribeHandlers } from "./Subscribe.ts"
import { Turns } from "./Turns.ts"

type MessageMethod = Extract<MethodName, `message.${string}` | "subscribe" | "unsubscribe" | "subscriptions.list">

const DEFAULT_PAGE = 20

/** Ids one event names: a large inbox is marked in several, each a line that fits. */
const IDS_PER_EVENT = 500

/** Messages one `message.markRead` marks at the most; what is left is said in the answer. */
const MAX_MARKED = 10_000

export class Messages extends Context.Service<Messages, { readonly requests: HandlersFor<MessageMethod> }>()(
  "agentd/messages/Messages"
) {
  static readonly layer = Layer.effect(
    Messages,
    Effect.gen(function* () {
      const agents = yield* Agents
      const log = yield* EventLog
      const store = yield* MessageStore
      const drafts = new Drafts()
      const turns = new Turns()
      const send = makeSend({ agents, log, sessions: yield* Sessions, store })
      const telling = { agents, events: yield* Events, log, store, subscriptions: yield* Subscriptions }

      /** Who reads, and where; a person who has said nothing yet has an empty inbox. */
      const reader = Effect.fnUntraced(function* (caller: Caller, path: string | undefined) {
        const who = yield* agents.identify(caller, path)
        if (who.kind === "session") {
          const reason = `the session ${who.session.name} acts for no agent yet. "agentctl agent register NAME" gives it a name.`
          return yield* new NotAllowed({ reason })
        }
        return { agent: who.agent, workspace: who.place.workspace?.id ?? null }
      })

      const found = Effect.fnUntraced(function* (workspace: string | null, id: string, agent: string | null) {
        const message = workspace === null ? null : yield* store.get(workspace, id, agent)
        return message ?? (yield* new MessageNotFound({ messageId: id }))
      })

      /** A message of the author's own that is still there. */
      const own = Effect.fnUntraced(function* (author: Author, id: string, what: string) {
        const message = yield* found(author.workspace, id, author.agent.id)
        if (message.author.id !== author.agent.id) {
          return yield* new NotAllowed({ reason: `only its author, @${message.author.name}, may ${what} ${id}.` })
        }
        if (message.deletedAt !== null) return yield* new Conflict({ reason: `${id} was deleted by its author.` })
        return message
      })

      const inPieces = (
        author: Pick<Author, "workspace">,
        ids: ReadonlyArray<string>,
        body: (messages: ReadonlyArray<string>) => Parameters<typeof log.share>[1][number]
      ) =>
        ids.length === 0
          ? Effect.void
          : Effect.asVoid(
              log.share(
                author.workspace,
                Array.from({ length: Math.ceil(ids.length / IDS_PER_EVENT) }, (_, at) =>
                  body(ids.slice(at * IDS_PER_EVENT, (at + 1) * IDS_PER_EVENT))
                )
              )
            )

      const named = Effect.fnUntraced(function* (workspace: string, address: string | undefined) {
        if (address === undefined) return undefined
        return (yield* oneAgent(address, yield* agents.directory(workspace))).id
      })

      const requests: HandlersFor<MessageMethod> = {
        ...subscribeHandlers(telling),

        "message.draft": ({ draft, text }, caller) => drafts.add(caller, draft, text),

        "message.send": (params, caller) => {
          optimiseSoon()
          return drafts.use(caller, params, (text) =>
            Effect.flatMap(agents.author(caller, params.directory), (author) => send(params, text, author))
          )
        },

        "message.get": Effect.fnUntraced(function* (params: Params<"message.get">, caller: Caller) {
          const { agent, workspace } = yield* reader(caller, params.directory)
          const message = yield* found(workspace, params.message, agent?.id ?? null)
          const text = yield* store.text(message.id)
          const from = params.from ?? 0
          const end = wholeCharacters(text, from + MAX_TEXT_PAGE)
          return { message: { ...message, text: text.slice(from, end) }, next: end < text.length ? end : null }
        }),

        "message.history": Effect.fnUntraced(function* (params: Params<"message.history">, caller: Caller) {
          const { agent, workspace } = yield* reader(caller, params.directory)
          const message = yield* found(workspace, params.message, agent?.id ?? null)
          if (message.deletedAt !== null) return { versions: [] }
          const first = Option.getOrUndefined(yield* log.find(`evt_${message.id.slice("msg_".length)}`))
          const edits = yield* store.edits(message.id)
          const original =
            first?.body.type === "message.sent"
              ? [
                  {
                    at: first.at,
                    format: first.body.format,
                    text: first.body.text.slice(0, MAX_PREVIEW),
                    data: first.body.data
                  }
                ]
              : []
          return { versions: [...original, ...edits].map((one, index) => ({ version: index + 1, ...one })) }
        }),

        "message.list": Effect.fnUntraced(function* (params: Params<"message.list">, caller: Caller) {
          const { agent, workspace } = yield* reader(caller, params.directory)
          if (workspace === null) return { messages: [], next: null, unread: 0, total: 0 }
          const { author, box = "inbox", directory: _directory, limit = DEFAULT_PAGE, peek, ...filter } = params
          const by = yield* named(workspace, author)
          const page = yield* store.list({ ...filter, box, limit, workspace, reader: agent?.id ?? null, author: by })
          if (peek !== true && agent !== null && box === "inbox") {
            const shown = page.messages.map(({ id }) => id)
            const unseen = yield* store.mine(agent.id, shown, "unseen")
            // A full disk must not keep anybody from reading.
            yield* Effect.ignore(
              inPieces({ workspace }, unseen, (messages) => ({
                type: "message.received",
                agent: agent.id,
                kind: "seen",
                messages
              }))
            )
          }
          return page
        }),

        "message.outbox": Effect.fnUntraced(function* (params: Params<"message.outbox">, caller: Caller) {
          const { agent, workspace } = yield* reader(caller, params.directory)
          if (workspace === null || agent === null) return { messages: [], next: null }
          const { directory: _directory, limit = DEFAULT_PAGE, to, ...filter } = params
          const recipient = yield* named(workspace, to)
          const plan = { ...filter, box: "outbox", limit, workspace, reader: agent.id, to: recipient } as const
          const { messages, next } = yield* store.list(plan)
          return { messages, next }
        }),

        "message.edit": (params, caller) =>
          drafts.use(
            caller,
            params,
            Effect.fnUntraced(function* (text) {
              const author = yield* agents.author(caller, params.directory)
              const message = yield* own(author, params.message, "edit")
              if (params.text === undefined && params.draft === undefined) {
                return yield* new InvalidParams({ field: "text", reason: "there is nothing in it" })
              }
              const data = params.data === undefined ? message.data : params.data
              const content = yield* checkContent({ text, format: params.format ?? message.format, data })
              const { id } = message
              yield* log.share(author.workspace, [
                { type: "message.edited", message: id, author: author.agent.id, ...content }
              ])
              return yield* found(author.workspace, id, author.agent.id)
            })
          ),

        "message.delete": Effect.fnUntraced(function* (params: Params<"message.delete">, caller: Caller) {
          const author = yield* agents.author(caller, params.directory)
          const { id } = yield* own(author, params.message, "delete")
          const reason = params.reason ?? null
          yield* log.share(author.workspace, [
            { type: "message.deleted", message: id, author: author.agent.id, reason }
          ])
          return yield* found(author.workspace, id, author.agent.id)
        }),

        "message.markRead": Effect.fnUntraced(function* (params: Params<"message.markRead">, caller: Caller) {
          const { agent, workspace } = yield* agents.author(caller, params.directory)
          const mark = Effect.gen(function* () {
            const these = params.messages === undefined ? [] : yield* store.mine(agent.id, params.messages, "unread")
            const upTo = params.upTo === undefined ? [] : yield* store.unreadUpTo(agent.id, params.upTo, MAX_MARKED)
            const ids = [...new Set([...these, ...upTo])]
            yield* inPieces({ workspace }, ids, (messages) => ({
              type: "message.received",
              agent: agent.id,
              kind: "read",
              messages
            }))
            return { marked: ids.length, unread: yield* store.unread(agent.id) }
          })
          // Of several that mark the same at once, the first has marked it.
          return yield* turns.take(agent.id, mark)
        }),

        "message.archive": Effect.fnUntraced(function* (params: Params<"message.archive">, caller: Caller) {
          const { agent, workspace } = yield* agents.author(caller, params.directory)
          const archived = params.undo !== true
          const file = Effect.gen(function* () {
            const ids = yield* store.mine(agent.id, params.messages, archived ? "inbox" : "archived")
            yield* inPieces({ workspace }, ids, (messages) => ({
              type: "message.filed",
              agent: agent.id,
              archived,
              messages
            }))
            return { changed: ids.length }
          })
          return yield* turns.take(agent.id, file)
        })
      }
      return { requests }
    })
  )
}

/** The end of a piece, moved so that no surrogate pair is cut in two. */
const wholeCharacters = (text: string, end: number): number => {
  if (end >= text.length) return text.length
  const last = text.charCodeAt(end - 1)
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end
}
