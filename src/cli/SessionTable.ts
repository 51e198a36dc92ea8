/** Sessions for people: the table of `ls`, and how an end is put into words. */
import type { Session, SessionExit } from "../contract/Session.ts"
import { age, type Colour, commandLine, printable, table } from "./Paint.ts"

/** "exit 3", "SIGKILL (stopped)": how a session ended. */
export const describeExit = (exit: Pick<SessionExit, "code" | "signal" | "by">): string => {
  const how = exit.signal ?? (exit.code === null ? "unknown" : `exit ${exit.code}`)
  const why = { program: "", stop: " (stopped)", ttl: " (ttl)", shutdown: " (daemon stopped)", lost: " (lost)" }
  return `${how}${why[exit.by]}`
}

const status = (session: Session): string =>
  session.exit === null
    ? session.status
    : `${session.status === "interrupted" ? "interrupted, " : ""}${describeExit(session.exit)}`

const statusColour = (session: Session): Colour | undefined => {
  if (session.exit === null) return "green"
  return session.exit.code === 0 ? "dim" : "yellow"
}

export const sessionTable = (sessions: ReadonlyArray<Session>): string =>
  table(sessions, [
    { title: "NAME", value: (session) => printable(session.name), colour: () => "bold" },
    { title: "ID", value: (session) => session.id },
    { title: "STATUS", value: status, colour: statusColour },
    { title: "AGE", value: (session) => age(session.createdAt) },
    { title: "CLIENTS", value: (session) => String(session.clients.length) },
    { title: "TAGS", value: (session) => session.tags.join(",") },
    { title: "COMMAND", value: (session) => commandLine(session.argv) }
  ])
