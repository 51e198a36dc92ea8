/**
 * Traces, metrics and logs by OTLP (HTTP, JSON) to a collector. Loaded only where one is configured.
 */
import { Effect, Layer, Logger, type LogLevel, Schedule, Tracer } from "effect"
import { HttpClient } from "effect/http"
import { OtlpExporter, OtlpLogger, OtlpMetrics, OtlpSerialization, OtlpTracer } from "effect/observability"
import { errorCodes } from "../contract/errors/ErrorCodes.ts"
import { discreet } from "./Discretion.ts"
import type { ExportPlan } from "./ExportPlan.ts"
import { Meters } from "./Meters.ts"
import { makeClient } from "./OtlpClient.ts"
import { type Asked, RequestTrace } from "./RequestMeter.ts"

/** Spans, and lines, that are delivered together; twice as many wait at the most. */
const BATCH = 512

/** Milliseconds what is left may take when the daemon stops. */
const SHUTDOWN_MS = 1_000

export interface OtlpOptions {
  readonly plan: ExportPlan
  readonly version: string
  /** What tells this daemon from others, beside what the plan says. */
  readonly attributes: Readonly<Record<string, string | number>>
  /** Whether lines of this level are logged. */
  readonly passes: (level: LogLevel.LogLevel) => boolean
}

export const layer = ({ attributes, passes, plan, version }: OtlpOptions) => {
  const { baseUrl, everyMs, headers, serviceName, signals, socketPath } = plan
  const common = {
    resource: { serviceName, serviceVersion: version, attributes: { ...attributes, ...plan.attributes } },
    headers,
    shutdownTimeout: SHUTDOWN_MS
  }
  const logs = Logger.layer(
    [
      Effect.map(
        OtlpLogger.make({
          ...common,
          url: `${baseUrl}/v1/logs`,
          exportInterval: everyMs.logs,
          maxBatchSize: BATCH,
          excludeLogSpans: true
        }),
        (logger) =>
          Logger.make<unknown, void>((options) => {
            if (passes(options.logLevel)) logger.log(options)
          })
      )
    ],
    { mergeWithExisting: true }
  )
  const metrics = Layer.effectDiscard(
    Effect.gen(function* () {
      const { prepare } = yield* Meters
      yield* Effect.forkScoped(Effect.repeat(prepare, Schedule.spaced(everyMs.metrics)))
      yield* OtlpMetrics.make({ ...common, url: `${baseUrl}/v1/metrics`, exportInterval: everyMs.metrics })
    })
  )
  const traces = Layer.merge(
    Layer.succeed(RequestTrace, traceRequest),
    Layer.effect(
      Tracer.Tracer,
      Effect.map(
        OtlpTracer.make({
          ...common,
          url: `${baseUrl}/v1/traces`,
          exportInterval: everyMs.traces,
          maxBatchSize: BATCH
        }),
        discreet
      )
    )
  )
  const nothing = Layer.empty
  return Layer.mergeAll(
    signals.has("logs") ? logs : nothing,
    signals.has("metrics") ? metrics : nothing,
    signals.has("traces") ? traces : nothing
  ).pipe(
    Layer.provide(OtlpExporter.layerFlusher),
    Layer.provide(OtlpSerialization.layerJson),
    Layer.provide(Layer.effect(HttpClient.HttpClient, makeClient(socketPath)))
  )
}

/** By the semantic conventions for JSON-RPC (https://opentelemetry.io/docs/specs/semconv/rpc/json-rpc). */
const traceRequest = <A, E extends { readonly _tag: string }, R>(
  effect: Effect.Effect<A, E, R>,
  { id, method, pid }: Asked
): Effect.Effect<A, E, R> =>
  effect.pipe(
    Effect.tapError(({ _tag }) =>
      Effect.annotateCurrentSpan("rpc.jsonrpc.error_code", errorCodes[_tag as keyof typeof errorCodes]?.code ?? 0)
    ),
    Effect.withSpan(
      method,
      {
        kind: "server",
        root: true,
        attributes: {
          "rpc.system": "jsonrpc",
          "rpc.method": method,
          "rpc.jsonrpc.version": "2.0",
          "network.transport": "unix",
          ...(id === null ? {} : { "rpc.jsonrpc.request_id": String(id) }),
          ...(pid === null ? {} : { "agentd.peer.pid": pid })
        }
      },
      { captureStackTrace: false }
    )
  )
