/**
 * A model's server on the loopback whose script decides when it answers, and what: between the question and the answer the program is
 * known to be at work, after a tool call it is known to ask. Speaks as much of the Messages API, the Responses API and the Gemini API as the
 * programs need that are recorded here.
 */
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { gemini, messages, responses } from "./dialects.ts"

/** An answer being given. */
export interface Answer {
  text(delta: string): void
  call(tool: string, input: object): void
  end(): void
}

export interface Question extends Answer {
  /** The request's body. */
  readonly body: Body
}

/** What all three have in their requests, as far as anybody here looks. */
export interface Body {
  readonly model?: string
  readonly tools?: ReadonlyArray<unknown>
  readonly [key: string]: unknown
}

/** Milliseconds for a program to come to its next question. */
const PATIENCE_MS = 60_000

const dialectOf = (path: string) =>
  path.endsWith("/messages")
    ? messages
    : path.endsWith("/responses")
      ? responses
      : /:(streamG|g)enerateContent$/.test(path)
        ? gemini
        : undefined

export class HeldModel implements AsyncDisposable {
  readonly #server: Server
  readonly #asked: Array<Question> = []
  #awaited: PromiseWithResolvers<Question> | null = null
  /** Every request that came, for who wants to know what a program asks. */
  readonly requests: Array<{ path: string; body: Body }> = []

  static async start(): Promise<HeldModel> {
    const model = new HeldModel()
    model.#server.listen(0, "127.0.0.1")
    await once(model.#server, "listening")
    return model
  }

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The next question of the conversation. */
  async next(): Promise<Question> {
    const asked = this.#asked.shift()
    if (asked !== undefined) return asked
    const awaited = Promise.withResolvers<Question>()
    this.#awaited = awaited
    const timer = setTimeout(() => awaited.reject(new Error("the program asks its model nothing")), PATIENCE_MS)
    return awaited.promise.finally(() => clearTimeout(timer))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, "close")
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Array<Buffer> = []
    for await (const part of request) parts.push(part as Buffer)
    const path = new URL(request.url ?? "/", "http://model").pathname
    const dialect = dialectOf(path)
    if (request.method !== "POST" || dialect === undefined) return void response.writeHead(404).end("{}")
    const body = JSON.parse(Buffer.concat(parts).toString()) as Body
    this.requests.push({ path, body })
    const answer = dialect(response, path, body)
    // A title, a summary: no part of the conversation, which always comes with tools.
    if ((body.tools ?? []).length === 0) {
      answer.text("A title")
      return answer.end()
    }
    const question = { body, ...answer }
    if (this.#awaited === null) this.#asked.push(question)
    else this.#awaited.resolve(question)
    this.#awaited = null
  }
}
