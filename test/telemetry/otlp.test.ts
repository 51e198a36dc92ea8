/** Traces, metrics and logs, delivered to a real collector on loopback; and a daemon whose collector is not what it should be. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Client } from "../../src/client/Client.ts"
import type { Daemon } from "../support/Daemon.ts"
import type { RawClient } from "../support/RawClient.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { attributesOf, Collector } from "./Collector.ts"

let sandbox: Sandbox
beforeEach(() => {
  sandbox = makeSandbox()
})
afterEach(() => sandbox[Symbol.asyncDispose]())

/** Delivered sooner than by default. */
const SOON = { OTEL_BSP_SCHEDULE_DELAY: "50", OTEL_BLRP_SCHEDULE_DELAY: "50", OTEL_METRIC_EXPORT_INTERVAL: "100" }

const config = (endpoint: string, more = "") => `[telemetry]\notlp_endpoint = "${endpoint}"\n${more}`

const residentMegabytes = ({ pid }: Daemon): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024

const warnings = (daemon: Daemon) => daemon.log.filter(({ event }) => event === "telemetry.refused")

const oneSession = async (client: RawClient): Promise<string> => {
  const argv = ["sh", "-c", "echo sw0rdfish-printed", "sw0rdfish-argument"]
  const env = { PATH: "/usr/bin:/bin", TOKEN: "sw0rdfish-variable" }
  const { id } = await client.result("session.start", { argv, env, name: "told", cwd: "/" })
  await client.result("session.wait", { session: id, for: "exit" })
  return id
}

describe("a collector", () => {
  it("is told of each request, of sessions' starts and ends, and of nothing they run, print or are given", async () => {
    await using collector = await Collector.listen()
    const daemon = await sandbox.start({ config: config(collector.url), env: SOON })
    const client = await sandbox.connect()
    const id = await oneSession(client)
    const { id: other } = await client.result("session.start", { argv: ["cat"], cwd: "/" })
    await client.result("session.stop", { session: other })
    await client.call("session.get", { session: "sw0rdfish-name" })
    await client.call("session.start", { argv: ["/sw0rdfish/program"], cwd: "/" })
    await client.result("health")
    await daemon.stop()

    const named = (name: string) => collector.spans.filter((span) => span.name === name)
    const [start, , missing] = named("session.start")
    expect(start!.kind).toBe(2)
    expect(attributesOf(start!)).toMatchObject({
      "rpc.system": "jsonrpc",
      "rpc.method": "session.start",
      "rpc.jsonrpc.version": "2.0",
      "network.transport": "unix",
      "agentd.peer.pid": process.pid
    })
    const started = named("Sessions.start").find(({ parentSpanId }) => parentSpanId === start!.spanId)
    expect(started!.traceId).toBe(start!.traceId)
    expect(attributesOf(started!)["agentd.session.id"]).toBe(id)
    expect(named("Sessions.end").map(attributesOf)).toEqual([{ "agentd.session.id": other, "agentd.exit.by": "stop" }])
    expect(attributesOf(missing!)).toMatchObject({ "error.type": "CommandNotFound", "rpc.jsonrpc.error_code": -32007 })
    expect(attributesOf(named("session.get").at(-1)!)["error.type"]).toBe("SessionNotFound")
    expect(missing!.status.code).toBe(2)
    expect(named("health")).toHaveLength(1)
    expect(
      collector.logs.filter((log) => attributesOf(log)["agentd.session.id"] === id).map(attributesOf)
    ).toMatchObject(["session.started", "session.running", "session.ended"].map((event) => ({ "event.name": event })))
    expect(JSON.stringify(collector.deliveries)).not.toMatch(/sw0rdfish/)
  })

  it("gets the metrics, and is told whose they are", async () => {
    await using collector = await Collector.listen()
    const more = 'service_name = "my agents"\nresource_attributes = "team=a%20b"\n'
    await sandbox.start({
      config: config(`${collector.url}/otlp/`, more),
      env: { ...SOON, OTEL_RESOURCE_ATTRIBUTES: "team=other,deployment.environment=lab", OTEL_SERVICE_NAME: "not this" }
    })
    await oneSession(await sandbox.connect())
    type Sums = { readonly sum: { readonly dataPoints: ReadonlyArray<{ readonly asDouble: number }> } }
    await collector.until(({ metrics }) =>
      metrics.find(
        (metric) =>
          metric.name === "agentd_sessions_started_total" &&
          (metric as unknown as Sums).sum.dataPoints[0]!.asDouble === 1
      )
    )
    const { body, headers, path } = collector.deliveries.find((delivery) => delivery.path.endsWith("/v1/metrics"))!
    expect({ path, type: headers["content-type"] }).toEqual({ path: "/otlp/v1/metrics", type: "application/json" })
    const [{ resource }] = body.resourceMetrics as readonly [{ resource: Parameters<typeof attributesOf>[0] }]
    expect(attributesOf(resource)).toMatchObject({
      "service.name": "my agents",
      "service.version": expect.stringMatching(/^\d+\.\d+\.\d+/),
      "host.name": expect.any(String),
      "deployment.environment": "lab",
      team: "a b"
    })
  })

  it("is found by OpenTelemetry's own variables, unless they switch it off", async () => {
    await using collector = await Collector.listen()
    const env = {
      ...SOON,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc",
      OTEL_SERVICE_NAME: "ours",
      OTEL_LOGS_EXPORTER: "none"
    }
    const off = await sandbox.start({ env: { ...env, OTEL_SDK_DISABLED: "true" } })
    await off.stop()
    expect(collector.deliveries).toEqual([])
    const daemon = await sandbox.start({ env })
    await (await sandbox.connect()).result("health")
    await daemon.stop()
    expect(collector.spans.map(({ name }) => name)).toContain("health")
    expect(collector.logs).toEqual([])
    expect(collector.deliveries.every(({ headers }) => headers.authorization === "Bearer abc")).toBe(true)
  })

  it("may listen on a Unix socket, and gets its token from a file that only its owner can read", async () => {
    const path = join(sandbox.root, "collector.sock")
    await using collector = await Collector.listen(path)
    const file = join(sandbox.root, "headers")
    writeFileSync(file, "authorization=Bearer%20sw0rdfish\nx-tenant=7\n", { mode: 0o600 })
    const daemon = await sandbox.start({
      config: config(`unix:${path}`, `otlp_headers = { file = "${file}" }\n`),
      env: SOON
    })
    await daemon.stop()
    expect(collector.deliveries.length).toBeGreaterThan(0)
    expect(collector.deliveries[0]!.headers).toMatchObject({ authorization: "Bearer sw0rdfish", "x-tenant": "7" })
    expect(daemon.stderr).not.toMatch(/sw0rdfish/)
  })
})

describe("nothing is delivered, the daemon says why and goes on", () => {
  it.each([
    [
      "a token that others can read",
      "http://127.0.0.1:9",
      0o644,
      /headers cannot be used: others may read or write it/
    ],
    ["a token that would go over the network for all to see", "http://collector.example:4318", 0o600, /unencrypted/]
  ])("for %s", async (_, endpoint, mode, reason) => {
    const file = join(sandbox.root, "headers")
    writeFileSync(file, "authorization=sw0rdfish\n")
    chmodSync(file, mode)
    const daemon = await sandbox.start({
      config: config(endpoint, `otlp_headers = { file = "${file}" }\n`),
      env: SOON
    })
    expect(warnings(daemon)).toMatchObject([{ level: "warn", message: expect.stringMatching(reason) }])
    await daemon.stop()
    expect(daemon.stderr).not.toMatch(/sw0rdfish/)
  })

  it("while the collector is away, once, and once that it is back", async () => {
    const { port } = await (async () => {
      await using gone = await Collector.listen()
      return { port: gone.port }
    })()
    const daemon = await sandbox.start({ config: config(`http://127.0.0.1:${port}`), env: SOON })
    await daemon.written(/telemetry is not delivered, .*ECONNREFUSED/)
    const client = await sandbox.connect()
    await oneSession(client)
    await using _collector = await Collector.listen(port)
    await daemon.written(/telemetry is delivered again/)
    expect(warnings(daemon)).toHaveLength(1)
  })

  it("to a collector that never answers: all requests are answered, memory is bounded, the end does not wait", async () => {
    await using collector = await Collector.listen(0, () => {})
    const daemon = await sandbox.start({ config: config(collector.url), env: SOON })
    await using client = new Client({ socket: sandbox.socket, start: false })
    const many = async (count: number) => {
      for (let sent = 0; sent < count; sent += 50) {
        await Promise.all(Array.from({ length: 50 }, () => client.call("session.list", {})))
      }
    }
    // Enough to reach what may wait and what may be under way.
    await many(4_000)
    const before = residentMegabytes(daemon)
    // Some 80,000 spans: kept, they would be 120 MB.
    await many(24_000)
    expect(residentMegabytes(daemon) - before).toBeLessThan(75)
    await client.close()
    const began = performance.now()
    expect(await daemon.stop()).toMatchObject({ code: 0 })
    expect(performance.now() - began).toBeLessThan(6_000)
  })
})
