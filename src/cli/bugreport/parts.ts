/** What a bug report consists of, as a table: name, what it is for, where it comes from. */
import { basename } from "node:path"
import type { Event } from "../../contract/Event.ts"
import type { Result } from "../../contract/Methods.ts"
import type { Session } from "../../contract/session/Session.ts"
import { askDaemonProgram } from "../daemon/daemonProgram.ts"
import { examine } from "../doctor/examine.ts"
import { commandLine } from "../Paint.ts"
import { version } from "../Version.ts"
import { daemonLog } from "./daemonLog.ts"
import { machine } from "./machine.ts"
import type { Part, Source } from "./Source.ts"
import { service } from "./service.ts"

/** Events and sessions from the end back. */
const EVENTS = 500
const SESSIONS = 100

export const parts: ReadonlyArray<Part> = [
  {
    name: "versions.json",
    about: "versions of agentctl, the daemon, Node and the protocol",
    gather: async ({ client, status }) => ({
      agentctl: version,
      node: process.version,
      daemon: status === null ? null : await client.call("hello", {})
    })
  },
  { name: "doctor.json", about: "what agentctl doctor finds", gather: ({ client, place }) => examine(client, place) },
  { name: "status.json", about: "what the daemon says of itself", gather: ({ status }) => status ?? none() },
  { name: "config.json", about: "every key with its value and where it was set", gather: config },
  {
    name: "service.txt",
    about: "state and files of the units, names of captured variables",
    gather: ({ place }) => service(place)
  },
  {
    name: "machine.json",
    about: "kernel, distribution, memory, disk, limits, and what the daemon uses",
    gather: ({ place, status }) => machine(place, status)
  },
  {
    name: "sessions.json",
    about: `the last ${SESSIONS} sessions: ids, states and figures, and the program's name`,
    gather: sessions
  },
  {
    name: "events.jsonl",
    about: `the last ${EVENTS} events: number, time and kind, not what they say`,
    gather: events
  },
  { name: "daemon.log", about: "the last lines of the daemon's log", gather: daemonLog }
]

const none = (): never => {
  throw new Error("no daemon answers")
}

async function config({ client, status }: Source): Promise<Result<"config.show">> {
  if (status !== null) return client.call("config.show", {})
  const { stderr, stdout } = askDaemonProgram(["--show-config", "--json"])
  if (stdout === "") throw new Error(stderr.trim())
  return JSON.parse(stdout) as Result<"config.show">
}

/** Neither names nor places nor arguments: they say what somebody works on. */
export const describeSession = (session: Session, withCommands: boolean): object => {
  const { argv, clients, cwd, name, tags, transcript, ...rest } = session
  const program = basename(argv[0] ?? "")
  return {
    ...rest,
    clients: clients.length,
    tags: tags.length,
    recorded: transcript !== null,
    program,
    // As one line, so that an option and the secret after it are seen together.
    ...(withCommands ? { command: commandLine(argv), cwd, name } : {})
  }
}

async function sessions({ client, status, withCommands }: Source): Promise<ReadonlyArray<object>> {
  if (status === null) return none()
  const { sessions } = await client.call("session.list", { all: true, usage: true })
  return sessions.slice(-SESSIONS).map((session) => describeSession(session, withCommands))
}

export const describeEvent = ({ at, body, id, seq }: Event): object => ({
  seq,
  at: new Date(at).toISOString(),
  id,
  type: body.type,
  ...("session" in body ? { session: body.session } : {})
})

async function events({ client, status }: Source): Promise<string> {
  if (status === null) return none()
  const { events } = await client.call("event.list", { after: Math.max(0, status.lastSeq - EVENTS) })
  return events.map((event) => `${JSON.stringify(describeEvent(event))}\n`).join("")
}
