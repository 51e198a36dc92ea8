import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Client, ensureDaemon } from "../../src/client/index.ts"

let folder: string
let env: Record<string, string>
/** Of every stand-in that was started, in that order. */
const pids = (): ReadonlyArray<number> => {
  const file = join(folder, "pids")
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : []
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agentd-start-"))
  mkdirSync(join(folder, "run/agentd"), { recursive: true, mode: 0o700 })
  chmodSync(join(folder, "run/agentd"), 0o700)
  env = {
    PATH: process.env.PATH!,
    HOME: folder,
    XDG_RUNTIME_DIR: join(folder, "run"),
    XDG_STATE_HOME: join(folder, "state")
  }
})
afterEach(() => {
  for (const pid of pids()) {
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // It has ended by itself.
    }
  }
  rmSync(folder, { recursive: true })
})

/** Makes $AGENTD_BIN a program of a few lines that stands in for the daemon. */
const program = (body: string): void => {
  const file = join(folder, "agentd")
  writeFileSync(
    file,
    // To the shell the second line is an exec, to Node a comment: a path in the first one may hold no space (execve(2)).
    `#!/bin/sh
":" //; exec "${process.execPath}" "$0" "$@"
const fs = require("node:fs"), net = require("node:net"), folder = ${JSON.stringify(folder)}
fs.appendFileSync(folder + "/pids", process.pid + "\\n")
const serve = () => net.createServer((socket) => {
  socket.on("error", () => {})
  socket.on("data", (line) => socket.write(JSON.stringify({ jsonrpc: "2.0", id: JSON.parse(line).id, result: { ok: true } }) + "\\n"))
}).listen(folder + "/run/agentd/api.sock")
${body}
`,
    { mode: 0o755 }
  )
  env.AGENTD_BIN = file
}

describe("a client that may start the daemon", () => {
  it("starts one and then gets its answer", async () => {
    program("serve()")
    await using client = new Client({ start: true, env })
    expect(await client.call("health", {})).toEqual({ ok: true })
  })

  it("starts none when one listens", async () => {
    program("serve()")
    expect(await ensureDaemon({ env })).toEqual({ started: true })
    env.AGENTD_BIN = "/nowhere/agentd"
    expect(await ensureDaemon({ env })).toEqual({ started: false })
  })

  it("makes it a process of its own: no terminal, no open file of ours, no directory kept busy, ephemeral", async () => {
    program(`
      const fields = fs.readFileSync("/proc/self/stat", "utf8").replace(/^.*\\) /, "").split(" ")
      fs.writeFileSync(folder + "/seen", JSON.stringify({
        session: Number(fields[3]), terminal: Number(fields[4]), pid: process.pid, cwd: process.cwd(), args: process.argv.slice(2),
        files: [0, 1, 2].map((fd) => fs.readlinkSync("/proc/self/fd/" + fd))
      }))
      serve()`)
    await ensureDaemon({ env })
    const seen = JSON.parse(readFileSync(join(folder, "seen"), "utf8"))
    const log = join(folder, "state/agentd/agentd.log")
    expect(seen).toMatchObject({
      session: seen.pid,
      terminal: 0,
      cwd: "/",
      args: ["--ephemeral"],
      files: ["/dev/null", log, log]
    })
  })

  it("is told the last lines of the log when the daemon ends at once", async () => {
    program(`console.error("agentd.toml:3: session.grace: no duration"); process.exit(78)`)
    await expect(ensureDaemon({ env })).rejects.toMatchObject({
      tag: "StartFailed",
      exitCode: 3,
      message: expect.stringMatching(/exit code 78.*\nagentd\.toml:3: session\.grace: no duration/)
    })
  })

  it("is told its reason too where no log can be written", async () => {
    writeFileSync(join(folder, "state"), "a file where the directory should be")
    program(`console.error("${folder}/state is no directory"); process.exit(1)`)
    await expect(ensureDaemon({ env })).rejects.toMatchObject({
      tag: "StartFailed",
      message: expect.stringContaining("/state is no directory")
    })
  })

  it("is not told the lines of an earlier daemon", async () => {
    mkdirSync(join(folder, "state/agentd"), { recursive: true })
    writeFileSync(join(folder, "state/agentd/agentd.log"), "from long ago\n")
    program("process.exit(1)")
    await expect(ensureDaemon({ env })).rejects.toMatchObject({ message: expect.not.stringContaining("long ago") })
  })

  it("waits for the other one when two start at the same moment", async () => {
    program("process.exitCode = 75; setTimeout(() => { process.exitCode = 0; serve() }, 300)")
    // The first to come keeps the lock; ours sees 75 while the socket is not there yet.
    const first = join(folder, "agentd-first")
    writeFileSync(first, readFileSync(env.AGENTD_BIN!), { mode: 0o755 })
    const starting = ensureDaemon({ env: { ...env, AGENTD_BIN: first } })
    program("process.exit(75)")
    expect(await Promise.all([starting, ensureDaemon({ env })])).toEqual([{ started: true }, { started: true }])
  })

  it("hears what is waited for when it takes longer than a second", async () => {
    program("setTimeout(serve, 1500)")
    const said: Array<string> = []
    await ensureDaemon({ env, onProgress: (message) => said.push(message) })
    expect(said).toEqual(["Waiting for the daemon to start …"])
  })

  it("is told when the program cannot be run", async () => {
    env.AGENTD_BIN = join(folder, "missing")
    await expect(ensureDaemon({ env })).rejects.toMatchObject({
      tag: "StartFailed",
      message: expect.stringContaining("ENOENT")
    })
  })

  it("asks systemd where agentd's unit is installed", async () => {
    mkdirSync(join(folder, "run/systemd"), { recursive: true })
    writeFileSync(join(folder, "run/systemd/private"), "")
    mkdirSync(join(folder, ".config/systemd/user"), { recursive: true })
    writeFileSync(join(folder, ".config/systemd/user/agentd.socket"), "")
    mkdirSync(join(folder, "bin"))
    writeFileSync(
      join(folder, "bin/systemctl"),
      `#!/bin/sh\necho "$@" > ${folder}/asked\necho "Unit agentd.socket is masked." >&2\nexit 1\n`,
      { mode: 0o755 }
    )
    env.PATH = `${join(folder, "bin")}:${env.PATH}`
    await expect(ensureDaemon({ env })).rejects.toMatchObject({ message: expect.stringContaining("is masked") })
    expect(readFileSync(join(folder, "asked"), "utf8")).toBe("--user start agentd.socket\n")
  })
})
