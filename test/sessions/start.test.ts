/** Starting a program: what it gets, and what is refused before anything runs. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { openDaemon, refusal, spawnDaemon, temporary } from "./support.ts"

const lines = (output: Buffer) => output.toString().split("\r\n").filter(Boolean)
const variables = (output: Buffer) => Object.fromEntries(lines(output).map((line) => line.split(/=(.*)/s).slice(0, 2)))

describe("a program", () => {
  it("gets its arguments as they were given", async () => {
    const daemon = await openDaemon()
    const { output } = await daemon.run(["printf", "%s|", "a b", "", "*", "é\n", "--"])
    expect(output.toString()).toBe("a b||*|é\r\n|--|")
  })

  it("runs in the directory it was given, else in the caller's home", async () => {
    const daemon = await openDaemon()
    const home = temporary()
    expect(lines((await daemon.run("pwd", { cwd: "/usr" })).output)).toEqual(["/usr"])
    const asked = { argv: ["/bin/pwd"], env: { HOME: home } }
    const { cwd, id } = await daemon.call("session.start", asked)
    await daemon.ended(id)
    expect([cwd, ...lines(await daemon.output(id))]).toEqual([home, home])
  })

  it("sees the caller's environment and what names its session, and nothing else", async () => {
    const daemon = await openDaemon()
    const env = { PATH: "/usr/bin:/bin", HOME: "/root", SECRET: "x=y\nz", EMPTY: "" }
    const { output, session } = await daemon.run(["env", "-0"], { env, name: "sees", cwd: "/tmp" })
    const found = Object.fromEntries(
      output
        .toString()
        .replaceAll("\r\n", "\n")
        .split("\0")
        .filter(Boolean)
        .map((line) => line.split(/=(.*)/s).slice(0, 2))
    )
    expect(found).toEqual({
      ...env,
      TERM: "xterm-256color",
      PWD: "/tmp",
      AGENTD_SESSION: session.id,
      AGENTD_SESSION_NAME: "sees",
      AGENTD_SOCKET: daemon.places.socket,
      AGENTD_ENVIRONMENT: expect.stringContaining(session.id)
    })
  })

  it("keeps the terminal type of a caller who has a terminal", async () => {
    const daemon = await openDaemon({ config: { "session.term": "screen" } })
    const term = async (env: Record<string, string>) =>
      variables((await daemon.run(["env"], { env: { PATH: "/usr/bin", ...env } })).output).TERM
    expect(await term({ TERM: "vt220" })).toBe("vt220")
    expect(await term({ TERM: "dumb" })).toBe("screen")
    expect(await term({})).toBe("screen")
  })

  it("does not see what a service manager told the daemon alone", async () => {
    const daemon = await openDaemon()
    const misleading = [
      "LISTEN_FDS",
      "LISTEN_PID",
      "LISTEN_FDNAMES",
      "NOTIFY_SOCKET",
      "WATCHDOG_USEC",
      "COLUMNS",
      "LINES"
    ]
    const env = Object.fromEntries([["PATH", "/usr/bin"], ...misleading.map((name) => [name, "1"])])
    const found = variables((await daemon.run(["env"], { env })).output)
    for (const name of misleading) expect(found).not.toHaveProperty(name)
  })

  it("has an environment that is stored nowhere", async () => {
    const daemon = await openDaemon()
    const env = { PATH: "/usr/bin:/bin", TOKEN: "hunter2-hunter2" }
    const { id } = await daemon.start('test -n "$TOKEN" && echo secret is set', { env })
    await daemon.ended(id)
    expect((await daemon.output(id)).toString()).toContain("secret is set")
    await daemon.close()
    const files = readdirSync(daemon.places.state, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile()
    )
    expect(files.length).toBeGreaterThan(1)
    for (const file of files) {
      expect(readFileSync(join(file.parentPath, file.name)).includes("hunter2"), file.name).toBe(false)
    }
  })

  it("has a terminal of the size that was asked for, clamped to what a terminal can be", async () => {
    const daemon = await openDaemon({ config: { "session.cols": 111, "session.rows": 22 } })
    const size = async (asked: object) => lines((await daemon.run(["stty", "size"], asked)).output)[0]
    expect(await size({ cols: 132, rows: 43 })).toBe("43 132")
    expect(await size({})).toBe("22 111")
    expect(await size({ cols: 0, rows: 0 })).toBe("1 1")
    expect(await size({ cols: -5, rows: 99_999 })).toBe("10000 1")
    expect(await size({ cols: 99_999, rows: 99_999 })).toBe("10000 10000")
  })

  it("holds no terminal but its own", async () => {
    const { user } = await spawnDaemon({ through: ["bash", "-c", 'exec 77</etc/passwd; exec "$@"', "bash"] })
    await Promise.all([user.start("sleep 60"), user.start("sleep 60")])
    const { output } = await user.run("tty; ls -l /proc/self/fd")
    expect(output.toString()).not.toContain("ptmx")
    const open = lines(output)
      .flatMap((line) => line.split("-> ")[1] ?? [])
      .filter((path) => !path.startsWith("/proc/"))
    expect(open).toEqual(Array(3).fill(lines(output)[0]))
  })

  it("is the leader of its own kernel session, on a terminal of its own", async () => {
    const daemon = await openDaemon()
    const { output } = await daemon.run("ps -o pid=,sid=,tpgid=,tty= -p $$; tty")
    const [pid, sid, group, tty, name] = output.toString().trim().split(/\s+/)
    expect([sid, group, `/dev/${tty}`]).toEqual([pid, pid, name])
  })

  it("is described as it was asked for", async () => {
    const daemon = await openDaemon()
    const asked = { name: "web-1.a_b", cols: 100, rows: 30, tags: ["x", "y/z", "x"], ttlMs: 60_000 }
    const session = await daemon.start(["sleep", "60"], asked)
    expect(session).toMatchObject({
      ...asked,
      tags: ["x", "y/z"],
      argv: ["sleep", "60"],
      cwd: "/",
      status: "running",
      launcher: "direct",
      exit: null,
      clients: [],
      resumedFrom: null,
      agent: null,
      intent: null,
      task: null
    })
    // Its process is there before it has become the program.
    await expect.poll(() => readFileSync(`/proc/${session.pid}/cmdline`, "utf8")).toContain("sleep\0")
    const { usage, ...again } = await daemon.call("session.get", { session: session.id })
    expect({ ...again, usage: null }).toEqual(session)
    expect(usage?.tasks).toBe(1)
  })

  it("may redirect everything away from its terminal and live on", async () => {
    const daemon = await openDaemon()
    const script = "exec </dev/null >/dev/null 2>&1; sleep 0.5; exec >/dev/tty; echo back again"
    const { output, session } = await daemon.run(script)
    expect([output.toString(), session.exit.code]).toEqual(["back again\r\n", 0])
  })
})

describe("a start is refused", () => {
  it("for a command that is not there", async () => {
    const daemon = await openDaemon()
    const directory = temporary()
    const refused = async (argv: Array<string>, more = {}) =>
      refusal(daemon.call("session.start", { argv, cwd: directory, ...more }))
    expect(await refused(["no-such-program"])).toMatchObject({
      tag: "CommandNotFound",
      data: { command: "no-such-program" },
      message: expect.stringContaining("no-such-program")
    })
    expect(await refused(["./none"])).toMatchObject({ tag: "CommandNotFound" })
    expect(await refused([""])).toMatchObject({ tag: "CommandNotFound" })
    expect(await refused(["sh"], { env: { PATH: "/nowhere" } })).toMatchObject({ tag: "CommandNotFound" })
    expect(await refused(["/etc/passwd/x"])).toMatchObject({ tag: "CommandNotFound" })
  })

  it("for a file that is no program, and a directory", async () => {
    const daemon = await openDaemon()
    const directory = temporary()
    writeFileSync(join(directory, "plain"), "#!/bin/sh\n", { mode: 0o644 })
    mkdirSync(join(directory, "folder"))
    const refused = (command: string) => refusal(daemon.call("session.start", { argv: [command], cwd: directory }))
    expect(await refused("./plain")).toMatchObject({
      tag: "CommandNotExecutable",
      data: { command: join(directory, "plain") },
      message: expect.stringContaining("chmod +x")
    })
    expect(await refused("./folder")).toMatchObject({ tag: "CommandNotExecutable" })
    expect(await refused("/")).toMatchObject({ tag: "CommandNotExecutable" })
    chmodSync(join(directory, "plain"), 0o755)
    expect((await daemon.run(["./plain"], { cwd: directory })).session.exit.code).toBe(0)
  })

  it("for a directory that is missing, a file, relative or closed", async () => {
    const daemon = await openDaemon()
    const refused = (cwd: string) => refusal(daemon.start("true", { cwd }))
    expect(await refused("/no/such/place")).toMatchObject({
      tag: "BadDirectory",
      data: { path: "/no/such/place", reason: "it does not exist" }
    })
    expect(await refused("/etc/passwd")).toMatchObject({
      tag: "BadDirectory",
      data: { reason: "it is not a directory" }
    })
    expect(await refused("/etc/passwd/x")).toMatchObject({ tag: "BadDirectory" })
    expect(await refused("etc")).toMatchObject({ tag: "BadDirectory", data: { reason: "it must be an absolute path" } })
  })

  it("for a name that is none", async () => {
    const daemon = await openDaemon()
    const bad = ["", "A", "-x", ".x", "a b", "a/b", "a\nb", "a\u001b[31m", "a\u0000", "é", "x".repeat(65)]
    for (const name of bad) {
      expect(await refusal(daemon.start("true", { name })), name).toMatchObject({
        tag: "InvalidParams",
        data: { field: "name" }
      })
    }
    expect((await daemon.start("true", { name: "x".repeat(64) })).name).toHaveLength(64)
  })

  it("for arguments and variables that no program can receive", async () => {
    const daemon = await openDaemon()
    const refused = (params: object) => refusal(daemon.call("session.start", { argv: ["true"], cwd: "/", ...params }))
    expect(await refused({ argv: ["echo", "a\0b"] })).toMatchObject({ tag: "InvalidParams", data: { field: "argv.1" } })
    expect(await refused({ argv: [] })).toMatchObject({ tag: "InvalidParams", data: { field: "argv" } })
    expect(await refused({ cwd: "/\0" })).toMatchObject({ tag: "InvalidParams", data: { field: "cwd" } })
    expect(await refused({ env: { A: "a\0b" } })).toMatchObject({ tag: "InvalidParams", data: { field: "env.A" } })
    expect(await refused({ env: { "A=B": "c" } })).toMatchObject({ tag: "InvalidParams", data: { field: "env.A=B" } })
    expect(await refused({ env: { "": "c" } })).toMatchObject({ tag: "InvalidParams" })
    expect(await refused({ env: { "A\0B": "c" } })).toMatchObject({ tag: "InvalidParams" })
    expect(await refused({ tags: ["a b"] })).toMatchObject({ tag: "InvalidParams", data: { field: "tags.0" } })
    expect(await refused({ ttlMs: 0 })).toMatchObject({ tag: "InvalidParams", data: { field: "ttlMs" } })
  })

  it("and leaves neither a session nor a file nor its name behind", async () => {
    const daemon = await openDaemon()
    await refusal(daemon.call("session.start", { argv: ["no-such-program"], cwd: "/", name: "mine" }))
    await refusal(daemon.start("true", { cwd: "/nowhere", name: "mine" }))
    expect(await daemon.call("session.list", { all: true })).toEqual({ sessions: [] })
    expect(readdirSync(daemon.places.transcripts)).toEqual([])
    expect((await daemon.start("true", { name: "mine" })).name).toBe("mine")
  })
})

describe("names", () => {
  it("are made up readable and different when none is given", async () => {
    const daemon = await openDaemon()
    const sessions = await Promise.all(Array.from({ length: 40 }, () => daemon.start(["sleep", "60"])))
    for (const { name } of sessions) expect(name).toMatch(/^[a-z]+-[a-z]+(-\d+)?$/)
    expect(new Set(sessions.map(({ name }) => name)).size).toBe(40)
  })

  it("belong to one live session at a time, and are free again after its end", async () => {
    const daemon = await openDaemon()
    const first = await daemon.start("read line", { name: "only" })
    expect(await refusal(daemon.start("true", { name: "only" }))).toMatchObject({
      tag: "NameTaken",
      data: { name: "only", holder: first.id }
    })
    await daemon.call("session.input", { session: "only", text: "\n" })
    await daemon.ended(first.id)
    const second = await daemon.start("sleep 60", { name: "only" })
    expect((await daemon.call("session.get", { session: "only" })).id).toBe(second.id)
  })

  it("go to one of two who ask at the same moment", async () => {
    const daemon = await openDaemon()
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => daemon.start("sleep 60", { name: "race" }))
    )
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
  })
})
