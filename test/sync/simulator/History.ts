/**
 * One random history: three installations say, edit, delete and read things, with clocks up to a day wrong, exchange in any order,
 * are killed in the middle of it, go back to a backup, and others meddle with the branch. Afterwards everybody has everything, and the
 * same of it, and knows that of the others (`Beliefs.ts`): all that was acknowledged, but for what nobody and nothing had any more when the
 * last that had it went back to its backup, or when the branch lost it.
 */
import { Effect, Exit } from "effect"
import { madeBy } from "../../../src/agents/AgentProjection.ts"
import type { EventBody } from "../../../src/contract/Event.ts"
import { EventLog } from "../../../src/store/EventLog.ts"
import { cycle } from "../../../src/sync/Cycle.ts"
import { Milestone, type MilestoneName } from "../../../src/sync/Milestone.ts"
import { parseFile } from "../../../src/sync/ShardLine.ts"
import { SyncStore } from "../../../src/sync/SyncStore.ts"
import { Dice } from "../../support/Dice.ts"
import { said } from "../support.ts"
import { Beliefs } from "./Beliefs.ts"
import { Branch, type Fault } from "./Branch.ts"
import type { Installation, Time } from "./Installation.ts"

const STEPS = 24
const DAY_MS = 86_400_000
/** The first history begins here, and each next one a year later: nothing of one can be newer than the next. */
const EPOCH_MS = 1_700_000_000_000
const APART_MS = 365 * DAY_MS

const moments: ReadonlyArray<MilestoneName> = ["fetched", "taken", "examined", "published", "recorded"]
const faults: ReadonlyArray<Fault> = ["no answer to fetch", "push refused", "answer to push lost"]

export interface Verdict {
  /** Null: everything is as it should be. */
  readonly wrong: string | null
  readonly steps: ReadonlyArray<string>
}

interface Member {
  readonly at: Installation
  readonly agent: string
}

export const play = async (seed: number, installations: ReadonlyArray<Installation>, time: Time): Promise<Verdict> => {
  const dice = new Dice(seed)
  const branch = new Branch()
  const workspace = `wks_${String(seed).padStart(26, "0")}`
  const remote = { workspace, url: "memory" }
  const beliefs = new Beliefs(workspace, branch, installations)
  const steps: Array<string> = []
  const acknowledged = new Set<string>()
  /** What of it is nowhere: said here only, after the backup that was put back, or on a branch that was meddled with before anybody came. */
  let gone: ReadonlySet<string> = new Set()
  const messages: Array<{ readonly id: string; readonly author: Member }> = []
  time.now = EPOCH_MS + seed * APART_MS

  const share = async (at: Installation, body: EventBody) => {
    const events = await Effect.runPromise(
      at.run(
        branch,
        Effect.flatMap(EventLog, (log) => log.share(workspace, [body]))
      )
    )
    for (const { id } of events) acknowledged.add(id)
    return events[0]!
  }
  const exchange = (at: Installation, dies: MilestoneName | null = null) =>
    Effect.exit(
      at.run(
        branch,
        Effect.provideService(cycle(remote, { again: dice.happens(0.1) }), Milestone, (name) =>
          name === dies ? Effect.interrupt : Effect.void
        )
      )
    )

  const members: Array<Member> = []
  for (const [index, at] of installations.entries()) {
    at.dice = new Dice(seed * 31 + index)
    at.skew = Math.round((dice.next() * 2 - 1) * DAY_MS)
    await Effect.runPromise(
      at.run(
        branch,
        Effect.flatMap(SyncStore, (store) => store.enable(workspace, { remote: "origin", url: "memory" }, 1))
      )
    )
    const profile = { role: null, module: null, display: null, worktree: null, host: "h", by: null }
    const event = await share(at, { type: "agent.registered", name: `agent${index}`, kind: "agent", ...profile })
    members.push({ at, agent: madeBy("agt_", event) })
  }

  /** What is in some installation's log, or to be read on the branch. */
  const findGone = async () => {
    const logs = await Promise.all(members.map(({ at }) => Effect.runPromise(at.run(branch, stateOf(workspace)))))
    const there = new Set([...logs.flatMap(({ ids }) => ids), ...idsOn(branch)])
    gone = new Set([...acknowledged].filter((id) => !there.has(id)))
  }

  for (const { at } of members) at.backUp()

  const say = async (member: Member) => {
    const other = dice.of(members)
    const body = said(
      member.agent,
      member.at.name,
      `text ${dice.below(1_000)}${dice.happens(0.05) ? "x".repeat(40_000) : ""}`
    )
    const to = [{ id: other.agent, name: other.at.name, delivered: false }]
    const event = await share(member.at, { ...body, recipients: to } as EventBody)
    messages.push({ id: madeBy("msg_", event), author: member })
  }

  for (let step = 0; step < STEPS; step++) {
    time.now += dice.below(10 * 60_000)
    const member = dice.of(members)
    const { agent, at } = member
    const own = messages.filter(({ author }) => author === member)
    const what = dice.of([
      "say",
      "say",
      "edit",
      "delete",
      "read",
      "status",
      "exchange",
      "exchange",
      "exchange",
      "kill",
      "fault",
      "race",
      "clock",
      "meddle",
      "forget",
      "back up",
      "restore"
    ] as const)
    steps.push(`${at.name}: ${what}`)
    switch (what) {
      case "say":
        await say(member)
        break
      case "edit":
        if (own.length > 0) {
          const message = dice.of(own).id
          const text = `edited ${dice.below(1_000)}`
          await share(at, { type: "message.edited", message, author: agent, format: "plain", text, data: null })
        }
        break
      case "delete":
        if (own.length > 0) {
          await share(at, { type: "message.deleted", message: dice.of(own).id, author: agent, reason: null })
        }
        break
      case "read":
        // Also of messages that have not arrived here yet, as after a database was put back from a copy.
        if (messages.length > 0) {
          const some = [dice.of(messages).id, dice.of(messages).id]
          await share(at, { type: "message.received", agent, kind: dice.of(["seen", "read"] as const), messages: some })
        }
        break
      case "status":
        await share(at, { type: "agent.status", agent, status: dice.of(["idle", "working"] as const), note: null })
        break
      case "kill":
        await Effect.runPromise(exchange(at, dice.of(moments)))
        break
      case "fault":
        branch.fault = dice.of(faults)
        await Effect.runPromise(exchange(at))
        branch.fault = null
        break
      case "race":
        branch.meanwhile = exchange(dice.of(members.filter((one) => one !== member)).at)
        await Effect.runPromise(exchange(at))
        branch.meanwhile = null
        break
      case "clock":
        at.skew = Math.round((dice.next() * 2 - 1) * DAY_MS)
        break
      case "forget":
        // The copy on the disk is lost, and the branch is not what it was, either.
        steps.push(`  ${branch.meddle(dice)}`)
        await findGone()
        branch.forgotten = true
        await Effect.runPromise(exchange(at))
        branch.forgotten = false
        break
      case "meddle":
        steps.push(`  ${branch.meddle(dice)}`)
        await findGone()
        break
      case "back up":
        at.backUp()
        break
      case "restore":
        await at.restore(branch, { elsewhere: dice.happens(0.5) })
        await findGone()
        steps.push(`  ${gone.size} gone`)
        break
      default:
        await Effect.runPromise(exchange(at))
    }
    const wrong = await beliefs.wrong(at)
    if (wrong !== null) return { wrong, steps }
  }

  // The dust settles: nobody is killed, nobody meddles.
  const rounds = async (count: number) => {
    for (let round = 0; round < count; round++) {
      for (const { at } of members) {
        const exit = await Effect.runPromise(exchange(at))
        if (Exit.isFailure(exit)) return `${at.name} cannot exchange: ${exit.cause}`
      }
    }
    return null
  }
  const settled = await rounds(3)
  if (settled !== null) return { wrong: settled, steps }
  const expected = [...acknowledged].filter((id) => !gone.has(id))
  const states = await Promise.all(members.map(({ at }) => Effect.runPromise(at.run(branch, stateOf(workspace)))))
  for (const [index, { ids, rows }] of states.entries()) {
    const { name } = members[index]!.at
    const missing = expected.filter((id) => !ids.includes(id))
    if (missing.length > 0) return { wrong: `${name} lacks ${missing.length} acknowledged events`, steps }
    if (ids.length !== expected.length)
      return { wrong: `${name} has ${ids.length} events, and ${expected.length} are to be there`, steps }
    if (rows !== states[0]!.rows) return { wrong: `${name} shows something else than ${members[0]!.at.name}`, steps }
  }
  const there = idsOn(branch)
  const lost = expected.filter((id) => !there.has(id))
  if (lost.length > 0) return { wrong: `the branch lacks ${lost.length} events`, steps }

  // Whatever an installation waits for before it says what it has is over.
  time.now += 2 * DAY_MS
  const told = await rounds(2)
  if (told !== null) return { wrong: told, steps }
  const ignorant = await beliefs.ignorant()
  if (ignorant !== null) return { wrong: ignorant, steps }
  // And nobody confirms a confirmation.
  const { head } = branch
  time.now += 2 * DAY_MS
  const idle = await rounds(1)
  if (idle !== null) return { wrong: idle, steps }
  return { wrong: branch.head === head ? null : "installations that have nothing to say write to the branch", steps }
}

const idsOn = (branch: Branch): ReadonlySet<string> =>
  new Set(
    [...branch.files().values()].flatMap((bytes) =>
      (parseFile(bytes) ?? []).flatMap((line) => (line._tag === "event" ? [line.event.id] : []))
    )
  )

/** Ids of all that happened in a workspace, and every row that follows from it. */
const stateOf = (workspace: string) =>
  Effect.flatMap(EventLog, ({ query }) =>
    query((sql) =>
      Effect.gen(function* () {
        const ids = yield* sql<{ id: string }>`SELECT id FROM events WHERE workspace = ${workspace} ORDER BY id`
        const messages = yield* sql<object>`SELECT * FROM messages WHERE workspace = ${workspace} ORDER BY id`
        const mailbox = yield* sql<object>`SELECT b.* FROM mailbox b JOIN messages m ON m.id = b.message
          WHERE m.workspace = ${workspace} ORDER BY b.message, b.agent`
        const agents = yield* sql<object>`SELECT * FROM agents WHERE workspace = ${workspace} ORDER BY id`
        const counts = yield* sql<object>`SELECT c.* FROM mailbox_counts c JOIN agents a ON a.id = c.agent
          WHERE a.workspace = ${workspace} ORDER BY agent`
        const numbers = yield* sql<object>`SELECT id, origin, origin_seq, clock FROM events
          WHERE workspace = ${workspace} ORDER BY id`
        // The key of a send means something where it was sent, and stays there.
        const told = messages.map((row) => ({ ...row, send_key: null }))
        return { ids: ids.map(({ id }) => id), rows: JSON.stringify({ told, mailbox, agents, counts, numbers }) }
      })
    )
  )
