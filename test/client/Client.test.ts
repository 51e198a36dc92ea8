import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { AgentdError, Client } from "../../src/client/index.ts"
import { aSession, FakeDaemon, Refusal, SILENCE } from "./support/FakeDaemon.ts"

const open: Array<AsyncDisposable> = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})
const daemonWith = async (handlers: FakeDaemon["handlers"]) => {
  const daemon = await FakeDaemon.start(handlers)
  const client = new Client({ socket: daemon.path })
  open.push(daemon, client)
  return { daemon, client }
}
const refused = async (promise: Promise<unknown>): Promise<AgentdError> => {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause
  )
  expect(error).toBeInstanceOf(AgentdError)
  return error as AgentdError
}

describe("a call", () => {
  it("returns the daemon's result", async () => {
    const { client } = await daemonWith({ "session.list": () => ({ sessions: [aSession({ name: "build" })] }) })
    const { sessions } = await client.call("session.list", {})
    expect(sessions.map(({ name }) => name)).toEqual(["build"])
  })

  it("gets its own answer, in whatever order answers come", async () => {
    const waiting: Array<() => void> = []
    const { client } = await daemonWith({
      health: ({ echo }: { echo: string }, peer) => {
        // Answers are written by hand, last question first.
        const id = waiting.length + 1
        waiting.push(() => peer.socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, result: { ok: true, echo } })}\n`))
        if (waiting.length === 3) for (const answer of waiting.reverse()) answer()
        return SILENCE
      }
    })
    const echoes = await Promise.all(["a", "b", "c"].map((echo) => client.call("health", { echo })))
    expect(echoes.map(({ echo }) => echo)).toEqual(["a", "b", "c"])
  })

  it("is refused with the error's tag, code, fields and exit code", async () => {
    const { client } = await daemonWith({
      "session.get": () => {
        throw new Refusal("SessionNotFound", -32002, 'No session is called "x".', { session: "x" })
      }
    })
    const error = await refused(client.call("session.get", { session: "x" }))
    expect(error).toMatchObject({ tag: "SessionNotFound", code: -32002, data: { session: "x" }, exitCode: 4 })
    expect(error.message).toBe('No session is called "x".')
  })

  it("keeps the tag of an error that only a newer daemon knows", async () => {
    const { client } = await daemonWith({
      health: () => {
        throw new Refusal("FromTheFuture", -32090, "Not yet invented.")
      }
    })
    expect(await refused(client.call("health", {}))).toMatchObject({ tag: "FromTheFuture", exitCode: 1 })
  })

  it("is one round trip: no greeting comes before it", async () => {
    const { client, daemon } = await daemonWith({ health: () => ({ ok: true }) })
    await client.call("health", {})
    expect(daemon.calls.map(({ method }) => method)).toEqual(["health"])
  })

  it("to a daemon of another protocol says which one must be upgraded", async () => {
    const { client } = await daemonWith({
      hello: () => {
        throw new Refusal("ProtocolVersion", -32016, "This daemon speaks protocol 7 to 9.", {
          min: 7,
          max: 9,
          asked: "1"
        })
      }
    })
    expect(await refused(client.call("event.list", {}))).toMatchObject({ tag: "ProtocolVersion", exitCode: 6 })
  })

  it("to an older daemon of the same protocol says that the method is missing", async () => {
    const { client } = await daemonWith({ hello: () => ({}) })
    expect(await refused(client.call("event.list", {}))).toMatchObject({ tag: "MethodNotFound" })
  })

  it("fails when the daemon goes away before answering, and the next one connects again", async () => {
    const { client, daemon } = await daemonWith({ health: () => SILENCE })
    const pending = refused(client.call("health", {}))
    await expect.poll(() => daemon.calls.length).toBe(1)
    await daemon.die()
    expect(await pending).toMatchObject({ tag: "ConnectionLost", exitCode: 3 })
    daemon.handlers.health = () => ({ ok: true })
    await daemon.listen()
    expect(await client.call("health", {})).toEqual({ ok: true })
  })

  it("gives up on a daemon that never answers", async () => {
    const { client } = await daemonWith({ health: () => SILENCE })
    expect(await refused(client.call("health", {}, { timeoutMs: 20 }))).toMatchObject({ tag: "TimedOut", exitCode: 7 })
  })

  it("can be given up by the caller", async () => {
    const { client } = await daemonWith({ "session.wait": () => SILENCE })
    const reason = new Error("changed my mind")
    const calling = client.call("session.wait", { session: "-", for: "exit" }, { signal: AbortSignal.abort(reason) })
    await expect(calling).rejects.toBe(reason)
  })

  it("says when the daemon has no room for another connection", async () => {
    const { client } = await daemonWith({
      health: (_, peer) => {
        const error = { code: -32000, message: "Too busy: at most 256 connections.", data: { tag: "Busy", limit: 256 } }
        peer.socket.end(`${JSON.stringify({ jsonrpc: "2.0", id: null, error })}\n`)
        return SILENCE
      }
    })
    expect(await refused(client.call("health", {}))).toMatchObject({ tag: "Busy", data: { limit: 256 } })
  })
})

describe("a socket", () => {
  it("that nobody listens on is no daemon", async () => {
    const client = new Client({ socket: "/nowhere/api.sock" })
    expect(await refused(client.call("health", {}))).toMatchObject({ tag: "NoDaemon", exitCode: 3 })
  })

  it("of some other program is recognised by what it says", async () => {
    const folder = mkdtempSync(join(tmpdir(), "agentd-client-"))
    const server = createServer((socket) => socket.resume().end("HTTP/1.1 400 Bad Request\r\n\r\n"))
    await new Promise<void>((resolve) => server.listen(join(folder, "api.sock"), resolve))
    open.push({
      [Symbol.asyncDispose]: async () => {
        await new Promise((resolve) => server.close(resolve))
        rmSync(folder, { recursive: true })
      }
    })
    const client = new Client({ socket: join(folder, "api.sock") })
    expect(await refused(client.call("health", {}))).toMatchObject({ tag: "ProtocolError" })
  })
})
