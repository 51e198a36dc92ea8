/**
 * Messages that are on disk when they are acknowledged: how long one takes, how many there are a second, and how soon whoever waits
 * for them is told; against the least that SQLite can do, an insert of the same text into a table of the same form.
 */
import { fileURLToPath } from "node:url"
import type { Daemon } from "./Daemon.ts"
import { LineClient } from "./LineClient.ts"
import { asServer, howPinned } from "./processors.ts"
import { openBareLog, RECIPIENT, TEXT } from "./programs/bareLog.ts"
import type { Measured } from "./Result.ts"
import { lineWith, type Scratch } from "./Scratch.ts"
import { median, takeTurns } from "./statistics.ts"

const CLIENTS = 16

/** Messages sent before anything is measured: what a daemon has behind it that has run for an hour. */
const BEFORE = 2_000

const sending = { to: [`@${RECIPIENT}`], text: TEXT, directory: "/" }

/** Median milliseconds of so many, one after the other. */
const oneByOne = async (count: number, act: () => unknown): Promise<number> => {
  const taken: Array<number> = []
  for (let i = 0; i < count; i++) {
    const began = performance.now()
    const acting = act()
    if (acting instanceof Promise) await acting
    taken.push(performance.now() - began)
  }
  return median(taken)
}

/** Milliseconds from the acknowledgement until somebody who waits for it has it; 0 when that is before. */
const pushed = async (sender: LineClient, watcher: LineClient, count: number): Promise<number> => {
  const taken: Array<number> = []
  for (let i = 0; i < count; i++) {
    const told = new Map<string, number>()
    let wake = () => {}
    watcher.onNotification = ({ params }) => {
      told.set((params as { event: { id: string } }).event.id.slice("evt_".length), performance.now())
      wake()
    }
    const { id } = (await sender.call("message.send", sending)) as { readonly id: string }
    const acknowledged = performance.now()
    const ulid = id.slice("msg_".length)
    while (!told.has(ulid)) await new Promise<void>((resolve) => (wake = resolve))
    taken.push(Math.max(0, told.get(ulid)! - acknowledged))
  }
  return median(taken)
}

/** Sends a second, each client with one unacknowledged. */
const together = async (clients: ReadonlyArray<LineClient>, count: number): Promise<number> => {
  let left = count
  const began = performance.now()
  await Promise.all(
    clients.map(async (client) => {
      while (left > 0) {
        left -= 1
        await client.call("message.send", sending)
      }
    })
  )
  return count / ((performance.now() - began) / 1000)
}

export interface SendingSize {
  readonly rounds: number
  readonly single: number
  readonly together: number
}

export const sends = async (
  scratch: Scratch,
  { client }: Daemon,
  size: SendingSize
): Promise<ReadonlyArray<Measured>> => {
  const raw = openBareLog(scratch.path(".db"))
  const bareSocket = scratch.path(".sock")
  const [command, ...argv] = asServer([
    process.execPath,
    fileURLToPath(new URL("programs/bareStore.ts", import.meta.url)),
    bareSocket,
    scratch.path(".db")
  ])
  const bareServer = scratch.spawn(command!, argv, { stdio: ["ignore", "pipe", "inherit"] })
  await lineWith(bareServer, "stdout", "listening")
  const opened = (socket: string) => Promise.all(Array.from({ length: CLIENTS }, () => LineClient.open(socket)))
  const [clients, bare] = await Promise.all([opened(client.socket), opened(bareSocket)])
  const [first] = clients
  await first!.call("agent.register", { name: RECIPIENT, directory: "/" })
  const watcher = await LineClient.open(client.socket)
  await watcher.call("subscribe", { agent: `@${RECIPIENT}`, directory: "/" })
  const inserting = (rows: number, transactions: number): number => {
    const began = performance.now()
    for (let i = 0; i < transactions; i++) raw.insert(rows)
    return (rows * transactions) / ((performance.now() - began) / 1000)
  }
  try {
    for (const one of [clients, bare]) await together(one, BEFORE)
    return [
      {
        id: "send",
        title: "A message sent and on disk, one at a time",
        unit: "ms",
        ours: "agentd",
        rounds: await takeTurns(
          [
            { name: "agentd", measure: () => oneByOne(size.single, () => first!.call("message.send", sending)) },
            { name: "bare SQLite insert", measure: () => oneByOne(size.single, () => raw.insert(1)) },
            {
              name: "bare Node server",
              measure: () => oneByOne(size.single, () => bare[0]!.call("message.send", sending))
            }
          ],
          size.rounds
        ),
        goal: { against: "bare SQLite insert", limit: 2, sense: "at most" },
        how: `Median of ${size.single} a round, after ${BEFORE} that are not counted. Bare SQLite is one row of the same text in a table of the event log's form, WAL and \`synchronous = FULL\`, in the process that asks: no socket, no checks, no tables of messages. A bare Node server does the same for whoever asks it over a socket.${howPinned}`
      },
      {
        id: "push",
        title: "From a message's acknowledgement to whoever waits for it",
        unit: "ms",
        ours: "agentd",
        rounds: await takeTurns(
          [{ name: "agentd", measure: () => pushed(first!, watcher, size.single) }],
          size.rounds
        ).finally(() => watcher.close()),
        goal: { against: null, limit: 5, sense: "at most" },
        how: `Median of ${size.single} a round; 0 for one that is told before its sender is.${howPinned}`
      },
      {
        id: "sends",
        title: `Messages sent and on disk, ${CLIENTS} clients at once`,
        unit: "messages/s",
        ours: "agentd",
        rounds: await takeTurns(
          [
            { name: "agentd", measure: () => together(clients, size.together) },
            {
              name: "bare SQLite inserts",
              measure: async () => inserting(CLIENTS, Math.ceil(size.together / CLIENTS))
            },
            { name: "bare Node server", measure: () => together(bare, size.together) }
          ],
          size.rounds
        ),
        goal: { against: "bare SQLite inserts", limit: 0.5, sense: "at least" },
        how: `${size.together} messages a round. Bare SQLite puts ${CLIENTS} rows into each transaction.${howPinned}`
      }
    ]
  } finally {
    for (const one of [...clients, ...bare]) one.close()
    await scratch.stop(bareServer)
    raw.close()
  }
}
