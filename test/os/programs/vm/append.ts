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
const TALKER = 'n=0; while :; do echo "line $((++n))"; ((n % 40)) || sleep 0.4; done'

const [module, round] = process.argv.slice(2)
const { Client } = (await import(module!)) as { Client: typeof AgentdClient }
const port = openSync("/dev/vport0p2", "w")
const report = (what: Report) => writeSync(port, `${JSON.stringify(what)}\n`)

/** An emulated machine is slow, and slower while it starts. */
const patience = { timeoutMs: 300_000 }
const client = new Client()

/** Until it is answered: what the daemon did not manage in its time is no acknowledgement, and no failure of this test either. */
const ask: AgentdClient["call"] = async (...request) => {
  for (;;) {
    try {
      return await client.call(...request)
    } catch (cause) {
      if ((cause as { tag?: string }).tag !== "DeadlineExceeded") throw cause
    }
  }
}

const appendFor = async (place: number): Promise<never> => {
  const name = (count: number) => `round${round}-${place}-${count}`
  const { id } = await ask("session.start", { argv: ["bash", "-c", TALKER] }, patience)
  report({ is: "started", session: id })
  for (let count = 1; ; count++) {
    await ask("session.rename", { session: id, name: name(count) }, patience)
    report({ is: "named", session: id, name: name(count) })
    const line = `${round} ${place} ${count}`
    appendFileSync(`${process.env.HOME}/unsynced`, `${line}\n`)
    report({ is: "unsynced", line })
  }
}

const startAndEnd = async (): Promise<never> => {
  for (;;) {
    const { id } = await ask("session.start", { argv: ["true"] }, patience)
    report({ is: "started", session: id })
    await ask("session.wait", { session: id, for: "exit" }, patience)
    report({ is: "ended", session: id })
    // A session costs an emulated processor much more than a name does.
    await pause(1_000)
  }
}

await Promise.all([...Array.from({ length: AT_ONCE }, (_, place) => appendFor(place)), startAndEnd()])
