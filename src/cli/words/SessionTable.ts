/** Sessions for people: the table of `ls`, and how an end is put into words. */
import type { Session, SessionExit } from "../../contract/session/Session.ts"
import { age, bytes, type Colour, type Column, commandLine, printable, table } from "../Paint.ts"
import { stateCell, stateColour } from "./StateText.ts"

/** "exit 3", "SIGKILL (stopped)": how a session ended. */
export const describeExit = (exit: Pick<SessionExit, "code" | "signal" | "by">): string => {
  if (exit.by === "reboot") return "reboot"
  const how = exit.signal ?? (exit.code === null ? "unknown" : `exit ${exit.code}`)
  const why = {
    program: "",
    stop: " (stopped)",
    ttl: " (ttl)",
    timeout: " (timeout)",
    oom: " (out of memory)",
    shutdown: " (daemon stopped)",
    lost: " (lost)"
  }
  return `${how}${why[exit.by]}`
}

const status = (session: Session): string =>
  session.exit === null
    ? session.status
    : `${session.status === "interrupted" ? "interrupted, " : ""}${describeExit(session.exit)}`

/** Clients of a session that are named in the table; more are counted. */
const NAMED_CLIENTS = 2

/** "pts/3", "pts/3, pts/5 (view)", "4": who is attached. */
const clients = ({ clients }: Session): string => {
  if (clients.length === 0) return "-"
  if (clients.length > NAMED_CLIENTS) return String(clients.length)
  return clients
    .map(({ mode, pid, tty }) => {
      const where = tty?.replace(/^\/dev\//, "") ?? (pid === null ? "?" : `pid ${pid}`)
      return printable(mode === "view" ? `${where} (view)` : where)
    })
    .join(", ")
}

const statusColour = (session: Session): Colour | undefined => {
  if (session.exit === null) return "green"
  return session.exit.code === 0 ? "dim" : "yellow"
}

/** Processor time: "350ms", "12.3s", "4m 10s", "2h 5m". */
export const processorTime = (ms: number): string => {
  if (ms < 1_000) return `${ms}ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)}s`
  const minutes = Math.floor(ms / 60_000)
  return minutes < 60
    ? `${minutes}m ${Math.floor((ms % 60_000) / 1_000)}s`
    : `${Math.floor(minutes / 60)}h ${minutes % 60}m`
}

const used = (session: Session, show: (usage: NonNullable<Session["usage"]>) => string): string =>
  session.usage === null ? "-" : show(session.usage)

const figures: ReadonlyArray<Column<Session>> = [
  { title: "MEMORY", value: (session) => used(session, ({ memoryBytes }) => bytes(memoryBytes)) },
  { title: "CPU", value: (session) => used(session, ({ cpuMs }) => processorTime(cpuMs)) },
  { title: "TASKS", value: (session) => used(session, ({ tasks }) => String(tasks)) }
]

/** A session as `ls` has it. */
export type ListedSession = Session & {
  /** The connected machine it is on; absent for this one. */
  readonly host?: string
}

/** As every command takes it: the name, after the machine if that is another. */
const name = ({ host, name }: ListedSession): string =>
  host === undefined ? printable(name) : `${printable(host)}:${printable(name)}`

export const sessionTable = (sessions: ReadonlyArray<ListedSession>, long = false): string =>
  table(sessions, [
    { title: "NAME", value: name, colour: () => "bold" },
    { title: "ID", value: (session) => session.id },
    { title: "STATUS", value: status, colour: statusColour },
    { title: "STATE", value: stateCell, colour: stateColour },
    ...(long ? figures : []),
    { title: "AGE", value: (session) => age(session.createdAt) },
    { title: "CLIENTS", value: clients },
    ...(sessions.some(({ agent }) => agent !== null)
      ? [{ title: "AGENT", value: ({ agent }: Session) => (agent === null ? "-" : `@${agent.name}`) }]
      : []),
    { title: "TAGS", value: (session) => session.tags.join(",") },
    { title: "COMMAND", value: (session) => commandLine(session.argv) }
  ])
