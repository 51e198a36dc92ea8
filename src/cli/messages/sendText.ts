/** What `message send` and `message reply` have in common. */
import type { Client } from "../../client/Client.ts"
import type { Message } from "../../contract/Message.ts"
import type { Params } from "../../contract/Methods.ts"
import { usage } from "../Arguments.ts"
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
  const message = await client.call("message.send", { ...params, ...(await textParam(client, text)) })
  command.log(`${message.id} to ${message.recipients.map(({ name }) => `@${name}`).join(" ")}`)
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
