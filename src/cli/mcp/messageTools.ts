/** Tools about messages: say, answer, read, wait. */
import { randomUUID } from "node:crypto"
import type { Message } from "../../contract/Message.ts"
import type { Params } from "../../contract/Methods.ts"
import { PROGRESS_SECONDS, READ_CHARACTERS, TOOL_PAGE, WAIT_SECONDS } from "../../contract/tools/ToolLimits.ts"
import { textParam } from "../messages/textParam.ts"
import { given, standing } from "../standing.ts"
import { NOTICE } from "./Answer.ts"
import { markRead, readListed, readPiece } from "./reading.ts"
import type { Runs, ToolCall } from "./Tool.ts"

type MessageTool = "send_message" | "reply" | "check_inbox" | "read_message" | "read_thread" | "wait_for_message"

export const messageTools: Runs<MessageTool> = {
  send_message: ({ everyone, text, to, ...rest }, call) => say(call, text, { to, ...given({ everyone }), ...rest }),

  reply: ({ all, message, text, ...rest }, call) => say(call, text, { replyTo: message, ...given({ all }), ...rest }),

  check_inbox: async ({ all, from, limit = TOOL_PAGE, page, peek, ...wanted }, { daemon, signal }) => {
    const oldest = all !== true
    const list = await daemon.call(
      "message.list",
      {
        ...wanted,
        ...given({ author: from, peek }),
        ...given(oldest ? { after: page } : { before: page }),
        limit,
        oldest,
        unread: oldest,
        ...standing()
      },
      signal
    )
    const messages = await readListed(daemon, list.messages, signal)
    const left = peek === true ? null : await markRead(daemon, messages)
    return { notice: NOTICE.messages, messages, unread: left ?? list.unread, nextPage: list.next }
  },

  read_message: async ({ from = 0, limit = READ_CHARACTERS, message: id, peek }, { daemon, signal }) => {
    const message = await readPiece(daemon, id, from, limit, signal)
    if (peek !== true) await markRead(daemon, [message])
    return { notice: NOTICE.messages, message }
  },

  read_thread: async ({ limit = TOOL_PAGE, message, page }, { daemon, signal }) => {
    const { thread } = (await daemon.call("message.get", { message, ...standing() }, signal)).message
    const list = await daemon.call(
      "message.list",
      { box: "all", thread, oldest: true, limit, ...given({ after: page }), ...standing() },
      signal
    )
    const messages = await readListed(daemon, list.messages, signal)
    return { notice: NOTICE.messages, thread, messages, nextPage: list.next }
  },

  wait_for_message: async ({ peek, timeoutSeconds = WAIT_SECONDS, ...wanted }, { daemon, progress, signal }) => {
    const began = performance.now()
    const tell = () => progress(Math.round((performance.now() - began) / 1000), timeoutSeconds, "Waiting for a message")
    tell()
    const timer = setInterval(tell, PROGRESS_SECONDS * 1000)
    try {
      const found = await daemon.wait(timeoutSeconds * 1000, signal, async (client, timeoutMs) => {
        const { message } = await client.call("message.wait", { ...wanted, timeoutMs, ...standing() }, { signal })
        return message
      })
      if (found === null) return { notice: NOTICE.messages, message: null }
      const message = await readPiece(daemon, found.id, 0, READ_CHARACTERS, signal)
      if (peek !== true) await markRead(daemon, [message])
      return { notice: NOTICE.messages, message }
    } finally {
      clearInterval(timer)
    }
  }
}

/** Under a key of its own unless it has one: when the daemon went away before it answered, the message is sent once all the same. */
const say = async ({ daemon, signal }: ToolCall, text: string, params: Params<"message.send">) => {
  const key = params.key ?? randomUUID()
  const message = await daemon.again(
    async (client) =>
      client.call("message.send", { ...params, key, ...standing(), ...(await textParam(client, text)) }, { signal }),
    signal
  )
  return sent(message)
}

const sent = ({ id, nudged = [], recipients, thread }: Message) => ({
  id,
  thread,
  recipients: recipients.map(({ name }) => `@${name}`),
  nudged
})
