/**
 * Which lines of the log are wanted, said in the words of journalctl(1) and decided for the lines of a file.
 */
import { printable } from "../Paint.ts"

export const LEVELS = ["error", "warn", "info", "debug"] as const
export type Level = (typeof LEVELS)[number]

export interface Wanted {
  /** Milliseconds since 1970. */
  readonly since?: number | undefined
  /** An id, or a name where no daemon could say whose it is. */
  readonly session?: { readonly id: string } | { readonly name: string } | undefined
  /** This important or more so. */
  readonly level?: Level | undefined
}

/** syslog(3) */
const PRIORITY: Readonly<Record<Level, string>> = { error: "err", warn: "warning", info: "info", debug: "debug" }

interface JournalOptions extends Wanted {
  readonly manager: "user" | "system"
  readonly unit: string
  readonly lines: number
  readonly follow: boolean
  readonly json: boolean
}

export const journalArguments = (options: JournalOptions): ReadonlyArray<string> => {
  const { follow, json, level, lines, manager, session, since, unit } = options
  return [
    ...(manager === "user" ? ["--user"] : []),
    ...(session === undefined ? ["--unit", unit] : []),
    ...(since === undefined ? ["--lines", String(lines)] : [`--since=@${(since / 1000).toFixed(3)}`]),
    ...(level === undefined ? [] : ["--priority", PRIORITY[level]]),
    ...(json ? ["--output", "json"] : []),
    ...(follow ? ["--follow"] : []),
    ...(session === undefined ? [] : sessionMatches(session, manager))
  ]
}

/** What agentd says of it, and what systemd says of its unit: that it was killed for want of memory, for instance. */
const sessionMatches = (
  session: { readonly id: string } | { readonly name: string },
  manager: "user" | "system"
): ReadonlyArray<string> =>
  "name" in session
    ? [`AGENTD_SESSION_NAME=${session.name}`]
    : [
        `AGENTD_SESSION=${session.id}`,
        ...(manager === "user" ? ["+", `USER_UNIT=agentd-session-${session.id}.service`] : [])
      ]

/** A line of the log file. */
interface FileLine {
  readonly time: string
  readonly level: Level
  readonly message: string
  readonly cause?: string
  readonly session?: string
  readonly name?: string
}

const parse = (text: string): FileLine | null => {
  try {
    const value = JSON.parse(text) as FileLine
    return typeof value === "object" && typeof value?.message === "string" ? value : null
  } catch {
    return null
  }
}

/** Text that is no line of ours is what a daemon wrote as it died: never held back, unless one session is asked for. */
export const isWanted = (text: string, { level, session, since }: Wanted): boolean => {
  const line = parse(text)
  if (line === null) return session === undefined
  if (since !== undefined && Date.parse(line.time) < since) return false
  if (level !== undefined && LEVELS.indexOf(line.level) > LEVELS.indexOf(level)) return false
  if (session === undefined) return true
  return "id" in session ? line.session === session.id : line.name === session.name
}

/** For people. */
export const shown = (text: string): string => {
  const line = parse(text)
  if (line === null) return printable(text)
  const cause = line.cause === undefined ? "" : `\n${line.cause.split("\n").map(printable).join("\n")}`
  const at = new Date(line.time)
  const time = Number.isNaN(at.getTime()) ? line.time : local(at)
  return `${printable(time)} ${printable(String(line.level)).padEnd(5)} ${printable(line.message)}${cause}`
}

/** In this place's time, as journalctl shows it. */
const local = (at: Date): string => {
  const two = (part: number) => String(part).padStart(2, "0")
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}
