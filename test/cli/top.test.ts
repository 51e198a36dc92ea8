/** `agentctl top` on a person's terminal, and without one. */
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Daemon } from "../support/Daemon.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl, asked } from "./support/agentctl.ts"
import { type Emulator, expectAsFound, linesOf, modesOf, textOf, UserTerminal } from "./support/UserTerminal.ts"

let sandbox: Sandbox
let daemon: Daemon
beforeEach(async () => {
  sandbox = makeSandbox()
  daemon = await sandbox.start()
})
afterEach(() => sandbox[Symbol.asyncDispose]())

const session = (name: string, ...argv: ReadonlyArray<string>) =>
  agentctl(sandbox, ["run", "-d", "--name", name, "--", ...argv])
const busy = (name: string) => session(name, "sh", "-c", "while :; do :; done")
const quiet = (name: string) => session(name, "sleep", "1000")
const printing = (name: string) =>
  session(name, "sh", "-c", "while :; do echo 'a line of some length'; sleep 0.01; done")

const chosen = (screen: Emulator) => linesOf(screen).find((line) => line.startsWith(">"))
const order = (screen: Emulator) => linesOf(screen).flatMap((line) => /^[> ]([a-z]\w*) /.exec(line)?.[1] ?? [])

const top = (args = "", options?: { readonly before?: string }) =>
  new UserTerminal(sandbox, `top --interval 100ms ${args}`, options)

describe("top on a terminal", () => {
  it("shows what sessions use as it changes, and leaves the terminal as found", async () => {
    await busy("worker")
    await quiet("sleeper")
    await using terminal = top("", { before: "echo 'my own words'" })
    await terminal.shows((screen) => /^>?.?worker +running +[1-9]\d/.test(linesOf(screen)[2] ?? ""))
    expect(modesOf(terminal.screen)).toMatchObject({ alternate: true, cursorHidden: true })
    await terminal.shows(/worker.*[▁▂▃▄▅▆▇█]{3}/)
    expect(order(terminal.screen)).toEqual(["worker", "sleeper"])
    terminal.type("q")
    await terminal.ended()
    expect(terminal.code).toBe(0)
    expectAsFound(terminal)
    expect(textOf(terminal.screen)).toContain("my own words")
    expect(textOf(terminal.screen)).not.toContain("worker")
  })

  it("sorts by what is asked for and keeps the chosen session", async () => {
    await busy("aworker")
    await printing("printer")
    await quiet("zsleeper")
    await using terminal = top()
    await terminal.shows((screen) => order(screen).length === 3 && chosen(screen) !== undefined)
    terminal.type("n")
    await terminal.shows(
      (screen) => order(screen).join() === "aworker,printer,zsleeper" && /by name/.test(linesOf(screen)[0]!)
    )
    terminal.type("\x1b[B\x1b[B")
    await terminal.shows((screen) => chosen(screen)?.startsWith(">zsleeper") === true)
    terminal.type("o")
    await terminal.shows((screen) => order(screen)[0] === "printer" && /by output/.test(linesOf(screen)[0]!))
    expect(chosen(terminal.screen)).toMatch(/^>zsleeper/)
    terminal.type("q")
    await terminal.ended()
  })

  it("stops the chosen session after asking, and not without", async () => {
    await quiet("keep")
    await quiet("leave")
    await using terminal = top("--sort name")
    await terminal.shows((screen) => chosen(screen)?.startsWith(">keep") === true)
    terminal.type("s")
    await terminal.shows(/Stop keep, and everything it started\? \[y\/N\]/)
    terminal.type("n")
    await terminal.shows(/q quit/)
    terminal.type("\x1b[Bs")
    await terminal.shows(/Stop leave/)
    terminal.type("y")
    await terminal.shows(/leave has ended/)
    await terminal.shows((screen) => order(screen).join() === "keep")
    terminal.type("q")
    await terminal.ended()
    expect(await asked(sandbox, ["ls"])).toMatchObject([{ name: "keep", status: "running" }])
  })

  it("attaches to the chosen session and comes back after detaching", async () => {
    await session("talk", "sh", "-c", "echo hello from inside; exec cat")
    await using terminal = top()
    await terminal.shows((screen) => chosen(screen) !== undefined)
    terminal.type("\r")
    await terminal.shows(/hello from inside/)
    terminal.type("typed\r")
    await terminal.shows(/typed\s+typed/)
    terminal.type("\x1dd")
    await terminal.shows((screen) => modesOf(screen).alternate && chosen(screen)?.startsWith(">talk") === true)
    terminal.type("q")
    await terminal.ended()
    expect(terminal.code).toBe(0)
    expectAsFound(terminal)
    expect(textOf(terminal.screen)).toMatch(/detached from talk/)
  })

  it.each([
    [60, 10, /NAME +STATE +CPU%/],
    [24, 6, /NAME +CPU%/],
    [120, 30, /COMMAND/]
  ])("fits into a terminal that becomes %i×%i", async (cols, rows, titles) => {
    await quiet("one")
    await using terminal = top()
    await terminal.shows((screen) => chosen(screen) !== undefined)
    terminal.screen.resize(cols, rows)
    terminal.pty.resize(cols, rows)
    await terminal.shows(
      (screen) =>
        titles.test(linesOf(screen)[1]!) &&
        /^>one/.test(linesOf(screen)[2]!) &&
        /^q quit/.test(linesOf(screen)[rows - 1]!)
    )
    terminal.type("q")
    await terminal.ended()
    expectAsFound(terminal)
  })

  it("uses no colour and no Unicode where they are not wanted", async () => {
    await busy("worker")
    const env = { ...sandbox.env, NO_COLOR: "1", LANG: "C" }
    await using terminal = new UserTerminal({ env }, "top --interval 100ms")
    await terminal.shows(/worker +running +\d+ .*[.:=+*#@-]{3}/)
    terminal.type("q")
    await terminal.ended()
    // Its own bytes: what restores the terminal sets every attribute back.
    const drawn = terminal.raw.slice(terminal.raw.indexOf("\x1b[?1049h"), terminal.raw.lastIndexOf("\x1b[?1049l"))
    expect(drawn).not.toMatch(/\x1b\[[\d;]*m/)
    expect(drawn).not.toMatch(/[\x80-\xff]/)
  })

  it("shows names and arguments as they are and lets none of them steer the terminal", async () => {
    await session("evil", "sh", "-c", "exec sleep 1000", "\x1b]0;owned\x07\x1b[2J\x1b[31mred")
    await using terminal = top()
    terminal.screen.resize(140, 24)
    terminal.pty.resize(140, 24)
    await terminal.shows(/\\u\{1b\}\]0;owned/)
    terminal.type("q")
    await terminal.ended()
    expect(terminal.raw).not.toContain("\x1b]0;owned")
    expect(terminal.raw).not.toContain("\x1b[31m")
  })

  it("waits for a daemon that goes away, and goes on when one is back", async () => {
    await using terminal = top()
    await terminal.shows(/No live sessions/)
    await daemon.kill()
    await terminal.shows(/Trying again: /)
    daemon = await sandbox.start()
    await quiet("later")
    await terminal.shows(
      (screen) => chosen(screen)?.startsWith(">later") === true && !/Trying again/.test(textOf(screen))
    )
    terminal.type("q")
    await terminal.ended()
    expectAsFound(terminal)
  })

  it.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129]
  ] as const)("leaves the terminal as found when it is ended by %s", async (signal, code) => {
    await quiet("one")
    await using terminal = new UserTerminal(sandbox, "top --interval 100ms", { before: "trap '' TERM HUP" })
    await terminal.shows((screen) => chosen(screen) !== undefined)
    const [client] = sandbox.processes().filter(({ command }) => /agentctl\.cjs top /.test(command))
    process.kill(client!.pid, signal)
    await terminal.ended()
    expect(terminal.code).toBe(code)
    expectAsFound(terminal)
  })

  it("leaves the terminal as found on Ctrl-C", async () => {
    await using terminal = top()
    await terminal.shows(/No live sessions/)
    terminal.type("\x03")
    await terminal.ended()
    expectAsFound(terminal)
  })
})

describe("top without a terminal", () => {
  it("prints one sample of what was used between two looks", async () => {
    await busy("worker")
    await printing("printer")
    const { code, stdout } = await agentctl(sandbox, ["top", "--interval", "300ms"])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^NAME +STATE +CPU% +MEMORY +TASKS +OUTPUT\/S +AGE +COMMAND$/m)
    expect(stdout).toMatch(/^worker +running +\d+\.\d +[\d.]+ (KiB|MiB) +\d+ +0 /m)
    expect(stdout).not.toContain("\x1b")
    const rows = await asked(sandbox, ["top", "--interval", "300ms"])
    const of = (name: string) => rows.find((row: { name: string }) => row.name === name)
    expect(of("worker").cpu).toBeGreaterThan(5)
    expect(of("printer").outputRate).toBeGreaterThan(100)
    expect(of("printer").memoryBytes).toBeGreaterThan(10_000)
  })

  it("says so when no daemon runs, and starts none", async () => {
    await daemon.stop()
    expect(await agentctl(sandbox, ["top", "--once"])).toMatchObject({ code: 3 })
    expect(sandbox.processes()).toEqual([])
  })
})
