/**
 * Runs on the virtual machine whose power will be cut: has the daemon record one thing after the other, and reports each outward as
 * soon as the daemon has acknowledged it, through a port that keeps nothing back.
 *
 *     node append.ts CLIENT_MODULE ROUND
 */
import { appendFileSync, openSync, writeSync } from "node:fs"
import { setTimeout as pause } from "node:timers/promises"
import type { Client as AgentdClient } from "../../../../src/client/index.ts"

/** One acknowledgement. */
export type Report =
  | { readonly is: "started"; readonly session: string }
  | { readonly is: "named"; readonly session: string; readonly name: string }
  | { readonly is: "ended"; readonly session: string }
  /** Written to a file of its own without fsync(2): shows that a cut does lose what nobody made durable. */
  | { readonly is: "unsynced"; readonly line: string }

/** Sessions that are renamed at the same time, so that several events share a commit. */
const AT_ONCE = 3

/** Output in bursts, with pauses in which an emulated processor gets to do something else. */
const TALKER = 'n=0; while :; do echo "line $((++n))"; ((n % 40)) || sleep 1; done'

const [module, round] = process.argv.slice(2)
const { Client } = (await import(module!)) as { Client: typeof AgentdClient }
const port = openSync("/dev/vport0p2", "w")
const report = (what: Report) => writeSync(port, `${JSON.stringify(what)}\n`)

/** An emulated machine is slow, and slower while it starts. */
const patience = { timeoutMs: 300_000 }
const client = new Client()

/** What the daemon did not manage in its time is no acknowledgement, and no failure of this test either. */
const inTime = async (work: () => Promise<unknown>): Promise<boolean> => {
  try {
    await work()
    return true
  } catch (cause) {
    if ((cause as { tag?: string }).tag !== "DeadlineExceeded") throw cause
    return false
  }
}

/** One that took too long is there all the same: it is looked for by its name, and not started again. */
const start = async (name: string, argv: ReadonlyArray<string>): Promise<string> => {
  const acknowledged = await inTime(() => client.call("session.start", { argv, name }, patience))
  for (;;) {
    const { sessions } = await client.call("session.list", { all: true }, patience)
    const found = sessions.find((session) => session.name === name)
    if (found === undefined || found.status === "starting") continue
    if (acknowledged) report({ is: "started", session: found.id })
    return found.id
  }
}

const appendFor = async (session: string, place: number): Promise<never> => {
  for (let count = 1; ; count++) {
    const name = `round${round}-${place}-${count}`
    if (!(await inTime(() => client.call("session.rename", { session, name }, patience)))) continue
    report({ is: "named", session, name })
    const line = `${round} ${place} ${count}`
    appendFileSync(`${process.env.HOME}/unsynced`, `${line}\n`)
    report({ is: "unsynced", line })
  }
}

const startAndEnd = async (): Promise<never> => {
  for (let count = 1; ; count++) {
    // A session costs an emulated processor much more than a name does.
    await pause(1_000)
    const session = await start(`round${round}-short-${count}`, ["true"])
    await client.call("session.wait", { session, for: "exit" }, patience)
    report({ is: "ended", session })
  }
}

// One after the other: a daemon that has them all at once on such a machine answers none of them in time.
const sessions: Array<string> = []
for (let place = 0; place < AT_ONCE; place++)
  sessions.push(await start(`round${round}-${place}-0`, ["bash", "-c", TALKER]))
await Promise.all([...sessions.map(appendFor), startAndEnd()])
