/** What `message send` and `message reply` have in common. */
import type { Client } from "../../client/Client.ts"
import type { Message } from "../../contract/Message.ts"
import type { Params } from "../../contract/Methods.ts"
import { usage } from "../Arguments.ts"
import { printable } from "../Paint.ts"
import { readText } from "./readText.ts"
import { textParam } from "./textParam.ts"

interface Said {
  log(line: string): void
}

export const sendText = async (
  command: Said,
  client: Client,
  words: ReadonlyArray<string>,
  file: string | undefined,
  params: Params<"message.send">
): Promise<Message> => {
  const text = await readText(words, file)
  if (text === "" && params.data === undefined)
    throw usage("there is nothing in it: give some words, --file FILE, or pipe a text into it")
  const message = await client.call("message.send", { ...params, ...(await textParam(client, text)) })
  const { nudged, recipients } = message
  const nudging =
    nudged === undefined ? "" : nudged.length > 0 ? `, nudging ${nudged.join(" ")}` : ", no live session to nudge"
  command.log(`${message.id} to ${recipients.map(({ name }) => `@${name}`).join(" ")}${printable(nudging)}`)
  return message
}

export const parseJson = (text: string | undefined): Params<"message.send">["data"] => {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Params<"message.send">["data"]
  } catch {
    throw usage("--data is not JSON")
  }
}
