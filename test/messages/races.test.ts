/** Many at once, over connections of their own, and a daemon that is killed among them: what is counted, sent and waited for stays right. */
import { userInfo } from "node:os"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { Client } from "../../src/client/Client.ts"
import { spawnDaemon, type User } from "../sessions/support.ts"
import type { Daemon } from "../support/Daemon.ts"
import type { Sandbox } from "../support/Sandbox.ts"

const talker = fileURLToPath(new URL("talker.ts", import.meta.url))
const me = `@${userInfo().username.toLowerCase()}`

/** A session that says so many things to the person, and ends. */
const talk = async (user: User, agent: string, connections: number, each: number) => {
  const argv = [process.execPath, talker, `${connections}`, `${each}`, me]
  const { id } = await user.start(argv, { agent, env: { PATH: process.env.PATH! } })
  return id
}

it("an inbox that several read while several write is counted right in every answer, and each message is marked by one", async () => {
  const { sandbox, user } = await spawnDaemon()
  const sent = 2 * 3 * 20
  const talkers = [await talk(user, "ant", 3, 20), await talk(user, "bee", 3, 20)]
  const read = async (): Promise<number> => {
    await using client = new Client({ socket: sandbox.socket })
    let marked = 0
    for (;;) {
      const page = await client.call("message.list", { unread: true, limit: 100, directory: "/" })
      // Page and count are of one moment, whatever is written and marked in that moment.
      if (page.next === null) expect(page.messages).toHaveLength(page.unread)
      const all = { directory: "/", messages: page.messages.map(({ id }) => id) }
      const answer = await client.call("message.markRead", all)
      marked += answer.marked
      if (answer.unread === 0 && page.total === sent) return marked
    }
  }
  const readers = [read(), read(), read(), read()]
  const marked = await Promise.all(readers)
  for (const id of talkers) expect((await user.ended(id)).exit.code).toBe(0)
  expect(marked.reduce((sum, one) => sum + one)).toBe(sent)
  expect(await user.call("message.list", { unread: true, directory: "/" })).toMatchObject({ unread: 0, total: sent })
})

/** As the machine's worst moment would, and then another daemon over the same state. */
const killed = async (sandbox: Sandbox, daemon: Daemon): Promise<Daemon> => {
  await daemon.kill()
  return sandbox.start()
}

it("what is sent again with its key after a kill is there once, with the id it was acknowledged with", async () => {
  const { daemon, sandbox, user } = await spawnDaemon()
  await user.call("agent.register", { name: "ant", directory: "/" })
  const keys = Array.from({ length: 120 }, (_, n) => `key ${n}`)
  const acknowledged = new Map<string, string>()
  const send = async (client: Client, key: string) => {
    const { id } = await client.call("message.send", { to: ["@ant"], text: `with ${key}`, key, directory: "/" })
    expect(acknowledged.get(key) ?? id).toBe(id)
    acknowledged.set(key, id)
  }
  const sendSome = async (some: ReadonlyArray<string>) => {
    await using client = new Client({ socket: sandbox.socket })
    for (const key of some) await send(client, key)
  }
  const share = (n: number) => keys.filter((_, index) => index % 4 === n)
  const sending = Promise.allSettled([0, 1, 2, 3].map((n) => sendSome(share(n))))
  await expect.poll(() => acknowledged.size, { interval: 1 }).toBeGreaterThan(30)
  await killed(sandbox, daemon)
  await sending
  expect(acknowledged.size).toBeLessThan(keys.length)
  const before = new Map(acknowledged)
  // By two at once, too: as a client does that does not know what became of its first attempt.
  await Promise.all([...[0, 1, 2, 3].map((n) => sendSome(share(n))), sendSome(keys)])
  for (const [key, id] of before) expect(acknowledged.get(key)).toBe(id)
  const first = await user.call("message.outbox", { limit: 100, directory: "/" })
  const rest = await user.call("message.outbox", { limit: 100, before: first.next!, directory: "/" })
  const texts = [...first.messages, ...rest.messages].map(({ text }) => text)
  expect(texts.toSorted()).toEqual(keys.map((key) => `with ${key}`).toSorted())
})

it("who waits or has subscribed is told of each message once and in order, however often the daemon is killed", async () => {
  const { daemon, sandbox, user } = await spawnDaemon()
  await user.call("agent.setStatus", { status: "idle", directory: "/" })
  const listener = new Client({ socket: sandbox.socket })
  const told: Array<string> = []
  const stop = new AbortController()
  const listening = (async () => {
    const interest = { directory: "/" }
    for await (const { body } of listener.watch({ interest, reconnect: true, signal: stop.signal })) {
      if (body.type === "message.sent") told.push(body.text)
    }
  })().catch(() => {})
  await expect.poll(async () => (await user.call("subscriptions.list", {})).subscriptions.length).toBe(1)
  let current = daemon
  for (let round = 0; round < 3; round++) {
    let away = false
    const waiting = listener.wait("message.wait", { directory: "/" }, { onAway: () => (away = true) })
    await expect.poll(async () => (await user.call("daemon.status", {})).connections).toBeGreaterThanOrEqual(3)
    current = await killed(sandbox, current)
    expect((await user.ended(await talk(user, "ant", 1, 3))).exit.code).toBe(0)
    const { message } = await waiting
    expect([message.text, away]).toEqual(["0 0", true])
    const { messages } = await user.call("message.list", { unread: true, directory: "/" })
    await user.call("message.markRead", { messages: messages.map(({ id }) => id), directory: "/" })
  }
  const said = ["0 0", "0 1", "0 2"]
  await expect.poll(() => told).toEqual([...said, ...said, ...said])
  stop.abort()
  await listening
})
