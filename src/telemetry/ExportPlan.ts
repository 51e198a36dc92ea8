/**
 * Whether, where and as what telemetry is delivered: the configuration's word, else OpenTelemetry's standard variables
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables).
 */

/** The variables that are looked at. */
export const VARIABLES = [
  "OTEL_SDK_DISABLED",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_SERVICE_NAME",
  "OTEL_RESOURCE_ATTRIBUTES",
  "OTEL_TRACES_EXPORTER",
  "OTEL_METRICS_EXPORTER",
  "OTEL_LOGS_EXPORTER",
  "OTEL_BSP_SCHEDULE_DELAY",
  "OTEL_BLRP_SCHEDULE_DELAY",
  "OTEL_METRIC_EXPORT_INTERVAL"
] as const

export type Variables = Readonly<Partial<Record<(typeof VARIABLES)[number], string>>>

export interface Configured {
  readonly otlp_endpoint: string | null
  readonly service_name: string | null
  readonly resource_attributes: string | null
}

type Signal = "traces" | "metrics" | "logs"

export interface ExportPlan {
  /** Without a slash at its end; `/v1/traces` and the like follow. */
  readonly baseUrl: string
  /** Path of the Unix socket the collector listens on. */
  readonly socketPath: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly attributes: Readonly<Record<string, string>>
  readonly signals: ReadonlySet<Signal>
  /** Milliseconds between two deliveries. */
  readonly everyMs: Readonly<Record<Signal, number>>
}

/** As the specification has them. */
const DEFAULT_MS = { traces: 5_000, metrics: 60_000, logs: 1_000 } as const

/** Null: nothing is delivered. A string: it was asked for and cannot be done, and why. */
export const planExport = (
  configured: Configured,
  secretHeaders: string | null,
  variables: Variables
): ExportPlan | string | null => {
  if (variables.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") return null
  const endpoint = configured.otlp_endpoint ?? variables.OTEL_EXPORTER_OTLP_ENDPOINT?.trim() ?? ""
  if (endpoint === "") return null
  const place = placeOf(endpoint)
  if (place === null)
    return `"${withoutSecrets(endpoint)}" is no address of a collector; expected http://, https:// or unix:/path`
  const headers = pairs(secretHeaders ?? variables.OTEL_EXPORTER_OTLP_HEADERS ?? "")
  if (headers === null) return "its headers are not name=value, separated by commas or newlines"
  if (Object.keys(headers).length > 0 && place.exposed)
    return "its headers would go over the network unencrypted; use https, or a collector on this machine"
  const attributes = pairs(
    [variables.OTEL_RESOURCE_ATTRIBUTES, configured.resource_attributes].filter(Boolean).join(",")
  )
  if (attributes === null) return "its resource attributes are not name=value, separated by commas"
  const { "service.name": named, ...others } = attributes
  return {
    baseUrl: place.baseUrl,
    socketPath: place.socketPath,
    headers,
    serviceName: configured.service_name ?? (variables.OTEL_SERVICE_NAME?.trim() || named || "agentd"),
    attributes: others,
    signals: new Set(
      (["traces", "metrics", "logs"] as const).filter((signal) => {
        const exporters = variables[`OTEL_${signal.toUpperCase()}_EXPORTER` as keyof Variables] ?? "otlp"
        return exporters.split(",").some((name) => name.trim().toLowerCase() === "otlp")
      })
    ),
    everyMs: {
      traces: milliseconds(variables.OTEL_BSP_SCHEDULE_DELAY) ?? DEFAULT_MS.traces,
      metrics: milliseconds(variables.OTEL_METRIC_EXPORT_INTERVAL) ?? DEFAULT_MS.metrics,
      logs: milliseconds(variables.OTEL_BLRP_SCHEDULE_DELAY) ?? DEFAULT_MS.logs
    }
  }
}

const placeOf = (endpoint: string) => {
  if (endpoint.startsWith("unix:/"))
    return { baseUrl: "http://localhost", socketPath: endpoint.slice("unix:".length), exposed: false }
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") return null
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  return {
    baseUrl: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    socketPath: null,
    exposed: url.protocol === "http:" && !loopback
  }
}

/** Somebody may have put a password into the address. */
const withoutSecrets = (endpoint: string): string => endpoint.replace(/\/\/[^/]*@/, "//…@").replace(/\?.*$/s, "")

/** W3C Baggage as the specification uses it: percent-encoded values. */
const pairs = (text: string): Record<string, string> | null => {
  const found: Record<string, string> = {}
  for (const piece of text.split(/[,\n]/).map((one) => one.trim())) {
    if (piece === "") continue
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+)\s*=\s*(.*)$/s.exec(piece) ?? []
    if (name === undefined || value === undefined) return null
    try {
      found[name] = decodeURIComponent(value)
    } catch {
      return null
    }
    // Neither is allowed in a header; what follows a newline would be another one.
    if (/[\r\n\0]/.test(found[name])) return null
  }
  return found
}

const milliseconds = (text: string | undefined): number | null =>
  text !== undefined && /^[1-9]\d{0,8}$/.test(text.trim()) ? Number(text) : null
