/** What agents say to each other, and what becomes of it. */
import { beforeEach, describe, expect, it } from "vitest"
import { MAX_DATA_BYTES, MAX_TEXT_BYTES } from "../../src/contract/Limits.ts"
import { git } from "../agents/support.ts"
import { type InProcessDaemon, openDaemon, refusal, temporary } from "../sessions/support.ts"
import { type Ask, agentIn } from "./support.ts"

let daemon: InProcessDaemon
let ant: Ask
let bee: Ask
beforeEach(async () => {
  daemon = await openDaemon()
  ant = await agentIn(daemon, "ant")
  bee = await agentIn(daemon, "bee")
})

const inbox = async (who: Ask, params: object = {}) => {
  const { messages, total, unread } = await who("message.list", { peek: true, ...params })
  return { texts: messages.map(({ text }) => text), total, unread }
}
const lastSeq = async () => (await daemon.call("daemon.status", {})).lastSeq

describe("sending", () => {
  it("reaches whom it is for, and tells the author when it was delivered, seen and read", async () => {
    const sent = await ant("message.send", { to: ["@bee"], text: "hello", scopes: ["task:1"], data: { n: [1] } })
    expect(sent).toMatchObject({ author: { name: "ant" }, to: ["@bee"], thread: sent.id, version: 1, unread: false })
    expect(sent.recipients).toMatchObject([{ name: "bee", deliveredAt: sent.sentAt, seenAt: null, readAt: null }])
    expect(await inbox(bee)).toEqual({ texts: ["hello"], total: 1, unread: 1 })
    const receipts = async () => (await ant("message.outbox", {})).messages[0]!.recipients[0]!
    expect(await receipts()).toMatchObject({ seenAt: null })
    expect((await bee("message.list", {})).messages[0]).toMatchObject({ unread: true, data: { n: [1] } })
    expect(await receipts()).toMatchObject({ seenAt: expect.any(Number), readAt: null })
    expect(await bee("message.markRead", { messages: [sent.id] })).toEqual({ marked: 1, unread: 0 })
    expect(await receipts()).toMatchObject({ readAt: expect.any(Number) })
    expect(await bee("message.markRead", { messages: [sent.id] })).toEqual({ marked: 0, unread: 0 })
  })

  it("answers the message as it is found afterwards", async () => {
    const cat = await agentIn(daemon, "cat")
    const first = await ant("message.send", {
      to: ["@cat", "@bee"],
      text: "hello",
      refs: ["commit:1"],
      data: { n: [1] }
    })
    const long = "🐜é".repeat(2_000)
    const second = await cat("message.send", { replyTo: first.id, all: true, text: long, format: "plain" })
    expect(second.text).not.toBe(long)
    for (const [who, sent] of [[ant, first] as const, [cat, second] as const]) {
      const { messages } = await who("message.outbox", { limit: 1 })
      expect(messages).toEqual([sent])
    }
  })

  it("to a name that nobody has, to oneself, or with nothing in it is refused before anything is stored", async () => {
    const before = await lastSeq()
    const tag = async (params: object) => (await refusal(ant("message.send", { text: "x", ...params }))).tag
    expect(await tag({ to: ["@bee", "@nobody"] })).toBe("AgentNotFound")
    expect(await tag({ to: ["@ant"] })).toBe("InvalidParams")
    expect(await tag({})).toBe("InvalidParams")
    expect(await tag({ to: ["@bee"], text: "" })).toBe("InvalidParams")
    expect(await tag({ to: ["@bee"], replyTo: `msg_${"0".repeat(26)}` })).toBe("MessageNotFound")
    expect(await lastSeq()).toBe(before)
  })

  it("to a role, a group or everyone fixes the recipients then; everyone has to be meant", async () => {
    const cat = await agentIn(daemon, "cat")
    await bee("agent.register", { name: "bee", role: "worker" })
    await cat("agent.register", { name: "cat", role: "worker" })
    const names = async (params: object) =>
      (await ant("message.send", { text: "x", ...params })).recipients.map(({ name }) => name).toSorted()
    expect(await names({ to: ["@worker"] })).toEqual(["bee", "cat"])
    await daemon.call("group.set", { group: "zoo", add: ["@ant", "@cat"], directory: "/" })
    expect(await names({ to: ["@zoo"] })).toEqual(["cat"])
    await daemon.call("group.set", { group: "empty", directory: "/" })
    expect(await refusal(ant("message.send", { to: ["@empty"], text: "x" }))).toMatchObject({
      tag: "InvalidParams",
      message: expect.stringContaining("nobody is in @empty yet")
    })
    const refused = await refusal(ant("message.send", { to: ["@everyone"], text: "x" }))
    expect(refused).toMatchObject({ tag: "NeedsConfirmation", data: { field: "everyone" } })
    expect(await names({ to: ["@everyone"], everyone: true })).toEqual(expect.arrayContaining(["bee", "cat"]))
    await agentIn(daemon, "dog")
    expect((await ant("message.outbox", { oldest: true })).messages[0]!.recipients).toHaveLength(2)
  })

  it("takes a text of 1 MiB, byte for byte, and not one more", async () => {
    const text = `${"ä\u001b[31m\n".repeat(MAX_TEXT_BYTES / 8)}`
    const whole = text + "x".repeat(MAX_TEXT_BYTES - Buffer.byteLength(text))
    const { id } = await ant("message.send", { to: ["@bee"], text: whole })
    let read = ""
    for (let from: number | null = 0; from !== null; ) {
      const piece: { message: { text: string }; next: number | null } = await bee("message.get", { message: id, from })
      read += piece.message.text
      from = piece.next
    }
    expect(read === whole).toBe(true)
    expect((await inbox(bee)).texts[0]!.length).toBe(1_000)
    const larger = ant("message.send", { to: ["@bee"], text: `${whole}x` })
    expect(await refusal(larger)).toMatchObject({ tag: "TooLarge" })
    expect(
      await refusal(ant("message.send", { to: ["@bee"], text: "x", data: "y".repeat(MAX_DATA_BYTES) }))
    ).toMatchObject({ tag: "TooLarge" })
  })

  it("refuses what is no text: NUL, half a character, JSON that is none", async () => {
    for (const params of [{ text: "a\0b" }, { text: "\ud800" }, { text: "{", format: "json" as const }]) {
      expect((await refusal(ant("message.send", { to: ["@bee"], ...params }))).tag).toBe("InvalidParams")
    }
    await ant("message.send", { to: ["@bee"], text: "[1]", format: "json" })
    const send = (params: object) => daemon.client.request("message.send", { to: ["@bee"], text: "x", ...params })
    for (const params of [
      { key: "a\u001b[2J" },
      { scopes: ["task:\u0007"] },
      { author: "@bee" },
      { to: ["@\u202e"] }
    ]) {
      expect(await refusal(send({ directory: "/", ...params }))).toMatchObject({ tag: "InvalidParams" })
    }
  })

  it("refuses whole numbers that no program would read as they were written, and takes all others as they are", async () => {
    const send = (json: string) => ant("message.send", { to: ["@bee"], data: JSON.parse(json) })
    for (const json of ["9007199254740993", "-12345678901234567890", '{"a":[1,{"b":9007199254740992}]}']) {
      expect(await refusal(send(json)), json).toMatchObject({ tag: "InvalidParams", data: { field: "data" } })
    }
    for (const json of ["9007199254740991", "1e+300", "0.5", '["9007199254740993"]']) {
      expect(JSON.stringify((await send(json)).data)).toBe(json)
    }
  })

  it("with a key sends once, however often and however many at once, and refuses another message with it", async () => {
    const send = (text: string) => ant("message.send", { to: ["@bee"], text, key: "k" })
    const ids = (await Promise.all([send("one"), send("one"), send("one"), send("one")])).map(({ id }) => id)
    expect(new Set(ids).size).toBe(1)
    expect((await send("one")).id).toBe(ids[0])
    expect((await refusal(send("two"))).tag).toBe("Conflict")
    expect(await inbox(bee)).toMatchObject({ total: 1 })
    const cat = await agentIn(daemon, "cat")
    const thread = (await cat("message.send", { to: ["@ant"], text: "x" })).id
    for (const other of [{ to: ["@cat"] }, { to: ["@bee", "@cat"] }, { to: ["@bee"], thread }, { replyTo: thread }]) {
      expect(await refusal(ant("message.send", { text: "one", key: "k", ...other }))).toMatchObject({ tag: "Conflict" })
    }
    const both = { to: ["@cat", "@bee"], text: "three", key: "of two", thread }
    const { id, recipients } = await ant("message.send", both)
    expect(await refusal(ant("message.send", { ...both, to: ["@cat"] }))).toMatchObject({ tag: "Conflict" })
    expect((await ant("message.send", { ...both, to: recipients.map((one) => one.id) })).id).toBe(id)
    await bee("message.send", { to: ["@ant"], text: "two", key: "k" })
  })

  it("is for the agent's own workspace: another one's agents and messages do not exist there", async () => {
    const repository = temporary()
    git(repository, "init", "-q")
    const far = await agentIn(daemon, "far", repository)
    expect((await refusal(ant("message.send", { to: ["@far"], text: "x" }))).tag).toBe("AgentNotFound")
    const { id } = await ant("message.send", { to: ["@bee"], text: "secret" })
    expect((await refusal(far("message.get", { message: id, directory: "/" }))).tag).toBe("MessageNotFound")
    expect((await far("message.list", { box: "all", directory: "/" })).messages).toEqual([])
  })
})

describe("threads", () => {
  it("an answer goes to the author, or to all, and joins the thread, as does an answer to it", async () => {
    const cat = await agentIn(daemon, "cat")
    const first = await ant("message.send", { to: ["@bee", "@cat"], text: "1" })
    const second = await bee("message.send", { replyTo: first.id, text: "2" })
    const third = await cat("message.send", { replyTo: second.id, all: true, text: "3" })
    expect(second).toMatchObject({ thread: first.id, to: ["@ant"] })
    expect(third).toMatchObject({ thread: first.id, replyTo: second.id, to: ["@bee", "@ant"] })
    const read = await cat("message.list", { box: "all", thread: first.id, oldest: true })
    expect(read.messages.map(({ text }) => text)).toEqual(["1", "2", "3"])
    const again = await ant("message.send", { replyTo: first.id, text: "4" })
    expect(again.recipients.map(({ name }) => name).toSorted()).toEqual(["bee", "cat"])
  })
})

describe("editing and deleting", () => {
  it("is for the author alone; what was said before is kept", async () => {
    const { id } = await ant("message.send", { to: ["@bee"], text: "one" })
    expect((await refusal(bee("message.edit", { message: id, text: "x" }))).tag).toBe("NotAllowed")
    expect((await refusal(bee("message.delete", { message: id }))).tag).toBe("NotAllowed")
    expect(await ant("message.edit", { message: id, text: "two" })).toMatchObject({ version: 2, text: "two" })
    expect((await inbox(bee)).texts).toEqual(["two"])
    const { versions } = await bee("message.history", { message: id })
    expect(versions.map(({ text, version }) => [version, text])).toEqual([
      [1, "one"],
      [2, "two"]
    ])
    expect(await ant("message.delete", { message: id })).toMatchObject({ text: "", deletedAt: expect.any(Number) })
    expect(await inbox(bee)).toEqual({ texts: [], total: 0, unread: 0 })
    expect((await refusal(ant("message.edit", { message: id, text: "x" }))).tag).toBe("Conflict")
    expect((await bee("message.history", { message: id })).versions).toEqual([])
  })
})

describe("the inbox", () => {
  it("comes in pages that neither repeat nor leave out anything while more arrives", async () => {
    for (let n = 0; n < 7; n++) await ant("message.send", { to: ["@bee"], text: `${n}` })
    const first = await bee("message.list", { limit: 3 })
    await ant("message.send", { to: ["@bee"], text: "new" })
    const second = await bee("message.list", { limit: 3, before: first.next! })
    const third = await bee("message.list", { limit: 3, before: second.next! })
    const texts = [first, second, third].flatMap(({ messages }) => messages.map(({ text }) => text))
    expect([texts, third.next]).toEqual([["6", "5", "4", "3", "2", "1", "0"], null])
  })

  it("is found by scope, reference, address, author, thread and what is unread", async () => {
    await ant("message.send", { to: ["@bee"], text: "a", scopes: ["task:1"], refs: ["commit:9"] })
    const b = await ant("message.send", { to: ["@bee"], text: "b", scopes: ["task:1", "task:2"] })
    await daemon.call("message.send", { to: ["@bee"], text: "c", directory: "/" })
    await bee("message.markRead", { messages: [b.id] })
    const texts = async (params: object) => (await inbox(bee, params)).texts
    expect(await texts({ scope: "task:1" })).toEqual(["b", "a"])
    expect(await texts({ scope: "task:2", ref: "commit:9" })).toEqual([])
    expect(await texts({ ref: "commit:9" })).toEqual(["a"])
    expect(await texts({ author: "@ant", unread: true })).toEqual(["a"])
    expect(await texts({ mention: "bee", limit: 1 })).toEqual(["c"])
    expect(await texts({ thread: b.id })).toEqual(["b"])
    expect(await texts({ unread: true, oldest: true })).toEqual(["a", "c"])
  })

  it("marks up to a place only what was there: what arrives afterwards stays unread", async () => {
    await ant("message.send", { to: ["@bee"], text: "1" })
    const page = await bee("message.list", {})
    await ant("message.send", { to: ["@bee"], text: "2" })
    expect(await bee("message.markRead", { upTo: page.messages[0]!.cursor })).toEqual({ marked: 1, unread: 1 })
    expect((await inbox(bee, { unread: true })).texts).toEqual(["2"])
  })

  it("counts right while many send and read at once", async () => {
    await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const { id } = await ant("message.send", { to: ["@bee"], text: `${n}` })
        if (n % 2 === 0) await bee("message.markRead", { messages: [id] })
        if (n % 3 === 0) await bee("message.archive", { messages: [id] })
      })
    )
    expect(await inbox(bee, { limit: 1 })).toMatchObject({ total: 40, unread: 20 })
    expect((await daemon.call("daemon.doctor", {})).findings).toContainEqual(
      expect.objectContaining({ check: "projections", level: "ok" })
    )
  })

  it("puts messages away and takes them out again", async () => {
    const { id } = await ant("message.send", { to: ["@bee"], text: "x" })
    expect(await bee("message.archive", { messages: [id] })).toEqual({ changed: 1 })
    expect([await inbox(bee), await inbox(bee, { box: "archive" })]).toMatchObject([{ texts: [] }, { texts: ["x"] }])
    expect(await bee("message.archive", { messages: [id], undo: true })).toEqual({ changed: 1 })
    expect(await inbox(bee)).toMatchObject({ texts: ["x"], unread: 1 })
  })
})

describe("a person", () => {
  it("is written to before they have ever said anything, and answers from outside of every session", async () => {
    const { user } = await import("node:os").then(({ userInfo }) => ({ user: userInfo().username }))
    const { id } = await ant("message.send", { to: [`@${user}`], text: "may I?" })
    expect(await daemon.call("message.list", { directory: "/" })).toMatchObject({ unread: 1 })
    await daemon.call("message.send", { replyTo: id, text: "yes", directory: "/" })
    expect((await inbox(ant)).texts).toEqual(["yes"])
  })
})
