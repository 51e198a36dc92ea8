/**
 * Carries telemetry to its collector: over HTTP, HTTPS or a Unix socket, with a limit on how long it waits and on how much is
 * under way, so that a collector that hangs costs neither memory nor time.
 */
import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http"
import { Agent as HttpsAgent, request as requestHttps } from "node:https"
import { Effect } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { about } from "../contract/Log.ts"
import { SANDBOXED } from "./sandboxed.ts"

/** Milliseconds a collector has for an answer. */
const ANSWER_MS = 5_000

/** Deliveries under way. What is due beyond that is thrown away. */
const MAX_UNDER_WAY = 6

const MAX_SOCKETS = 2

export const makeClient = Effect.fnUntraced(function* (socketPath: string | null) {
  const options = { keepAlive: true, maxSockets: MAX_SOCKETS }
  const agents = yield* Effect.acquireRelease(
    Effect.sync(() => ({ "http:": new HttpAgent(options), "https:": new HttpsAgent(options) })),
    (made) =>
      Effect.sync(() => {
        for (const agent of Object.values(made)) agent.destroy()
      })
  )
  let underWay = 0
  let delivering = true

  /** Said once when it begins and once when it ends. */
  const told = (failure: string | null): Effect.Effect<void> => {
    if ((failure === null) === delivering) return Effect.void
    delivering = failure === null
    return failure === null
      ? Effect.logInfo("telemetry is delivered again").pipe(Effect.annotateLogs(about("telemetry.delivered")))
      : Effect.logWarning(`telemetry is not delivered, and what cannot be is thrown away: ${failure}`).pipe(
          Effect.annotateLogs(about("telemetry.refused"))
        )
  }

  return HttpClient.make((request, url) => {
    if (underWay >= MAX_UNDER_WAY) {
      // Not one of the kinds that are tried again.
      return Effect.fail(new HttpClientError.HttpClientError({ reason: new HttpClientError.EncodeError({ request }) }))
    }
    underWay += 1
    const secure = url.protocol === "https:"
    const call = {
      method: request.method,
      headers: request.headers,
      agent: agents[secure ? "https:" : "http:"],
      ...(socketPath === null ? {} : { socketPath })
    }
    return exchange(secure, url, call, request).pipe(
      Effect.timeoutOrElse({
        duration: ANSWER_MS,
        orElse: () => Effect.fail(failed(request, `no answer within ${ANSWER_MS / 1000} s`))
      }),
      Effect.tap(({ status }) => told(status < 300 ? null : `the collector answers ${status}`)),
      Effect.tapError(({ reason }) =>
        told("description" in reason ? (reason.description ?? reason._tag) : reason._tag)
      ),
      Effect.ensuring(
        Effect.sync(() => {
          underWay -= 1
        })
      )
    )
  })
})

const exchange = (
  secure: boolean,
  url: URL,
  options: RequestOptions,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> =>
  Effect.callback((resume) => {
    const answered = (response: IncomingMessage) => {
      // Only the status counts; whatever else it says is not kept.
      response.resume()
      response.on("error", (cause) => resume(Effect.fail(failed(request, cause.message))))
      response.on("end", () => {
        const { statusCode: status = 0 } = response
        if (status < 200 || status > 599) return resume(Effect.fail(failed(request, `the collector answers ${status}`)))
        const headers = response.headers["retry-after"]
        const kept = headers === undefined ? {} : { "retry-after": headers }
        resume(Effect.succeed(HttpClientResponse.fromWeb(request, new Response(null, { status, headers: kept }))))
      })
    }
    const outgoing = (secure ? requestHttps : requestHttp)(url, options, answered)
    outgoing.on("error", (cause: NodeJS.ErrnoException) =>
      resume(Effect.fail(failed(request, cause.code === "EAFNOSUPPORT" ? SANDBOXED : cause.message)))
    )
    outgoing.end(request.body._tag === "Uint8Array" ? request.body.body : undefined)
    return Effect.sync(() => outgoing.destroy())
  })

const failed = (request: HttpClientRequest.HttpClientRequest, description: string) =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, description }) })
