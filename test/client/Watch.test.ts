import { afterEach, describe, expect, it } from "vitest"
import { Client } from "../../src/client/index.ts"
import type { Event } from "../../src/contract/Event.ts"
import { anEvent, FakeDaemon, type Peer } from "./support/FakeDaemon.ts"

const open: Array<AsyncDisposable> = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

const send = (peer: Peer, seq: number) => peer.notify("event", { subscription: "s", event: anEvent(seq) })

const daemonThat = async (watch: (after: number | undefined, peer: Peer) => void) => {
  const daemon = await FakeDaemon.start({
    "event.watch": ({ after }: { after?: number }, peer) => {
      // After the answer, as the daemon does.
      setImmediate(() => watch(after, peer))
      return { subscription: "s", after: after ?? 10 }
    },
    "event.list": ({ after }: { after: number }) => ({ events: [anEvent(after + 1)], next: after + 1, last: 99 })
  })
  open.push(daemon)
  return { daemon, client: new Client({ socket: daemon.path }) }
}

const take = async (events: AsyncIterable<Event>, count: number, each: (seq: number) => unknown = () => {}) => {
  const seqs: Array<number> = []
  for await (const { seq } of events) {
    seqs.push(seq)
    if (seqs.length === count) break
    await each(seq)
  }
  return seqs
}

describe("watched events", () => {
  it("come as they happen", async () => {
    const { client } = await daemonThat((_, peer) => [11, 12, 13].forEach((seq) => void send(peer, seq)))
    expect(await take(client.watch(), 3)).toEqual([11, 12, 13])
  })

  it("begin after the one that is named", async () => {
    const { client, daemon } = await daemonThat((after, peer) => send(peer, after! + 1))
    expect(await take(client.watch({ after: 41 }), 1)).toEqual([42])
    expect(daemon.calls[0]).toMatchObject({ params: { after: 41 } })
  })

  it("that were skipped because we were slow are fetched from the log", async () => {
    const { client } = await daemonThat((_, peer) => {
      send(peer, 11)
      peer.notify("event.gap", { subscription: "s", from: 12, to: 14 })
      send(peer, 15)
    })
    expect(await take(client.watch(), 5)).toEqual([11, 12, 13, 14, 15])
  })

  it("that were skipped of a subscription are asked for anew, because only the daemon knows what concerns one", async () => {
    const asked: Array<number | undefined> = []
    const daemon = await FakeDaemon.start({
      subscribe: ({ after }: { after?: number }, peer: Peer) => {
        asked.push(after)
        setImmediate(() => {
          send(peer, (after ?? 10) + 1)
          if (asked.length === 1) peer.notify("event.gap", { subscription: "s", from: 12, to: 900 })
        })
        return { subscription: "s", after: after ?? 10 }
      }
    })
    open.push(daemon)
    const client = new Client({ socket: daemon.path })
    expect(await take(client.watch({ interest: { scope: "task:1" } }), 2)).toEqual([11, 12])
    expect(asked).toEqual([undefined, 11])
  })

  it("go on after the daemon was gone, with none missed or repeated", async () => {
    const { client, daemon } = await daemonThat((after, peer) => send(peer, (after ?? 10) + 1))
    const seqs = await take(client.watch({ reconnect: true }), 3, async () => {
      await daemon.die()
      await daemon.listen()
    })
    expect(seqs).toEqual([11, 12, 13])
  })

  it("resume after the place where watching began, if nothing had happened yet", async () => {
    let attempts = 0
    const { client, daemon } = await daemonThat((after, peer) => {
      attempts++
      if (attempts === 1) void daemon.die().then(() => daemon.listen())
      else send(peer, after! + 1)
    })
    expect(await take(client.watch({ reconnect: true }), 1)).toEqual([11])
    expect(daemon.calls.at(-1)).toMatchObject({ params: { after: 10 } })
  })

  it("end with the connection unless a reconnect is wanted", async () => {
    const { client, daemon } = await daemonThat(() => void daemon.die())
    await expect(take(client.watch(), 1)).rejects.toMatchObject({ tag: "ConnectionLost" })
  })

  it("end when the caller says so", async () => {
    const { client } = await daemonThat(() => {})
    const controller = new AbortController()
    const watching = take(client.watch({ signal: controller.signal }), 1)
    controller.abort(new Error("enough"))
    await expect(watching).rejects.toThrow("enough")
  })
})
