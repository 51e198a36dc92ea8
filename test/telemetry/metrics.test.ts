/** The daemon's metrics, as Prometheus and people get them. */
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, statSync } from "node:fs"
import { type IncomingMessage, type RequestOptions, request } from "node:http"
import { createServer } from "node:net"
import { join } from "node:path"
import { text as textOf } from "node:stream/consumers"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { agentctl } from "../cli/support/agentctl.ts"
import { freePort } from "../support/freePort.ts"
import type { RawClient } from "../support/RawClient.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { type Family, parseExposition } from "./exposition.ts"

let sandbox: Sandbox
beforeEach(() => {
  sandbox = makeSandbox()
})
afterEach(() => sandbox[Symbol.asyncDispose]())

const fetched = async (options: RequestOptions) => {
  const asked = request({ path: "/metrics", agent: false, ...options })
  asked.end()
  const [response] = (await once(asked, "response")) as [IncomingMessage]
  return { status: response.statusCode, type: response.headers["content-type"], text: await textOf(response) }
}

const listening = async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  return { server, port: (server.address() as { port: number }).port }
}

const sampled = (families: ReadonlyMap<string, Family>, name: string, labels: Readonly<Record<string, string>> = {}) =>
  families
    .get(name.replace(/_(sum|count)$/, ""))
    ?.samples.find(
      (sample) => sample.name === name && Object.entries(labels).every(([label, text]) => sample.labels[label] === text)
    )?.value

const runToEnd = async (client: RawClient, script: string) => {
  const { id } = await client.result("session.start", { argv: ["sh", "-c", script], cwd: "/" })
  await client.result("session.wait", { session: id, for: "exit" })
}

describe("daemon.metrics", () => {
  it("counts sessions, their output, events, commits, requests by outcome, and what the process takes", async () => {
    await sandbox.start()
    const client = await sandbox.connect()
    await runToEnd(client, "printf 12345")
    await runToEnd(client, "printf 678; exit 1")
    const { id } = await client.result("session.start", { argv: ["sh", "-c", "printf 90; exec cat"], cwd: "/" })
    await client.result("session.wait", { session: id, for: "output", pattern: "90" })
    await client.call("session.get", { session: "nobody" })
    await client.call("no.such.method\n}", {})
    await client.call("health", { echoo: "" })
    const { text } = await client.result("daemon.metrics")
    const families = parseExposition(text)
    const value = (name: string, labels = {}) => sampled(families, name, labels)
    expect({
      running: value("agentd_sessions", { status: "running" }),
      exited: value("agentd_sessions", { status: "exited" }),
      started: value("agentd_sessions_started_total"),
      ended: value("agentd_sessions_ended_total", { by: "program" }),
      output: value("agentd_session_output_bytes_total"),
      events: value("agentd_events_total", { type: "session.started" }),
      connections: value("agentd_connections"),
      starts: value("agentd_requests_total", { method: "session.start", outcome: "ok" }),
      timed: value("agentd_request_duration_seconds_count", { method: "session.start" }),
      missed: value("agentd_requests_total", { method: "session.get", outcome: "SessionNotFound" }),
      unknown: value("agentd_requests_total", { method: "unknown", outcome: "MethodNotFound" }),
      misspelt: value("agentd_requests_total", { method: "health", outcome: "InvalidParams" })
    }).toEqual({
      running: 1,
      exited: 2,
      started: 3,
      ended: 2,
      output: 10,
      events: 3,
      connections: 1,
      starts: 3,
      timed: 3,
      missed: 1,
      unknown: 1,
      misspelt: 1
    })
    expect(value("agentd_commit_duration_seconds_count")).toBeGreaterThan(3)
    for (const name of ["process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"])
      expect(value(name), name).toBeGreaterThan(0)
    expect(Math.abs(value("process_start_time_seconds")! - Date.now() / 1000)).toBeLessThan(60)
    expect(text).not.toContain(id)
    await client.result("session.stop", { session: id })
  })

  it("satisfies promtool, where there is one", async ({ skip }) => {
    const promtool = process.env.PROMTOOL ?? "promtool"
    if (spawnSync(promtool, ["--version"]).error !== undefined) skip("promtool (Debian: prometheus) is not installed")
    await sandbox.start()
    const client = await sandbox.connect()
    await runToEnd(client, "echo")
    const { id } = await client.result("session.start", { argv: ["cat"], cwd: "/" })
    const { text } = await client.result("daemon.metrics", { sessions: true })
    const { status, stderr, stdout } = spawnSync(promtool, ["check", "metrics"], { input: text, encoding: "utf8" })
    expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: "" })
    await client.result("session.stop", { session: id })
  })

  it("has series of each session for those who ask, and the command prints them", async () => {
    await sandbox.start()
    const client = await sandbox.connect()
    const argv = ["sh", "-c", "printf 90; exec cat"]
    const { id } = await client.result("session.start", { argv, name: "mine", cwd: "/" })
    await client.result("session.wait", { session: id, for: "output", pattern: "90" })
    const { code, stdout } = await agentctl(sandbox, ["daemon", "metrics", "--sessions"])
    expect(code).toBe(0)
    const families = parseExposition(stdout)
    const name = "agentd_session_output_offset_bytes_total"
    expect(families.get(name)!.samples).toEqual([{ name, labels: { session: id, name: "mine" }, value: 2 }])
    expect(sampled(families, "agentd_session_tasks", { session: id })).toBe(1)
    await client.result("session.stop", { session: id })
  })

  it("needs a daemon and starts none", async () => {
    expect(await agentctl(sandbox, ["daemon", "metrics"])).toMatchObject({ code: 3, stdout: "" })
    expect(existsSync(sandbox.socket)).toBe(false)
  })
})

describe("telemetry.prometheus_listen", () => {
  it("serves them on loopback, to nobody who was lured there, and to reading alone", async () => {
    const port = await freePort()
    await sandbox.start({ config: `[telemetry]\nprometheus_listen = "127.0.0.1:${port}"\n` })
    const where = { host: "127.0.0.1", port }
    const { status, text, type } = await fetched(where)
    expect({ status, type }).toEqual({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" })
    expect(sampled(parseExposition(text), "agentd_build_info")).toBe(1)
    const refused = await Promise.all([
      fetched({ ...where, headers: { host: "attacker.example" } }),
      fetched({ ...where, path: "/" }),
      fetched({ ...where, method: "POST" })
    ])
    expect(refused.map(({ status }) => status)).toEqual([403, 404, 405])
    // Nobody is anybody there, and nothing is done.
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "agent.register", params: { name: "mallory" } })
    const headers = { "content-type": "application/json", "x-agentd-agent": "ant", authorization: "Bearer ant" }
    expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: "POST", headers, body })).status).toBe(405)
    expect((await agentctl(sandbox, ["agent", "list", "--json"])).stdout).not.toContain("mallory")
  })

  it("serves them on a Unix socket that only its user may open, also after a crash", async () => {
    const socketPath = join(sandbox.xdgRuntime, "metrics.sock")
    const config = `[telemetry]\nprometheus_listen = "${socketPath}"\n`
    const first = await sandbox.start({ config })
    await first.kill()
    await sandbox.start({ config })
    expect((await fetched({ socketPath })).status).toBe(200)
    expect(statSync(socketPath).mode & 0o777).toBe(0o600)
  })

  it("goes without, and says why, when the port is taken", async () => {
    const { port, server } = await listening()
    const daemon = await sandbox.start({ config: `[telemetry]\nprometheus_listen = "127.0.0.1:${port}"\n` })
    server.close()
    expect(daemon.log.find(({ event }) => event === "telemetry.refused")).toMatchObject({
      level: "warn",
      message: expect.stringMatching(/no metrics on 127\.0\.0\.1:\d+: .*EADDRINUSE.*Choose another port/)
    })
  })

  it.each([
    "0.0.0.0:9469",
    "192.168.1.1:80",
    "127.0.0.1",
    "127.0.0.1:0",
    "127.0.0.1:70000",
    "[::]:80",
    "example.com:80"
  ])("refuses %s: not this machine alone", async (where) => {
    const daemon = sandbox.spawn({ config: `[telemetry]\nprometheus_listen = "${where}"\n` })
    expect(await daemon.exited).toMatchObject({ code: 78 })
    expect(daemon.stderr).toMatch(/agentd\.toml:2: telemetry\.prometheus_listen: expected an address and port of this/)
  })
})
