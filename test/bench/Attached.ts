/**
 * Clients that attach: how soon a full screen is there again, what each takes while it waits, and what many of them cost the others.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { type Attachment, Client } from "../../src/client/index.ts"
import { time } from "./CliStart.ts"
import { type Daemon, program } from "./Daemon.ts"
import { programEnvironment } from "./openPty.ts"
import { residentMegabytes } from "./processes.ts"
import type { Measured } from "./Result.ts"

const COLUMNS = 200
const ROWS = 50

/** Colours everywhere, on the alternate screen, and a word at its end by which it is known to be whole. */
const fullScreen = (): string => {
  const row = (y: number) =>
    Array.from({ length: COLUMNS / 10 }, (_, x) => `\\033[38;5;${(x * y) % 256}m${String(x * y).padEnd(10, ".")}`).join(
      ""
    )
  return `\\033[?1049h${Array.from({ length: ROWS - 1 }, (_, y) => `\\033[${y + 1};1H${row(y + 1)}`).join("")}\\033[${ROWS};1HWHOLE`
}

/** Milliseconds from the first connection of a new client until it has the whole screen. */
const reattached = async ({ env }: Daemon, session: string): Promise<number> => {
  const client = new Client({ env })
  const began = performance.now()
  const attachment = await client.attach({ session })
  let text = ""
  for await (const message of attachment) {
    if (message.type === "snapshot" || message.type === "output") text += message.bytes.toString("latin1")
    if (text.includes("WHOLE")) break
  }
  const took = performance.now() - began
  await attachment.detach()
  await client.close()
  return took
}

export const reattach = async (daemon: Daemon, rounds: number): Promise<Measured> => {
  const { client } = daemon
  const argv = ["/bin/sh", "-c", `stty -echo; printf '${fullScreen()}'; exec cat`]
  const { id: session } = await client.call("session.start", {
    argv,
    cwd: "/",
    env: programEnvironment,
    cols: COLUMNS,
    rows: ROWS
  })
  const times: Array<number> = []
  for (let round = -1; round < rounds; round++) {
    const took = await reattached(daemon, session)
    if (round >= 0) times.push(took)
  }
  await client.call("session.stop", { session, graceMs: 100 })
  await client.call("session.remove", { session })
  return {
    id: "reattach",
    title: "Attaching again, until the screen is there",
    unit: "ms",
    ours: "agentd",
    rounds: new Map([["agentd", times]]),
    goal: { against: null, limit: 50, sense: "at most" },
    how: `A new client each time, from its connection on; ${COLUMNS} × ${ROWS} characters, a colour every tenth, on the alternate screen.`
  }
}

const attachAll = (client: Client, sessions: ReadonlyArray<string>): Promise<ReadonlyArray<Attachment>> =>
  Promise.all(
    sessions.map(async (session) => {
      const attachment = await client.attach({ session })
      // Taken and dropped, as a client that keeps up does.
      void (async () => {
        for await (const _ of attachment.batches());
      })().catch(() => {})
      return attachment
    })
  )

/** Milliseconds between two keys in each of the attached sessions: people who type all at once, and slowly. */
const KEY_MS = 1_000

/** With sessions that wait already there: some of them attached, and then typed into while others ask. */
export const manyAttached = async (
  daemon: Daemon,
  attached: number,
  settleMs: number,
  eachIdle: number,
  rounds: number
): Promise<ReadonlyArray<Measured>> => {
  const { client, env, pid } = daemon
  const { sessions } = (await client.call("session.list", {})) as { readonly sessions: ReadonlyArray<{ id: string }> }
  const list = () => time(program("agentctl"), ["ls", "--json"], env)
  const alone: Array<number> = []
  const among: Array<number> = []
  await list()
  for (let round = 0; round < rounds; round++) alone.push(await list())
  await sleep(settleMs)
  const before = residentMegabytes(pid)
  const attachments = await attachAll(
    client,
    sessions.slice(0, attached).map(({ id }) => id)
  )
  await sleep(settleMs)
  // The daemon may have given back more meanwhile than the clients take.
  const each = eachIdle + Math.max(0, residentMegabytes(pid) - before) / attached
  const typing = attachments.map((attachment, at) => {
    let timer: NodeJS.Timeout
    const type = () => {
      timer = setTimeout(type, KEY_MS)
      attachment.input(Buffer.from("x")).catch(() => {})
    }
    timer = setTimeout(type, (KEY_MS * at) / attached)
    return () => clearTimeout(timer)
  })
  await list()
  for (let round = 0; round < rounds; round++) among.push(await list())
  for (const stop of typing) stop()
  await Promise.all(attachments.map((attachment) => attachment.detach()))
  const [quiet, busy] = ["nobody attached", `${attached} attached`]
  return [
    {
      id: "attached",
      title: "Memory of the daemon for each idle session that is attached",
      unit: "MB",
      ours: "agentd",
      rounds: new Map([["agentd", [each]]]),
      goal: { against: null, limit: 1.5, sense: "at most" },
      how: `What an idle session takes, and the growth when ${attached} of ${sessions.length} are attached, divided by them.`
    },
    {
      id: "responsive",
      title: `\`agentctl ls --json\` with ${sessions.length} sessions, ${attached} of them attached`,
      unit: "ms",
      ours: busy,
      rounds: new Map([
        [busy, among],
        [quiet, alone]
      ]),
      goal: { against: quiet, limit: 2, sense: "at most" },
      how: `Each attached session is typed into once a second and echoes. Wall time of the whole process.`
    }
  ]
}
