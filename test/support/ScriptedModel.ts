/**
 * Stands in for a model's server on the loopback: notes what it is asked, and answers each message with a line of text. It speaks as much of
 * the Messages API as Claude Code needs.
 */
import { once } from "node:events"
import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

interface Asked {
  readonly model: string
  readonly messages: ReadonlyArray<{ readonly content: string | ReadonlyArray<{ readonly text?: string }> }>
}

export class ScriptedModel implements AsyncDisposable {
  /** The text of every conversation it was sent, the newest last. */
  readonly conversations: Array<string> = []
  readonly #server: Server

  static async start(): Promise<ScriptedModel> {
    const model = new ScriptedModel()
    model.#server.listen(0, "127.0.0.1")
    await once(model.#server, "listening")
    return model
  }

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const parts: Array<Buffer> = []
      for await (const part of request) parts.push(part as Buffer)
      const path = new URL(request.url ?? "/", "http://model").pathname
      if (path !== "/v1/messages") return void response.writeHead(404).end("{}")
      this.#answer(JSON.parse(Buffer.concat(parts).toString()) as Asked, response)
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, "close")
  }

  #answer({ messages, model }: Asked, response: ServerResponse): void {
    const texts = messages.flatMap(({ content }) =>
      typeof content === "string" ? [content] : content.map(({ text }) => text ?? "")
    )
    const count = this.conversations.push(texts.join("\n"))
    response.writeHead(200, { "content-type": "text/event-stream" })
    const send = (type: string, data: object) =>
      response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
    const usage = { input_tokens: 1, output_tokens: 1 }
    const message = { id: `msg_${count}`, type: "message", role: "assistant", model, content: [], stop_reason: null }
    send("message_start", { message: { ...message, stop_sequence: null, usage } })
    send("content_block_start", { index: 0, content_block: { type: "text", text: "" } })
    send("content_block_delta", { index: 0, delta: { type: "text_delta", text: `answer ${count}` } })
    send("content_block_stop", { index: 0 })
    send("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage })
    send("message_stop", {})
    response.end()
  }
}
