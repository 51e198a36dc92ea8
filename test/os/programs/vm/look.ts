/**
 * Runs on a virtual machine after its power came back: prints as JSON what the daemon still knows.
 *
 *     node look.ts CLIENT_MODULE AFTER
 */
import { existsSync, readFileSync } from "node:fs"
import type { Client as AgentdClient, Event, Session } from "../../../../src/client/index.ts"

export interface Found {
  /** Those after sequence number AFTER. */
  readonly events: ReadonlyArray<Event>
  readonly sessions: ReadonlyArray<Pick<Session, "id" | "name" | "status" | "exit">>
  /** Output as text, or why it cannot be read, of each session that started after AFTER. */
  readonly outputs: Readonly<Record<string, string>>
  readonly unsynced: string
  /** Of the daemon's doctor: what is wrong. */
  readonly problems: ReadonlyArray<string>
}

const [module, after] = process.argv.slice(2)
const { Client } = (await import(module!)) as { Client: typeof AgentdClient }
const client = new Client()
const patience = { timeoutMs: 300_000 }

const events: Array<Event> = []
for (let next = Number(after); ; ) {
  const page = await client.call("event.list", { after: next }, patience)
  events.push(...page.events)
  if (page.next >= page.last || page.events.length === 0) break
  next = page.next
}

const outputs: Record<string, string> = {}
for (const { body } of events) {
  if (body.type !== "session.started") continue
  outputs[body.session] = await client
    .call("session.output", { session: body.session, format: "text" }, patience)
    .then(({ data }) => data)
    .catch((cause: Error) => `unreadable: ${cause.message}`)
}

const { sessions } = await client.call("session.list", { all: true }, patience)
const { findings } = await client.call("daemon.doctor", {}, patience)
const unsynced = `${process.env.HOME}/unsynced`
const found: Found = {
  events,
  sessions: sessions.map(({ exit, id, name, status }) => ({ id, name, status, exit })),
  outputs,
  unsynced: existsSync(unsynced) ? readFileSync(unsynced, "utf8") : "",
  problems: findings.flatMap(({ check, level, message }) => (level === "problem" ? [`${check}: ${message}`] : []))
}
process.stdout.write(JSON.stringify(found))
await client.close()
