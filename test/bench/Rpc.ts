/**
 * Requests per second and microseconds per request over the Unix socket, against the least that Node can do.
 *
 * The same bare client asks both servers, so that only the servers differ.
 */
import { fileURLToPath } from "node:url"
import type { Daemon } from "./Daemon.ts"
import { LineClient } from "./LineClient.ts"
import { howPinned } from "./processors.ts"
import type { Measured } from "./Result.ts"
import { lineWith, type Scratch } from "./Scratch.ts"
import { median, takeTurns } from "./statistics.ts"

const ECHO = "e".repeat(100)
const IN_FLIGHT = 16

const ask = (client: LineClient, done: () => void): void =>
  client.ask("health", { echo: ECHO }, (result) => {
    if ((result as { readonly echo?: string }).echo !== ECHO) throw new Error("not an echo")
    done()
  })

/** Median microseconds of requests made one after the other. */
const roundTrip = (client: LineClient, count: number): Promise<number> =>
  new Promise((resolve) => {
    const taken: Array<number> = []
    const next = () => {
      const asked = performance.now()
      ask(client, () => {
        taken.push((performance.now() - asked) * 1000)
        if (taken.length < count) next()
        else resolve(median(taken))
      })
    }
    next()
  })

/** Requests per second with `IN_FLIGHT` of them unanswered at any time. */
const rate = (client: LineClient, count: number): Promise<number> =>
  new Promise((resolve) => {
    const started = performance.now()
    let asked = 0
    let answered = 0
    const next = () => {
      asked += 1
      ask(client, () => {
        answered += 1
        if (asked < count) next()
        else if (answered === count) resolve(count / ((performance.now() - started) / 1000))
      })
    }
    for (let i = 0; i < IN_FLIGHT; i++) next()
  })

export const rpc = async (
  scratch: Scratch,
  daemon: Daemon,
  rounds: number,
  requests: number
): Promise<ReadonlyArray<Measured>> => {
  const path = scratch.path(".sock")
  const server = scratch.spawn(
    process.execPath,
    [fileURLToPath(new URL("programs/echoServer.ts", import.meta.url)), path],
    {
      stdio: ["ignore", "pipe", "inherit"]
    }
  )
  await lineWith(server, "stdout", "listening")
  const [ours, bare] = await Promise.all([LineClient.open(daemon.client.socket), LineClient.open(path)])
  const contest = (measure: (client: LineClient) => Promise<number>) =>
    takeTurns(
      [
        { name: "agentd", measure: () => measure(ours) },
        { name: "bare Node", measure: () => measure(bare) }
      ],
      rounds
    )
  try {
    return [
      {
        id: "roundTrip",
        title: "JSON-RPC round trip, 100-byte echo, one at a time",
        unit: "µs",
        ours: "agentd",
        rounds: await contest((client) => roundTrip(client, requests)),
        goal: { against: "bare Node", limit: 1.15, sense: "at most" },
        how: `Median of ${requests} requests a round. Bare Node is \`net\`, \`JSON.parse\` and a string: no validation, no errors.${howPinned}`
      },
      {
        id: "inFlight",
        title: `JSON-RPC, ${IN_FLIGHT} requests in flight`,
        unit: "requests/s",
        ours: "agentd",
        rounds: await contest((client) => rate(client, requests * 6)),
        goal: { against: "bare Node", limit: 0.6, sense: "at least" },
        how: `${requests * 6} requests a round over one connection, with the same client for both servers.${howPinned}`
      }
    ]
  } finally {
    ours.close()
    bare.close()
    await scratch.stop(server)
  }
}
