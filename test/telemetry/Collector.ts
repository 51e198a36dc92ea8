/** A collector: takes OTLP over HTTP as JSON on a loopback port or a Unix socket, and remembers what it was sent. */
import { once } from "node:events"
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { json } from "node:stream/consumers"

interface Delivery {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Readonly<Record<string, unknown>>
}

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

export interface Span {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: ReadonlyArray<Attribute>
  readonly status: { readonly code: number }
}

export interface LogRecord {
  readonly severityText: string
  readonly body: { readonly stringValue: string }
  readonly attributes: ReadonlyArray<Attribute>
}

export const attributesOf = ({ attributes }: { readonly attributes: ReadonlyArray<Attribute> }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

export class Collector implements AsyncDisposable {
  readonly deliveries: Array<Delivery> = []
  readonly #server: Server
  readonly #waiting = new Set<() => void>()
  readonly #answer: (response: ServerResponse) => void

  private constructor(answer: (response: ServerResponse) => void) {
    this.#answer = answer
    this.#server = createServer(async (request, response) => {
      const body = (await json(request)) as Delivery["body"]
      this.deliveries.push({ path: request.url ?? "", headers: request.headers, body })
      this.#answer(response)
      for (const look of [...this.#waiting]) look()
    })
  }

  static async listen(
    where: string | number = 0,
    answer: (response: ServerResponse) => void = (response) => response.end("{}")
  ): Promise<Collector> {
    const collector = new Collector(answer)
    if (typeof where === "string") collector.#server.listen(where)
    else collector.#server.listen(where, "127.0.0.1")
    await once(collector.#server, "listening")
    return collector
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** What `look` finds, once it finds something. */
  until<A>(look: (collector: Collector) => A | undefined): Promise<A> {
    return new Promise((resolve) => {
      const again = () => {
        const found = look(this)
        if (found === undefined) return
        this.#waiting.delete(again)
        resolve(found)
      }
      this.#waiting.add(again)
      again()
    })
  }

  /** Everything of one kind, in the order it came. */
  #all<A>(path: string, resources: string, scopes: string, items: string): ReadonlyArray<A> {
    type Tree = Readonly<Record<string, ReadonlyArray<Tree>>>
    return this.deliveries
      .filter((delivery) => delivery.path.endsWith(path))
      .flatMap(({ body }) => (body as unknown as Tree)[resources]!)
      .flatMap((resource) => resource[scopes]!)
      .flatMap((scope) => scope[items] as unknown as ReadonlyArray<A>)
  }

  get spans() {
    return this.#all<Span>("/v1/traces", "resourceSpans", "scopeSpans", "spans")
  }

  get logs() {
    return this.#all<LogRecord>("/v1/logs", "resourceLogs", "scopeLogs", "logRecords")
  }

  get metrics() {
    return this.#all<{ readonly name: string }>("/v1/metrics", "resourceMetrics", "scopeMetrics", "metrics")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, "close")
  }
}
