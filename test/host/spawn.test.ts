/** Programs on a terminal of their own, started and awaited without a thread for each. */
import { execFileSync } from "node:child_process"
import { chmodSync, closeSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it, onTestFinished } from "vitest"
import { spawningLibc } from "../../src/host/Libc.ts"
import { loadPtyAddon } from "../../src/host/pty/PtyAddon.ts"
import { awaitExit, type Command, decodeStatus, spawn } from "../../src/host/pty/Spawn.ts"

const room = () => {
  const folder = mkdtempSync(join(tmpdir(), "agentd-spawn-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

const run = (command: Partial<Command> & Pick<Command, "file" | "argv">) => {
  const { master, pty, slave } = loadPtyAddon().addon.open(80, 24)
  onTestFinished(() => {
    closeSync(master)
    closeSync(slave)
  })
  const env = { PATH: "/usr/bin:/bin", ...command.env }
  const pid = spawn(spawningLibc()!, { cwd: "/", terminal: pty, ...command, env })
  const ended = new Promise<readonly [number | null, number]>((resolve) =>
    awaitExit(pid, (code, signal) => resolve([code, signal]))
  )
  return { pid, ended, terminal: pty }
}

const shell = (script: string, more: Partial<Command> = {}) =>
  run({ file: "/bin/sh", argv: ["sh", "-c", script], ...more })

describe.runIf(process.platform === "linux")("a program on a terminal", () => {
  it("leads a session of its own, on its terminal, in its directory, with its variables", async () => {
    const folder = room()
    const script = `{ echo "$0 $WORD"; pwd; tty; ps -o pid=,sid=,tpgid= -p $$; } > out; exit 7`
    const { ended, pid, terminal } = run({
      file: "/bin/sh",
      argv: ["called", "-c", script, "zero"],
      cwd: folder,
      env: { WORD: "näme" }
    })
    expect(await ended).toEqual([7, 0])
    const [words, cwd, tty, ids] = readFileSync(join(folder, "out"), "utf8").trim().split("\n")
    expect([words, cwd, tty]).toEqual(["zero näme", folder, terminal])
    expect(ids!.trim().split(/\s+/).map(Number)).toEqual([pid, pid, pid])
  })

  it("sees the name it was called by, hears every signal, and has no descriptor of ours", async () => {
    const folder = room()
    // Read by the shell itself: it blocks every signal while it starts another program, and that one may look before it is over.
    const blocked = "while read -r line; do case $line in SigBlk*) echo $line > blocked; esac; done < /proc/$$/status"
    const script = `tr '\\0' ' ' < /proc/$$/cmdline > name; ${blocked}; kill -PIPE $$`
    expect(await run({ file: "/bin/sh", argv: ["my-shell", "-c", script], cwd: folder }).ended).toEqual([0, 13])
    expect(readFileSync(join(folder, "name"), "utf8")).toMatch(/^my-shell -c/)
    expect(readFileSync(join(folder, "blocked"), "utf8")).toMatch(/:\s*0+$/m)
  })

  it("may be a script that does not say what runs it", async () => {
    const folder = room()
    writeFileSync(join(folder, "script"), `exit $1\n`)
    chmodSync(join(folder, "script"), 0o700)
    expect(await run({ file: join(folder, "script"), argv: ["script", "9"] }).ended).toEqual([9, 0])
  })

  it("that cannot be executed is refused with the reason", () => {
    expect(() => run({ file: "/nowhere/program", argv: ["program"] })).toThrow(/nowhere.*errno 2/)
    expect(() => shell("true", { cwd: "/nowhere" })).toThrow(/errno 2/)
  })

  it("costs no thread, and many ends at once are all told", async () => {
    const threads = () => readdirSync("/proc/self/task").length
    const before = threads()
    const programs = Array.from({ length: 20 }, (_, n) => shell(`read line; exit ${n}`))
    expect(threads()).toBe(before)
    for (const { pid } of programs) process.kill(pid, "SIGKILL")
    expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual(programs.map(() => [0, 9]))
  })

  it("is started and awaited alike through koffi, where Node has no FFI of its own", () => {
    const file = (name: string) => JSON.stringify(fileURLToPath(new URL(`../../src/host/${name}.ts`, import.meta.url)))
    const script = `
      import { spawningLibc } from ${file("Libc")}
      import { loadPtyAddon } from ${file("pty/PtyAddon")}
      import { awaitExit, spawn } from ${file("pty/Spawn")}
      const { pty: terminal } = loadPtyAddon().addon.open(80, 24)
      const env = { WORD: "five" }
      const pid = spawn(spawningLibc(), { file: "/bin/sh", argv: ["sh", "-c", "exit \${#WORD}"], env, cwd: "/", terminal })
      const alive = setInterval(() => {}, 1000)
      awaitExit(pid, (code) => { console.log(code); clearInterval(alive) })`
    const args = ["--no-experimental-ffi", "--input-type=module", "-e", script]
    expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toBe("4\n")
  })

  it("has ended as wait(2) says", () => {
    expect(decodeStatus(0)).toEqual([0, 0])
    expect(decodeStatus(0x2a00)).toEqual([42, 0])
    // Killed with a core dump.
    expect(decodeStatus(0x86)).toEqual([0, 6])
  })
})
