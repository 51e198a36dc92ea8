/** How a session ends: by itself, by a stop, by its time, and what of it is kept. */
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { type InProcessDaemon, openDaemon, processesOf, spawnDaemon, temporary } from "./support.ts"

/** Blocks this process's event loop, as a large answer or a slow disk would. */
const block = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

const alive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
  } catch {
    return false
  }
}

/** Waits for the numbers a program prints: `name=123`. */
const pids = async (daemon: InProcessDaemon, session: string, ...names: Array<string>) =>
  Promise.all(names.map(async (name) => Number((await daemon.printed(session, `${name}=\\d+`)).split("=")[1])))

const seconds = 10_000

describe("a program that ends by itself", () => {
  it("has its exit code kept", async () => {
    const daemon = await openDaemon()
    for (const code of [0, 1, 42, 255]) {
      const { session } = await daemon.run(`exit ${code}`)
      expect(session).toMatchObject({ status: "exited", pid: null })
      expect(session.exit).toMatchObject({ code, signal: null, by: "program", took: null })
      expect(session.exit.at).toBeGreaterThanOrEqual(session.createdAt)
    }
  })

  it("has the signal kept that killed it", async () => {
    const daemon = await openDaemon()
    for (const signal of ["SIGKILL", "SIGTERM", "SIGSEGV"]) {
      const { session } = await daemon.run(`kill -${signal.slice(3)} $$; sleep 9`)
      expect(session.exit).toMatchObject({ code: null, signal, by: "program" })
    }
  })

  it("leaves its last screen and code to those who come later", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("printf 'one\\n\\033[1mtwo\\033[0m'; exit 3", { cols: 20, rows: 4 })
    const screen = await daemon.call("session.screen", { session: session.id, format: "json" })
    expect(screen).toMatchObject({ cols: 20, rows: 4, lines: ["one", "two", "", ""], cursor: { x: 3, y: 1 } })
    const listed = await daemon.call("session.list", { all: true })
    expect(listed.sessions).toMatchObject([{ id: session.id, exit: { code: 3 }, status: "exited" }])
    expect((await daemon.call("session.list", {})).sessions).toEqual([])
  })

  it("ends its session although a child in the background still holds the terminal", async () => {
    const daemon = await openDaemon()
    // Ignores the SIGHUP of the terminal's end, prints on after its parent's end, and would print for ever.
    const script = `trap "" HUP; (sleep 0.05; echo late; while sleep 0.05; do echo more; done) & echo child=$!; exit 7`
    const { id } = await daemon.start(script)
    const [child] = await pids(daemon, id, "child")
    onTestFinished(() => void process.kill(child!, "SIGKILL"))
    const session = await daemon.ended(id)
    expect(session.exit).toMatchObject({ code: 7, by: "program" })
    expect((await daemon.output(id)).toString()).toContain("late")
    expect(alive(child!)).toBe(true)
  })

  it("has every byte of its output kept, in order, 50 MB of them", { timeout: 60_000 }, async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty -opost; seq -f %015.0f 1 3200000")
    const session = await daemon.ended(id)
    const hash = createHash("sha256")
    for (let n = 1; n <= 3_200_000; n++) hash.update(`${String(n).padStart(15, "0")}\n`)
    const output = await daemon.output(id)
    expect([output.length, session.offset, session.unrecorded]).toEqual([51_200_000, 51_200_000, 0])
    expect(createHash("sha256").update(output).digest("hex")).toBe(hash.digest("hex"))
  })

  it("loses no byte of its tail, however busy the daemon is when it ends", { timeout: 60_000 }, async () => {
    const daemon = await openDaemon()
    // More than the terminal's own buffers hold: the rest waits in the program while nobody reads.
    const { id } = await daemon.start("stty -opost; echo ready; read go; seq -f %099.0f 1 600; exec true")
    await daemon.printed(id, "ready")
    const from = (await daemon.call("session.get", { session: id })).offset
    await daemon.call("session.input", { session: id, text: "\n" })
    const ended = daemon.ended(id)
    // Longer than any time the daemon waits for output after the end, again and again.
    for (let round = 0; round < 5; round++) {
      block(700)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await ended
    const lines = (await daemon.output(id)).subarray(from).toString().split("\n").slice(-601, -1)
    expect(lines).toEqual(Array.from({ length: 600 }, (_, n) => String(n + 1).padStart(99, "0")))
  })

  it("is told apart from one that a stop ended, when the stop comes too late", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("exit 5")
    expect((await daemon.call("session.stop", { session: session.id })).exit).toEqual(session.exit)
  })
})

describe("a stop", () => {
  it("ends a program that listens at once", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"])
    const stopped = await daemon.call("session.stop", { session: id })
    expect(stopped).toMatchObject({ status: "exited", exit: { by: "stop", took: "term", code: null } })
    expect(["SIGHUP", "SIGTERM"]).toContain(stopped.exit!.signal)
  })

  it("lets a program clean up, and keeps the code it ends with", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(
      'trap "echo cleaned; exit 9" TERM; trap "" HUP; echo ready; while :; do sleep 0.02; done'
    )
    await daemon.printed(id, "ready")
    const { exit } = await daemon.call("session.stop", { session: id })
    expect(exit).toMatchObject({ code: 9, by: "stop", took: "term" })
    expect((await daemon.output(id)).toString()).toContain("cleaned")
  })

  it("kills what ignores it after the grace time, and says so", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start('trap "" HUP TERM; echo ready; while :; do sleep 0.02; done')
    await daemon.printed(id, "ready")
    const before = performance.now()
    const stopping = daemon.call("session.stop", { session: id, graceMs: 300 })
    await expect.poll(async () => (await daemon.call("session.get", { session: id })).status).toBe("stopping")
    expect((await stopping).exit).toMatchObject({ signal: "SIGKILL", code: null, by: "stop", took: "kill" })
    expect(performance.now() - before).toBeGreaterThan(299)
  })

  it("waits the configured grace time when it names none", async () => {
    const daemon = await openDaemon({ config: { "session.grace": "200ms" } })
    const { id } = await daemon.start('trap "" HUP TERM; echo ready; while :; do sleep 0.02; done')
    await daemon.printed(id, "ready")
    const before = performance.now()
    expect((await daemon.call("session.stop", { session: id })).exit).toMatchObject({ took: "kill" })
    expect(performance.now() - before).toBeGreaterThan(199)
  })

  it("reaches processes that have left their parents, their kernel session and part of their environment", async () => {
    const daemon = await openDaemon()
    const inner = 'trap "" HUP TERM; echo $1=$$; while :; do sleep 0.05; done'
    const { id } = await daemon.start(
      `(env -u HOME -u PATH /usr/bin/setsid /bin/bash -c '${inner}' x daemon &) ; setsid sh -c '${inner}' x detached & sh -c '${inner}' x child & wait`
    )
    const found = await pids(daemon, id, "daemon", "detached", "child")
    const { exit } = await daemon.call("session.stop", { session: id, graceMs: 200 })
    expect(exit).toMatchObject({ by: "stop", took: "kill" })
    expect(found.map(alive)).toEqual([false, false, false])
  })

  it("remembers a process that has nothing to be known by once its parent has gone", async () => {
    const daemon = await openDaemon()
    // Its environment is empty and it leads a kernel session: only its parent, which ends at SIGTERM, gives it away.
    const { id } = await daemon.start(
      `env -i setsid sh -c 'trap "" HUP TERM; echo nameless=$$; while :; do sleep 0.05; done' & wait`
    )
    const [nameless] = await pids(daemon, id, "nameless")
    const { exit } = await daemon.call("session.stop", { session: id, graceMs: 200 })
    expect(exit).toMatchObject({ took: "kill" })
    expect(alive(nameless!)).toBe(false)
  })

  it("reaches a process that is stopped", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("echo self=$$; kill -STOP $$; sleep 60")
    const [self] = await pids(daemon, id, "self")
    await expect.poll(() => readFileSync(`/proc/${self}/stat`, "latin1")).toContain(") T ")
    const { exit } = await daemon.call("session.stop", { session: id })
    expect(exit).toMatchObject({ by: "stop", took: "term" })
  })

  // Each generation leaves the next behind and ends, deaf to all but SIGKILL; the last ends by itself once the marker is gone.
  it.each([
    [
      "slowly",
      'fork() { [ -e "$1" ] || exit; sleep 0.01; (fork "$1") & (sleep 0.02; exit) & exit; }; (fork "$1") & (fork "$1") &'
    ],
    ["as fast as it can", 'fork() { [ -e "$1" ] || exit; fork "$1" & exit; }; fork "$1" & fork "$1" & fork "$1" &'],
    [
      "into a kernel session of its own each time",
      '[ -e "$1" ] || exit; setsid -f sh -c "$0" "$0" "$1"; [ "$2" ] || exit;'
    ],
    [
      "and has the parent stand in the kernel until the child runs",
      'fork() { while [ -e "$1" ]; do /bin/true; done; }; fork "$1" & fork "$1" &'
    ]
  ])("keeps up with a program that forks all the time, %s", async (_, generation) => {
    const daemon = await openDaemon()
    const marker = join(temporary(), "go")
    writeFileSync(marker, "")
    const script = `trap "" HUP TERM; ${generation}`
    const begins = `trap "" HUP TERM; ${generation} echo ready; while :; do sleep 1; done`
    const { id } = await daemon.start(["sh", "-c", begins, script, marker, "first"])
    await daemon.printed(id, "ready")
    const { exit } = await daemon.call("session.stop", { session: id, graceMs: 200 })
    expect(exit).toMatchObject({ by: "stop", took: "kill" })
    expect(processesOf(id).filter(alive)).toEqual([])
  })

  it("harms nobody else", async () => {
    const daemon = await openDaemon()
    const stranger = spawn("sleep", ["60"], { stdio: "ignore" })
    onTestFinished(() => void stranger.kill("SIGKILL"))
    const other = await daemon.start(["sleep", "60"])
    const { id } = await daemon.start('trap "" HUP TERM; echo ready; while :; do sleep 0.02; done')
    await daemon.printed(id, "ready")
    await daemon.call("session.stop", { session: id, graceMs: 50 })
    expect(alive(stranger.pid!)).toBe(true)
    expect(await daemon.call("session.get", { session: other.id })).toMatchObject({ status: "running" })
    expect(alive(other.pid!)).toBe(true)
  })

  it("asked for twice at once ends it once", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start('trap "" HUP TERM; echo ready; while :; do sleep 0.02; done')
    await daemon.printed(id, "ready")
    const stops = [100, 100, 60_000].map((graceMs) => daemon.call("session.stop", { session: id, graceMs }))
    const [first, ...others] = await Promise.all(stops)
    for (const other of others) expect(other.exit).toEqual(first!.exit)
    const { events } = await daemon.call("event.list", { session: id })
    expect(events.map(({ body }) => body.type).filter((type) => type === "session.ended")).toHaveLength(1)
  })
})

describe("a session with a time to live", () => {
  it("is ended by it", { timeout: seconds }, async () => {
    const daemon = await openDaemon()
    const { createdAt, id } = await daemon.start(["sleep", "60"], { ttlMs: 300 })
    const { exit } = await daemon.ended(id)
    expect(exit).toMatchObject({ by: "ttl", took: "term" })
    expect(exit.at - createdAt).toBeGreaterThanOrEqual(299)
  })

  it("may be shorter, and much longer than a timer can be", async () => {
    const daemon = await openDaemon()
    const { exit } = (await daemon.run("exit 4", { ttlMs: 60_000 })).session
    expect(exit).toMatchObject({ code: 4, by: "program" })
    const { id } = await daemon.start("sleep 0.3; echo still here", { ttlMs: 90 * 86_400_000 })
    expect((await daemon.ended(id)).exit).toMatchObject({ code: 0, by: "program" })
  })
})

describe("a daemon that stops", () => {
  it("ends the sessions that cannot outlive it, and has it on record", async () => {
    const directory = temporary()
    const daemon = await openDaemon({ directory })
    const { id, pid } = await daemon.start("echo before; exec sleep 60")
    await daemon.printed(id, "before")
    await daemon.close()
    expect(alive(pid!)).toBe(false)
    const after = await openDaemon({ directory })
    const session = await after.call("session.get", { session: id })
    expect(session).toMatchObject({ status: "exited", exit: { by: "shutdown", took: "term" } })
    expect(existsSync(session.transcript!)).toBe(true)
    expect((await after.output(id)).toString()).toBe("before\r\n")
  })

  it("does so on SIGTERM", async () => {
    const { daemon, user } = await spawnDaemon()
    const { pid } = await user.start(["sleep", "60"])
    expect(await daemon.stop()).toEqual({ code: 0, signal: null })
    expect(alive(pid!)).toBe(false)
  })
})
