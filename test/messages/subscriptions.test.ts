/** Being told of what concerns one, over real sockets. */

import { Effect } from "effect"
import { beforeEach, describe, expect, it } from "vitest"
import type { Event, EventBody } from "../../src/contract/Event.ts"
import { MAX_WATCH_BACKLOG } from "../../src/contract/Limits.ts"
import { concerns } from "../../src/events/Interest.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { agentId, messageId, stamped, startAgent } from "../agents/support.ts"
import { type InProcessDaemon, openDaemon, refusal, spawnDaemon, User } from "../sessions/support.ts"
import { type Ask, agentIn } from "./support.ts"

let daemon: InProcessDaemon
let ant: Ask
let bee: Ask
let me: string
beforeEach(async () => {
  daemon = await openDaemon()
  ant = await agentIn(daemon, "ant")
  bee = await agentIn(daemon, "bee")
  await daemon.call("agent.setStatus", { status: "idle", directory: "/" })
  me = (await daemon.call("agent.whoami", { directory: "/" })).agent!.address
})

/** The next so many events a person who subscribes like this is told of; `act` runs once they are subscribed. */
const told = async (count: number, interest: object, act: () => Promise<unknown>, after?: number) => {
  const found: Array<Event> = []
  const events = daemon.client.watch({
    interest: { directory: "/", ...interest },
    ...(after === undefined ? {} : { after })
  })
  const reading = (async () => {
    for await (const event of events) {
      found.push(event)
      if (found.length === count) return
    }
  })()
  const subscribed = async () => (await daemon.call("subscriptions.list", {})).subscriptions.length + found.length
  await expect.poll(subscribed).toBeGreaterThan(0)
  await act()
  await reading
  return found.map(({ body }) => ("text" in body ? body.text : body.type))
}
const say = (who: Ask, to: string, text: string, more: object = {}) => who("message.send", { to: [to], text, ...more })

describe("a subscription", () => {
  it("of nothing in particular is told of messages to oneself, and of nothing else", async () => {
    const texts = await told(2, {}, async () => {
      await say(ant, "@bee", "not for me")
      await say(ant, me, "one")
      await ant("agent.setStatus", { status: "working" })
      await say(bee, me, "two")
    })
    expect(texts).toEqual(["one", "two"])
  })

  it("of a thread, a scope or an address hears all of it, edits and deletions included", async () => {
    const first = await say(ant, "@bee", "first", { scopes: ["task:1"] })
    const other = await say(ant, "@bee", "other")
    const happens = async () => {
      await ant("message.edit", { message: other.id, text: "no" })
      await bee("message.send", { replyTo: first.id, text: "answer", scopes: ["task:1"], to: ["@ant"] })
      await ant("message.edit", { message: first.id, text: "better" })
      await ant("message.delete", { message: first.id })
    }
    expect(await told(3, { thread: first.id }, happens)).toEqual(["answer", "better", "message.deleted"])
    const last = (await daemon.call("daemon.status", {})).lastSeq
    expect(await told(2, { scope: "task:1", types: ["message.sent"] }, async () => {}, 0)).toEqual(["first", "answer"])
    expect(await told(1, { mention: "@ant" }, () => say(bee, "@ant", "x"), last)).toEqual(["x"])
  })

  it("of an agent hears what it does; events of sessions only where they are named", async () => {
    const changes = async () => {
      await bee("agent.setStatus", { status: "working" })
      await ant("agent.setStatus", { status: "blocked" })
    }
    expect(await told(1, { agent: "@ant" }, changes)).toEqual(["agent.status"])
    const start = () => daemon.start("true")
    expect(await told(1, { types: ["session.started"] }, start)).toEqual(["session.started"])
    expect(await refusal(daemon.call("subscribe", { types: ["agent.statsu"], directory: "/" }))).toMatchObject({
      tag: "InvalidParams",
      message: expect.stringContaining("did you mean agent.status")
    })
    expect(await refusal(daemon.call("subscribe", { agent: "@nobody", directory: "/" }))).toMatchObject({
      tag: "AgentNotFound"
    })
  })

  it("goes on after a sequence number, with nothing missing", async () => {
    const last = (await daemon.call("daemon.status", {})).lastSeq
    for (const text of ["1", "2", "3"]) await say(ant, me, text)
    expect(await told(4, {}, () => say(ant, me, "4"), last)).toEqual(["1", "2", "3", "4"])
  })

  it("is listed, ended by its own connection only, and ends with it", async () => {
    const other = new User({ socket: daemon.places.socket })
    const { subscription } = await other.call("subscribe", { scope: "task:1", directory: "/" })
    expect(await daemon.call("unsubscribe", { subscription })).toEqual({ stopped: false })
    expect((await daemon.call("subscriptions.list", {})).subscriptions).toMatchObject([
      { subscription, interest: { workspace: "home", scope: "task:1" }, own: false, pid: process.pid }
    ])
    await other.call("subscribe", { directory: "/" })
    expect(await other.call("unsubscribe", { subscription })).toEqual({ stopped: true })
    expect((await daemon.call("subscriptions.list", {})).subscriptions).toHaveLength(1)
    await other.client.close()
    await expect.poll(async () => (await daemon.call("subscriptions.list", {})).subscriptions).toEqual([])
  })

  it("ends with the session it was made in", async () => {
    const { user } = await spawnDaemon()
    const session = await startAgent(user, "exec agentctl subscribe", { agent: "ant" })
    const listed = async () => (await user.call("subscriptions.list", {})).subscriptions
    await expect.poll(listed, { timeout: 20_000 }).toMatchObject([{ session: session.id, own: false }])
    await user.call("session.stop", { session: session.id, graceMs: 0 })
    await expect.poll(listed, { timeout: 20_000 }).toEqual([])
  })

  it("never crosses from one workspace to another", () => {
    const event = stamped(1, { type: "agent.status", agent: agentId(1), status: "idle", note: null })
    expect(concerns({ workspace: "home", agent: agentId(1) }, event, [])).toBe(true)
    expect(concerns({ workspace: "wks_00000000000000000000000001" }, event, [])).toBe(false)
    expect(concerns({ workspace: "home", thread: messageId(1) }, event, [])).toBe(false)
  })
})

describe("waiting for a message", () => {
  it("takes one that is unread already, else the next, whoever else writes meanwhile", async () => {
    const { id } = await say(ant, "@bee", "there")
    const first = await bee("message.wait", {})
    expect(first.message).toMatchObject({ id, text: "there", unread: true })
    await bee("message.markRead", { messages: [id] })
    const next = bee("message.wait", { from: "@ant", after: first.seq })
    await daemon.call("message.send", { to: ["@bee"], text: "from a person", directory: "/" })
    await say(ant, me, "not for bee")
    const sent = await say(ant, "@bee", "next")
    expect((await next).message.id).toBe(sent.id)
  })

  it("gives up after its time", async () => {
    expect(await refusal(bee("message.wait", { timeoutMs: 20 }))).toMatchObject({ tag: "DeadlineExceeded" })
    expect(await refusal(bee("message.wait", { from: "@nobody" }))).toMatchObject({ tag: "AgentNotFound" })
  })

  it("misses nothing when so much happens at once that events are passed over", async () => {
    const waiting = bee("message.wait", { timeoutMs: 30_000 })
    // It has come to the end of the log when others have been told of these.
    for (const text of ["1", "2"]) await say(ant, me, text)
    const { id: antId } = (await ant("agent.whoami", {})).agent!
    const { id: beeId } = (await bee("agent.whoami", {})).agent!
    const status = (note: string) =>
      ({ type: "agent.status", agent: antId, status: "working", note }) satisfies EventBody
    const message: EventBody = {
      type: "message.sent",
      author: { id: antId, name: "ant" },
      to: ["@bee"],
      recipients: [{ id: beeId, name: "bee", delivered: true }],
      ...{ thread: null, replyTo: null, scopes: [], refs: [], key: null },
      ...{ format: "plain", text: "among many", data: null }
    }
    const many = Array.from({ length: MAX_WATCH_BACKLOG + 1 }, (_, n) => status(`${n}`))
    await daemon.effect(Effect.flatMap(EventLog, (log) => log.share("home", [message, ...many])))
    expect((await waiting).message.text).toBe("among many")
  })

  it("misses nothing when the message comes at the moment of asking", async () => {
    for (let n = 0; n < 20; n++) {
      const [waited, sent] = await Promise.all([bee("message.wait", { timeoutMs: 10_000 }), say(ant, "@bee", `${n}`)])
      expect(waited.message.id).toBe(sent.id)
      await bee("message.markRead", { messages: [sent.id] })
    }
  })
})
