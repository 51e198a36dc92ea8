/**
 * A door with one page: the daemon's metrics for Prometheus, over HTTP on a loopback address or a Unix socket. Only reads, and is
 * loaded only where it is configured.
 */
import { chmodSync, lstatSync, unlinkSync } from "node:fs"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { Effect, Schema } from "effect"
import { CONTENT_TYPE } from "../telemetry/Prometheus.ts"
import { SANDBOXED } from "../telemetry/sandboxed.ts"

/** Scrapers that may be connected at a time, and milliseconds each may take to ask. */
const MAX_CONNECTIONS = 8
const REQUEST_MS = 5_000

/** It cannot listen; the daemon goes on without. */
export class PrometheusRefused extends Schema.TaggedError<PrometheusRefused>()("PrometheusRefused", {
  where: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `no metrics on ${this.where}: ${this.reason}`
  }
}

export const listen = Effect.fnUntraced(function* (where: string, text: Effect.Effect<string>) {
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const refused = refusal(request)
    if (refused !== null) return reply(response, refused, "text/plain; charset=utf-8", `${refused}\n`)
    fork(
      Effect.matchCause(text, {
        onFailure: () => reply(response, 500, "text/plain; charset=utf-8", "500\n"),
        onSuccess: (metrics) => reply(response, 200, CONTENT_TYPE, request.method === "HEAD" ? "" : metrics)
      })
    )
  }
  const unix = where.startsWith("/")
  if (unix) yield* removeStale(where)
  yield* Effect.acquireRelease(open(where, unix, answer), (server) =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
  )
})

/**
 * A page in a browser can be made to ask this machine by another name (DNS rebinding); it cannot choose the header, which then
 * holds that name.
 */
export const refusal = ({
  headers,
  method,
  url
}: Pick<IncomingMessage, "headers" | "method" | "url">): 403 | 404 | 405 | null => {
  if (!/^(localhost|127(\.\d{1,3}){3}|\[::1\])?(:\d+)?$/i.test(headers.host ?? "")) return 403
  if (method !== "GET" && method !== "HEAD") return 405
  return url === "/metrics" || url?.startsWith("/metrics?") === true ? null : 404
}

const reply = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store"
  })
  response.end(body)
}

const open = (
  where: string,
  unix: boolean,
  answer: (request: IncomingMessage, response: ServerResponse) => void
): Effect.Effect<Server, PrometheusRefused> =>
  Effect.callback((resume) => {
    const server = createServer(
      { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, keepAliveTimeout: REQUEST_MS },
      answer
    )
    server.maxConnections = MAX_CONNECTIONS
    server.on("error", (cause: NodeJS.ErrnoException) =>
      resume(Effect.fail(new PrometheusRefused({ where, reason: explain(cause) })))
    )
    const listening = () => {
      if (unix) chmodSync(where, 0o600)
      // Nobody should have to wait for a scraper.
      server.unref()
      resume(Effect.succeed(server))
    }
    if (unix) server.listen(where, listening)
    else {
      const at = where.lastIndexOf(":")
      server.listen({ host: where.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(where.slice(at + 1)) }, listening)
    }
  })

/** What a daemon that was killed has left. */
const removeStale = (path: string) =>
  Effect.sync(() => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path)
  })

const explain = ({ code, message }: NodeJS.ErrnoException): string =>
  code === "EAFNOSUPPORT" ? SANDBOXED : code === "EADDRINUSE" ? `${message}. Choose another port.` : message
