/**
 * Stands in for a model's server on the loopback: notes what it is asked, calls the tools it was told to, one each time, and answers with a line
 * of text when it has. It speaks as much of the Messages API as Claude Code needs.
 */
import { once } from "node:events"
import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

interface Asked {
  readonly model: string
  readonly messages: ReadonlyArray<{ readonly content: string | ReadonlyArray<Content> }>
}

interface Content {
  readonly type: string
  readonly text?: string
  /** What a tool answered. */
  readonly content?: unknown
}

/** A tool's name, and what it is called with. */
export type ToolUse = readonly [name: string, input: object]

export class ScriptedModel implements AsyncDisposable {
  /** The text of every conversation it was sent, the newest last. */
  readonly conversations: Array<string> = []
  /** What the tools have answered in the newest conversation, in their order. */
  results: ReadonlyArray<string> = []
  readonly #server: Server
  readonly #uses: ReadonlyArray<ToolUse>

  static async start(uses: ReadonlyArray<ToolUse> = []): Promise<ScriptedModel> {
    const model = new ScriptedModel(uses)
    model.#server.listen(0, "127.0.0.1")
    await once(model.#server, "listening")
    return model
  }

  private constructor(uses: ReadonlyArray<ToolUse>) {
    this.#uses = uses
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
    const contents = messages.flatMap(({ content }) =>
      typeof content === "string" ? [{ type: "text", text: content } satisfies Content] : content
    )
    const count = this.conversations.push(contents.map(({ text }) => text ?? "").join("\n"))
    const answered = contents.filter(({ type }) => type === "tool_result")
    if (answered.length > 0) this.results = answered.map(({ content }) => JSON.stringify(content))
    const next = this.#uses[answered.length]
    response.writeHead(200, { "content-type": "text/event-stream" })
    const send = (type: string, data: object) =>
      response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
    const usage = { input_tokens: 1, output_tokens: 1 }
    const message = { id: `msg_${count}`, type: "message", role: "assistant", model, content: [], stop_reason: null }
    send("message_start", { message: { ...message, stop_sequence: null, usage } })
    if (next === undefined) {
      send("content_block_start", { index: 0, content_block: { type: "text", text: "" } })
      send("content_block_delta", { index: 0, delta: { type: "text_delta", text: `answer ${count}` } })
    } else {
      const [name, input] = next
      send("content_block_start", {
        index: 0,
        content_block: { type: "tool_use", id: `use_${count}`, name, input: {} }
      })
      send("content_block_delta", {
        index: 0,
        delta: { type: "input_json_delta", partial_json: JSON.stringify(input) }
      })
    }
    send("content_block_stop", { index: 0 })
    const reason = next === undefined ? "end_turn" : "tool_use"
    send("message_delta", { delta: { stop_reason: reason, stop_sequence: null }, usage })
    send("message_stop", {})
    response.end()
  }
}
