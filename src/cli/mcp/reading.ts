/** The texts of messages, as much of each as a model takes at once. */
import type { Message } from "../../contract/Message.ts"
import type { ToolMessage } from "../../contract/tools/Tool.ts"
import { LISTED_CHARACTERS } from "../../contract/tools/ToolLimits.ts"
import { standing } from "../standing.ts"
import type { Daemon } from "./Daemon.ts"
import { toolMessage } from "./shapes.ts"

/** The first `limit` characters; a surrogate pair is not cut in two, and one that is wider than the limit is handed over whole. */
export const cut = (text: string, limit: number): string => {
  const splits = /[\ud800-\udbff]/.test(text.charAt(limit - 1))
  return text.slice(0, splits ? (limit > 1 ? limit - 1 : 2) : limit)
}

/** `limit` characters of a message from `from` on. */
export const readPiece = async (
  daemon: Daemon,
  id: string,
  from: number,
  limit: number,
  signal?: AbortSignal
): Promise<ToolMessage> => {
  const { message, next } = await daemon.call("message.get", { message: id, from, ...standing() }, signal)
  const text = cut(message.text, limit)
  const end = from + text.length
  return toolMessage(message, text, text.length < message.text.length ? end : next)
}

/** A list shows the beginnings of texts; these are fetched where there is more. */
export const readListed = (
  daemon: Daemon,
  messages: ReadonlyArray<Message>,
  signal?: AbortSignal
): Promise<ReadonlyArray<ToolMessage>> =>
  Promise.all(
    messages.map((message) =>
      Buffer.byteLength(message.text) >= message.bytes
        ? toolMessage(message, message.text, null)
        : readPiece(daemon, message.id, 0, LISTED_CHARACTERS, signal)
    )
  )

/** Marks as read what was unread and has been handed over to its end; answers how many are unread then, if anything was marked. */
export const markRead = async (daemon: Daemon, messages: ReadonlyArray<ToolMessage>): Promise<number | null> => {
  const ids = messages.filter(({ next, unread }) => unread && next === null).map(({ id }) => id)
  if (ids.length === 0) return null
  return (await daemon.call("message.markRead", { messages: ids, ...standing() })).unread
}
