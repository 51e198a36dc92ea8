/** How an answer is sent in each of the three protocols: as a stream of events, which is what all programs here ask for. */
import type { ServerResponse } from "node:http"
import type { Answer, Body } from "./HeldModel.ts"

type Dialect = (response: ServerResponse, path: string, body: Body) => Answer

let ids = 0
const id = (prefix: string) => `${prefix}_${++ids}`

const streamOf = (response: ServerResponse) => {
  response.writeHead(200, { "content-type": "text/event-stream" })
  return (data: object & { type?: string }) =>
    response.write(`${data.type === undefined ? "" : `event: ${data.type}\n`}data: ${JSON.stringify(data)}\n\n`)
}

/** Anthropic's Messages. */
export const messages: Dialect = (response, _, { model }) => {
  const send = streamOf(response)
  const usage = { input_tokens: 10, output_tokens: 10 }
  const message = { id: id("msg"), type: "message", role: "assistant", model, content: [], stop_reason: null }
  send({ type: "message_start", message: { ...message, stop_sequence: null, usage } } as object)
  let index = -1
  let open: "text" | "tool_use" | null = null
  const close = () => {
    if (open !== null) send({ type: "content_block_stop", index } as object)
    open = null
  }
  let stop = "end_turn"
  return {
    text(text) {
      if (open !== "text") {
        close()
        open = "text"
        send({ type: "content_block_start", index: ++index, content_block: { type: "text", text: "" } } as object)
      }
      send({ type: "content_block_delta", index, delta: { type: "text_delta", text } } as object)
    },
    call(name, input) {
      close()
      open = "tool_use"
      stop = "tool_use"
      const block = { type: "tool_use", id: id("toolu"), name, input: {} }
      send({ type: "content_block_start", index: ++index, content_block: block } as object)
      const delta = { type: "input_json_delta", partial_json: JSON.stringify(input) }
      send({ type: "content_block_delta", index, delta } as object)
    },
    end() {
      close()
      send({ type: "message_delta", delta: { stop_reason: stop, stop_sequence: null }, usage } as object)
      send({ type: "message_stop" })
      response.end()
    }
  }
}

/** OpenAI's Responses. */
export const responses: Dialect = (response) => {
  const send = streamOf(response)
  const whole = { id: id("resp"), object: "response", output: [] }
  send({ type: "response.created", response: whole } as object)
  let index = -1
  let open: { id: string; text: string } | null = null
  const item = () => ({
    ...{ type: "message", id: open!.id, role: "assistant", status: "completed" },
    content: [{ type: "output_text", text: open!.text, annotations: [] }]
  })
  const close = () => {
    if (open !== null) send({ type: "response.output_item.done", output_index: index, item: item() } as object)
    open = null
  }
  return {
    text(delta) {
      if (open === null) {
        open = { id: id("item"), text: "" }
        const added = { type: "message", id: open.id, role: "assistant", status: "in_progress", content: [] }
        send({ type: "response.output_item.added", output_index: ++index, item: added } as object)
      }
      open.text += delta
      const at = { item_id: open.id, output_index: index, content_index: 0 }
      send({ type: "response.output_text.delta", ...at, delta } as object)
    },
    call(name, input) {
      close()
      const added = {
        type: "function_call",
        id: id("item"),
        call_id: id("call"),
        name,
        arguments: JSON.stringify(input)
      }
      send({ type: "response.output_item.added", output_index: ++index, item: added } as object)
      send({ type: "response.output_item.done", output_index: index, item: added } as object)
    },
    end() {
      close()
      const usage = { input_tokens: 10, input_tokens_details: null, output_tokens: 10, output_tokens_details: null }
      send({ type: "response.completed", response: { ...whole, usage: { ...usage, total_tokens: 20 } } } as object)
      response.end()
    }
  }
}

/** Google's generateContent, streamed or not. */
export const gemini: Dialect = (response, path) => {
  const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 10, totalTokenCount: 20 }
  const chunk = (parts: ReadonlyArray<object>, finishReason?: string) => ({
    candidates: [{ index: 0, content: { role: "model", parts }, ...(finishReason && { finishReason }) }],
    usageMetadata
  })
  if (!path.includes(":stream")) {
    const parts: Array<object> = []
    return {
      text: (text) => void parts.push({ text }),
      call: (name, args) => void parts.push({ functionCall: { name, args } }),
      end: () =>
        void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(chunk(parts, "STOP")))
    }
  }
  const send = streamOf(response)
  return {
    text: (text) => void send(chunk([{ text }])),
    call: (name, args) => void send(chunk([{ functionCall: { name, args } }])),
    end() {
      send(chunk([], "STOP"))
      response.end()
    }
  }
}
