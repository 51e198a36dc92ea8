/**
 * Log lines on standard error: readable ones for a terminal, JSON for whatever collects them.
 */
import { Cause, Layer, Logger, type LogLevel, References } from "effect"

/** The least important level that is written; a reload changes it while the daemon runs. */
export interface LogThreshold {
  current: "debug" | "info" | "warn" | "error"
}

const RANK: Record<LogThreshold["current"], number> = { debug: 1, info: 2, warn: 3, error: 4 }

const rankOf = (level: LogLevel.LogLevel): number =>
  level === "Fatal" || level === "Error" ? 4 : level === "Warn" ? 3 : level === "Info" ? 2 : 1

const textOf = (message: unknown): string =>
  Array.isArray(message)
    ? message.map(textOf).join(" ")
    : typeof message === "string"
      ? message
      : JSON.stringify(message)

const COLOURS: Record<number, string> = { 1: "2", 2: "32", 3: "33", 4: "31" }

export const logging = (threshold: LogThreshold, write: (line: string) => void, terminal: boolean) =>
  Layer.merge(
    Logger.layer([
      Logger.make(({ cause, date, logLevel, message }) => {
        const rank = rankOf(logLevel)
        if (rank < RANK[threshold.current]) return
        const failure = cause.reasons.length === 0 ? undefined : Cause.pretty(cause)
        if (terminal) {
          const level = `\x1b[${COLOURS[rank]}m${logLevel.toLowerCase().padEnd(5)}\x1b[0m`
          const time = date.toTimeString().slice(0, 8)
          write(`${time} ${level} ${textOf(message)}${failure === undefined ? "" : `\n${failure}`}\n`)
        } else {
          write(
            `${JSON.stringify({ time: date.toISOString(), level: logLevel.toLowerCase(), message: textOf(message), cause: failure })}\n`
          )
        }
      })
    ]),
    Layer.succeed(References.MinimumLogLevel, "Debug")
  )
