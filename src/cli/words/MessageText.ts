/** Messages for people: one line each in a list, in full with a head. What they hold cannot steer the terminal. */
import type { Message } from "../../contract/Message.ts"
import { age, paint, printable } from "../Paint.ts"

/** Characters of a text that a line shows where no terminal is, and where one is too narrow for more. */
const WIDTH = 100
const NARROW = 24

/** What is left of the terminal's line after so many characters. */
const room = (used: number): number => {
  const { columns, isTTY } = process.stdout
  return isTTY ? Math.max(NARROW, (columns ?? 0) - used) : WIDTH
}

/** A text on one line, cut to so many characters. */
export const oneLine = (text: string, width: number): string => {
  const characters = [...printable(text.trim().replaceAll(/\s+/g, " "))]
  return characters.length > width ? `${characters.slice(0, width - 1).join("")}…` : characters.join("")
}

/** A list's line: `*` for what is unread. */
export const messageLine = (message: Message, outgoing: boolean): string => {
  const who = outgoing ? `to ${message.to.join(" ")}` : `@${message.author.name}`
  const read = message.recipients.filter(({ readAt }) => readAt !== null).length
  const state = outgoing ? ` ${read}/${message.recipients.length} read` : ""
  const head = `  ${message.id} ${age(message.sentAt).padStart(4)}${state} ${printable(who)}: `
  const text = message.deletedAt !== null ? "(deleted)" : oneLine(message.text, room([...head].length))
  const mark = message.unread ? paint(process.stdout, "yellow", "*") : " "
  const about = paint(process.stdout, "dim", `${age(message.sentAt).padStart(4)}${state}`)
  return `${mark} ${message.id} ${about} ${paint(process.stdout, "bold", printable(who))}: ${text}`
}

/** Everything about one message; its own line breaks are kept. */
export const messageFull = (message: Message): string => {
  const names = (which: "deliveredAt" | "seenAt" | "readAt") =>
    message.recipients.flatMap((one) => (one[which] === null ? [] : [`@${one.name}`])).join(" ") || "-"
  const head: ReadonlyArray<readonly [string, string]> = [
    ["message", message.id],
    ["from", `@${message.author.name}`],
    ["to", message.to.join(" ")],
    ["sent", new Date(message.sentAt).toISOString()],
    ...(message.version > 1
      ? [["edited", `${new Date(message.editedAt!).toISOString()}, version ${message.version}`] as const]
      : []),
    ...(message.replyTo === null ? [] : [["answers", message.replyTo] as const]),
    ...(message.thread === message.id ? [] : [["thread", message.thread] as const]),
    ...(message.scopes.length === 0 ? [] : [["scopes", message.scopes.join(" ")] as const]),
    ...(message.refs.length === 0 ? [] : [["refs", message.refs.join(" ")] as const]),
    ["delivered", names("deliveredAt")],
    ["seen by", names("seenAt")],
    ["read by", names("readAt")]
  ]
  const lines = head.map(([title, value]) => `${paint(process.stdout, "dim", title.padEnd(9))} ${printable(value)}`)
  const text = message.deletedAt === null ? message.text.split("\n").map(readable).join("\n") : "(deleted)"
  const data = message.data === null ? [] : [`data      ${printable(JSON.stringify(message.data))}`]
  return [...lines, ...data, "", text].join("\n")
}

/** One line of a text, its tabs kept. */
export const readable = (text: string): string => text.split("\t").map(printable).join("\t")
