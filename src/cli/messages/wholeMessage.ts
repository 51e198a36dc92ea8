/** A message with all of its text, however many answers it takes. */
import type { Client } from "../../client/Client.ts"
import type { Message } from "../../contract/Message.ts"
import { standing } from "../standing.ts"

export const whole = async (client: Client, id: string): Promise<Message> => {
  const first = await client.call("message.get", { message: id, ...standing() })
  const pieces = [first.message.text]
  for (let from = first.next; from !== null; ) {
    const piece = await client.call("message.get", { message: id, from, ...standing() })
    pieces.push(piece.message.text)
    from = piece.next
  }
  return { ...first.message, text: pieces.join("") }
}
