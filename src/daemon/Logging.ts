/**
 * The daemon's log: fields for the journal where systemd connects standard error to it, readable lines for a terminal, JSON for
 * whatever else collects them.
 */
import { Cause, Layer, Logger, type LogLevel, References } from "effect"
import { about, type LogField, type LogKindName, logFields, logKinds } from "../contract/Log.ts"
import { type Fields, Journal, LogLosses } from "../host/service/Journal.ts"

/** The least important level that is written; a reload changes it while the daemon runs. */
export interface LogThreshold {
  current: "debug" | "info" | "warn" | "error"
}

type Level = LogThreshold["current"]

const RANK: Record<Level, number> = { debug: 1, info: 2, warn: 3, error: 4 }

/** One line, before it has a form. */
export interface Line {
  readonly time: Date
  readonly level: Level
  readonly message: string
  readonly cause?: string | undefined
  readonly annotations: Readonly<Record<string, unknown>>
}

/** Where lines go. */
export interface LogSink {
  readonly write: (line: Line) => void
  /** The last words: for whoever started us by hand, or for the journal, where they are an error and not just text. */
  readonly lament: (message: string) => void
  /** Called before the process ends. */
  readonly flush: () => void
  readonly lost: () => number
}

const levelOf = (level: LogLevel.LogLevel): Level =>
  level === "Fatal" || level === "Error" ? "error" : level === "Warn" ? "warn" : level === "Info" ? "info" : "debug"

const textOf = (message: unknown): string =>
  Array.isArray(message)
    ? message.map(textOf).join(" ")
    : typeof message === "string"
      ? message
      : JSON.stringify(message)

/** Whether lines of a level are written. */
export const passing =
  (threshold: LogThreshold) =>
  (level: LogLevel.LogLevel): boolean =>
    RANK[levelOf(level)] >= RANK[threshold.current]

export const logging = (threshold: LogThreshold, sink: LogSink) =>
  Layer.mergeAll(
    Logger.layer([
      Logger.make(({ cause, date, fiber, logLevel, message }) => {
        const level = levelOf(logLevel)
        if (RANK[level] < RANK[threshold.current]) return
        sink.write({
          time: date,
          level,
          message: textOf(message),
          cause: cause.reasons.length === 0 ? undefined : Cause.pretty(cause),
          annotations: fiber.getRef(References.CurrentLogAnnotations)
        })
      })
    ]),
    Layer.succeed(References.MinimumLogLevel, "Debug"),
    Layer.succeed(LogLosses, sink.lost)
  )

type Write = (text: string) => void

const direct = (write: Write) => ({
  lament: (message: string) => write(`agentd: ${message}\n`),
  flush: () => {},
  lost: () => 0
})

const COLOURS: Record<Level, string> = { debug: "2", info: "32", warn: "33", error: "31" }

/** Peers have a say in what lines hold; none of it may steer the terminal. */
const harmless = (text: string): string =>
  text.replace(/[^\P{Cc}\n\t]|\p{Cf}/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)

export const terminalLog = (write: Write): LogSink => ({
  ...direct(write),
  write: ({ cause, level, message, time }) => {
    const coloured = `\x1b[${COLOURS[level]}m${level.padEnd(5)}\x1b[0m`
    const failure = cause === undefined ? "" : `\n${harmless(cause)}`
    write(`${time.toTimeString().slice(0, 8)} ${coloured} ${harmless(message)}${failure}\n`)
  }
})

export const jsonLog = (write: Write): LogSink => ({
  ...direct(write),
  write: (line) => write(`${jsonLine(line)}\n`)
})

const jsonLine = ({ annotations, cause, level, message, time }: Line): string =>
  JSON.stringify({ time: time.toISOString(), level, message, ...named(annotations, "json"), cause })

const known = new Map(Object.entries(logFields))

/** The annotations that have a name there, under that name. */
const named = (
  annotations: Readonly<Record<string, unknown>>,
  form: "journal" | "json"
): Record<string, string | number> => {
  const found: Record<string, string | number> = {}
  for (const [field, value] of Object.entries(annotations)) {
    const names = known.get(field as LogField)
    if (names === undefined || value === null || value === undefined) continue
    found[names[form]] = typeof value === "number" ? value : textOf(value)
  }
  return found
}

/** syslog(3): LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG. */
const PRIORITIES: Record<Level, string> = { error: "3", warn: "4", info: "6", debug: "7" }

const SYSLOG_IDENTIFIER = "agentd"

export const journalFields = ({ annotations, cause, level, message }: Omit<Line, "time">): Fields => {
  const kind = logKinds[annotations["event.name"] as LogKindName] as { readonly id: string } | undefined
  return {
    MESSAGE: cause === undefined ? message : `${message}\n${cause}`,
    PRIORITY: PRIORITIES[level],
    SYSLOG_IDENTIFIER,
    ...(kind === undefined ? {} : { MESSAGE_ID: kind.id }),
    ...Object.fromEntries(Object.entries(named(annotations, "journal")).map(([name, value]) => [name, String(value)]))
  }
}

/** What the journal does not take goes to `write`, with the priority as sd-daemon(3) has it. */
export const journalLog = (write: Write, path?: string): LogSink => {
  const journal = new Journal({
    ...(path === undefined ? {} : { path }),
    fallback: ({ PRIORITY, ...fields }) => write(`<${PRIORITY}>${JSON.stringify(fields)}\n`),
    lost: (count) =>
      journalFields({
        level: "warn",
        message: `${count} lines before this one were lost, because the journal took none`,
        annotations: about("log.lost")
      })
  })
  return {
    write: (line) => journal.write(journalFields(line)),
    lament: (message) => journal.write(journalFields({ level: "error", message, annotations: about("daemon.failed") })),
    flush: () => journal.flush(),
    lost: () => journal.lost
  }
}
