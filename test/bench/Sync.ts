/**
 * An exchange of a hundred new messages over a long history against one over a short: it must cost what is new.
 *
 * A daemon as it is shipped, a bare repository on this disk as its remote, and half of the history another installation's.
 */
import { join } from "node:path"
import type { ShardEvent } from "../../src/sync/ShardLine.ts"
import { type Daemon, startDaemon } from "./Daemon.ts"
import { idOf, openStopped, originOf, putMessages } from "./History.ts"
import { LineClient } from "./LineClient.ts"
import { familySeconds } from "./processes.ts"
import type { Measured } from "./Result.ts"
import type { Scratch } from "./Scratch.ts"
import { bareRepository, copyBranch, git, publish, putBranch } from "./SyncBranch.ts"
import { median, takeTurns } from "./statistics.ts"

/** New messages of an exchange. */
const NEW = 100
/** Sends that are unacknowledged at a time: a connection may have 64. */
const AT_ONCE = 50
/** Milliseconds within which the exchange has followed that a send asks for (SOON_MS in src/sync/SyncLoop.ts), and between two looks. */
const FOLLOWED_MS = 4_000
const POLL_MS = 100

/** The other installation. */
const OTHER = "ins_0123456789ABCDEF0123"
const OTHER_AGENT = "2".padEnd(26, "0")

interface Side {
  readonly daemon: Daemon
  readonly client: LineClient
  readonly clone: string
  readonly remote: string
  /** The id of the agent that is written to. */
  readonly reader: string
  /** The other installation's last number. */
  last: number
  /** Seconds of processor time of each exchange, git's included. */
  readonly processor: Array<number>
}

interface Outcome {
  readonly received: number
  readonly sent: number
}

const registered = (): ShardEvent => ({
  id: `evt_${OTHER_AGENT}`,
  at: 1_600_000_000_000,
  type: "agent.registered",
  origin: OTHER,
  seq: 1,
  clock: `${(1_600_000_000_000).toString(16).padStart(12, "0")}0000`,
  body: JSON.stringify({
    type: "agent.registered",
    name: "bench-other",
    kind: "agent",
    role: null,
    module: null,
    display: null,
    worktree: null,
    host: "elsewhere",
    by: null
  })
})

const said = (seq: number, reader: string): ShardEvent => {
  const at = Date.now()
  return {
    id: `evt_1${String(seq).padStart(25, "0")}`,
    at,
    type: "message.sent",
    origin: OTHER,
    seq,
    clock: `${at.toString(16).padStart(12, "0")}0000`,
    body: JSON.stringify({
      type: "message.sent",
      author: { id: `agt_${OTHER_AGENT}`, name: "bench-other" },
      to: ["@bench-reader"],
      recipients: [{ id: reader, name: "bench-reader", delivered: true }],
      thread: null,
      replyTo: null,
      scopes: [],
      refs: [],
      format: "markdown",
      text: `This is message ${seq} of many, about as long as such messages are.`,
      data: null,
      key: null
    })
  }
}

const force = (client: LineClient, clone: string) => client.call("sync.force", { directory: clone }) as Promise<Outcome>

/** A daemon that has exchanged so many messages. */
const withHistory = async (scratch: Scratch, count: number): Promise<Side> => {
  const state = scratch.directory()
  const clone = scratch.directory()
  const remote = bareRepository(scratch.path(".git"))
  git(clone, "init", "--quiet", ".")
  git(clone, "remote", "add", "origin", remote)
  const env = { AGENTD_SYNC_INTERVAL: "1h" }
  const before = await startDaemon(scratch, state, env)
  const first = await LineClient.open(before.client.socket)
  for (const name of ["bench-writer", "bench-reader"]) await first.call("agent.register", { name, directory: clone })
  publish(remote, [registered()])
  await first.call("sync.enable", { directory: clone, confirm: remote })
  await force(first, clone)
  first.close()
  await before.stop()

  const db = openStopped(state)
  let reader = ""
  try {
    reader = idOf(db, "bench-reader")
    const { workspace } = db.prepare("SELECT workspace FROM sync_workspaces").get() as { readonly workspace: string }
    const share = { workspace, reader: "bench-reader" }
    const half = count / 2
    putMessages(db, { ...share, origin: originOf(db), author: "bench-writer", count: half })
    putMessages(db, { ...share, origin: OTHER, author: "bench-other", count: half, before: half })
    const head = await putBranch(db, workspace, remote)
    copyBranch(remote, join(state, "agentd", "sync", `${workspace}.git`), head)
    db.prepare("UPDATE sync_workspaces SET head = ?").run(head)
    db.exec(`UPDATE sync_cursors SET published = (SELECT MAX(origin_seq) FROM events e
      WHERE e.workspace = sync_cursors.workspace AND e.origin = sync_cursors.origin)`)
  } finally {
    db.close()
  }
  const daemon = await startDaemon(scratch, state, env)
  const client = await LineClient.open(daemon.client.socket)
  const { received, sent } = await force(client, clone)
  if (received + sent > 0) throw new Error(`${received + sent} events were not exchanged before`)
  return { daemon, client, clone, remote, reader, last: 1 + count / 2, processor: [] }
}

/** Milliseconds of an exchange, of which the outcome must be `NEW` events. */
const exchange = async (side: Side): Promise<{ readonly ms: number; readonly outcome: Outcome }> => {
  const { client, clone, daemon } = side
  const used = familySeconds(daemon.pid)
  const began = performance.now()
  const outcome = await force(client, clone)
  const ms = performance.now() - began
  const after = familySeconds(daemon.pid)
  if (used !== null && after !== null) side.processor.push(after - used)
  return { ms, outcome }
}

const successAt = async ({ client, clone }: Side): Promise<number> => {
  const { workspaces } = (await client.call("sync.status", { directory: clone })) as {
    readonly workspaces: ReadonlyArray<{ readonly lastSuccessAt: number }>
  }
  return workspaces[0]!.lastSuccessAt
}

const sending = async (side: Side): Promise<number> => {
  for (;;) {
    for (let left = NEW; left > 0; left -= AT_ONCE)
      await Promise.all(
        Array.from({ length: AT_ONCE }, () =>
          side.client.call("message.send", {
            to: ["@bench-reader"],
            text: "Another message, about as long as such messages are.",
            directory: side.clone
          })
        )
      )
    const { ms, outcome } = await exchange(side)
    // The sends ask for an exchange of their own, a moment later: it is not to run beside anything that is measured.
    const at = await successAt(side)
    for (const until = performance.now() + FOLLOWED_MS; performance.now() < until && (await successAt(side)) === at; )
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    if (outcome.sent === NEW) return ms
    // On a machine so slow that it came before all were sent.
    side.processor.pop()
  }
}

const receiving = async (side: Side): Promise<number> => {
  publish(
    side.remote,
    Array.from({ length: NEW }, (_, i) => said(side.last + 1 + i, side.reader))
  )
  side.last += NEW
  const { ms, outcome } = await exchange(side)
  if (outcome.received !== NEW) throw new Error(`${outcome.received} of ${NEW} messages were received`)
  return ms
}

const named = (count: number): string => `${count.toLocaleString("en-US")} old messages`

export const syncCycle = async (
  scratch: Scratch,
  many: number,
  few: number,
  rounds: number
): Promise<ReadonlyArray<Measured>> => {
  const began = performance.now()
  const sides = new Map([
    [named(many), await withHistory(scratch, many)],
    [named(few), await withHistory(scratch, few)]
  ])
  const seconds = (performance.now() - began) / 1_000
  const of = async (
    id: "syncSent" | "syncReceived",
    done: "sent" | "received",
    measure: (side: Side) => Promise<number>
  ) => {
    for (const { processor } of sides.values()) processor.length = 0
    const taken = await takeTurns(
      [...sides].map(([name, side]) => ({ name, measure: () => measure(side) })),
      rounds
    )
    const [ours, theirs] = [...sides.values()].map(({ processor }) => median(processor) * 1_000)
    const processor = sides.values().some(({ processor }) => processor.length === 0)
      ? ""
      : ` Processor time of one, git's included: ${ours!.toFixed(0)} ms against ${theirs!.toFixed(0)} ms.`
    return {
      id,
      title: `${NEW} new messages ${done} by an exchange, over ${many.toLocaleString("en-US")} old`,
      unit: "ms",
      ours: named(many),
      rounds: taken,
      goal: { against: named(few), limit: 1.5, sense: "at most" },
      how: `\`sync.force\` through a bare repository on the same disk. Half of the history is another installation's; it was put into database and branch directly (${seconds.toFixed(0)} s), with a commit for each 64 messages.${processor}`
    } satisfies Measured
  }
  try {
    return [await of("syncSent", "sent", sending), await of("syncReceived", "received", receiving)]
  } finally {
    for (const { client, daemon } of sides.values()) {
      client.close()
      await daemon.stop()
    }
  }
}
