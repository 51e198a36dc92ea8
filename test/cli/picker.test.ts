/** `agentctl` without arguments on a person's terminal, on one that can do little, and without one. */
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

const session = (name: string, script: string, ...flags: ReadonlyArray<string>) =>
  agentctl(sandbox, ["run", "-d", "--name", name, ...flags, "--", "sh", "-c", script])
const quiet = (name: string, ...flags: ReadonlyArray<string>) =>
  session(name, "echo it is quiet; exec sleep 1000", ...flags)

const chosen = (screen: Emulator) => linesOf(screen).find((line) => line.startsWith(">")) ?? ""
const footer = (screen: Emulator) => linesOf(screen).at(-1)!
const names = (screen: Emulator) =>
  linesOf(screen).flatMap((line) => /^[> ]([a-z]\w*) +[a-z-]+ +\d+s /.exec(line)?.[1] ?? [])

const picker = (options?: { readonly before?: string }, more: Readonly<Record<string, string>> = {}) =>
  new UserTerminal({ env: { ...sandbox.env, LANG: "C.UTF-8", SHELL: "/bin/sh", ...more } }, "", options)

const quit = async (terminal: UserTerminal) => {
  terminal.type("q")
  await terminal.ended()
  expect(terminal.code).toBe(0)
  expectAsFound(terminal)
}

describe("the picker", () => {
  it("shows sessions with state, age and last line, and the chosen one's screen as it changes", async () => {
    await session("counter", 'echo ready; while read -r word; do echo "got $word"; done')
    await session("drawer", "printf 'one\\ntwo\\nthree\\n'; exec sleep 1000")
    await using terminal = picker({ before: "echo 'my own words'" })
    await terminal.shows(
      (screen) =>
        /^>counter +[a-z-]+ +\d+s ready/.test(chosen(screen)) && /drawer +[a-z-]+ +\d+s three/.test(linesOf(screen)[2]!)
    )
    expect(modesOf(terminal.screen)).toMatchObject({ alternate: true, cursorHidden: true })
    expect(textOf(terminal.screen)).toMatch(/─ counter ─ sh -c .*\nready/)
    await agentctl(sandbox, ["send", "counter", "apples", "--enter"])
    await terminal.shows(/counter +[a-z-]+ +\d+s got apples/)
    await terminal.shows(/─ counter [\s\S]*\nready\napples\ngot apples\n/)
    terminal.type("\x1b[B")
    await terminal.shows(/─ drawer [\s\S]*\none\ntwo\nthree\n/)
    await quit(terminal)
    expect(textOf(terminal.screen)).toContain("my own words")
    expect(textOf(terminal.screen)).not.toContain("apples")
  })

  it("attaches and only watches, and is back after detaching", async () => {
    await session("talk", "echo hello from inside; exec cat")
    await using terminal = picker()
    await terminal.shows((screen) => chosen(screen).includes("talk"))
    terminal.type("\r")
    await terminal.shows((screen) => !modesOf(screen).alternate && /hello from inside/.test(textOf(screen)))
    terminal.type("typed\r")
    await terminal.shows(/typed\s+typed/)
    terminal.type("\x1dd")
    await terminal.shows((screen) => modesOf(screen).alternate && chosen(screen).includes("talk"))
    terminal.type("v")
    await terminal.shows((screen) => !modesOf(screen).alternate && /typed\s+typed/.test(textOf(screen)))
    await expect
      .poll(() => asked(sandbox, ["inspect", "talk"]), { timeout: 25_000 })
      .toMatchObject({ clients: [{ mode: "view" }] })
    terminal.type("\x1dd")
    await terminal.shows((screen) => modesOf(screen).alternate && chosen(screen).includes("talk"))
    await quit(terminal)
    expect(textOf(terminal.screen)).toMatch(/detached from talk/)
  })

  it("stops after asking, renames, and starts a new one", async () => {
    await quiet("keep")
    await quiet("leave")
    await using terminal = picker()
    await terminal.shows((screen) => names(screen).join() === "keep,leave")
    terminal.type("s")
    await terminal.shows((screen) => /^Stop keep, and everything it started\? \[y\/N\]/.test(footer(screen)))
    terminal.type("n")
    await terminal.shows((screen) => /q quit *$/.test(footer(screen)))
    terminal.type("\x1b[Bsy")
    await terminal.shows((screen) => names(screen).join() === "keep" && /^leave has ended/.test(footer(screen)))
    terminal.type("r\x15kept\r")
    await terminal.shows((screen) => names(screen).join() === "kept" && /^keep is kept now/.test(footer(screen)))
    terminal.type("r\x15Not A Name\r")
    await terminal.shows((screen) => /^kept: Invalid parameter "name"/.test(footer(screen)))
    terminal.type("necho $((6 * 7)); exec cat\r")
    await terminal.shows((screen) => !modesOf(screen).alternate && /^42$/m.test(textOf(screen)))
    terminal.type("\x1dd")
    await terminal.shows((screen) => modesOf(screen).alternate && /cat/.test(textOf(screen)))
    await quit(terminal)
    expect(await asked(sandbox, ["ls"])).toMatchObject([
      { name: "kept", status: "running" },
      { argv: ["/bin/sh", "-c", "echo $((6 * 7)); exec cat"], cwd: "/tmp", status: "running" }
    ])
  })

  it("filters by what is typed", async () => {
    await quiet("one", "--tag", "blue")
    await quiet("two", "--tag", "red")
    await using terminal = picker()
    await terminal.shows((screen) => names(screen).length === 2)
    terminal.type("/RE")
    await terminal.shows(
      (screen) => names(screen).join() === "two" && /^ 1 of 2 sessions {2}\/RE_/.test(linesOf(screen)[0]!)
    )
    terminal.type("\r")
    await terminal.shows((screen) => /1 of 2 sessions {2}\/RE *$/.test(linesOf(screen)[0]!))
    terminal.type("\x1b")
    await terminal.shows((screen) => names(screen).length === 2)
    await quit(terminal)
  })

  it("fits into a terminal that becomes smaller and larger", async () => {
    await quiet("one")
    await using terminal = picker()
    await terminal.shows((screen) => chosen(screen).includes("is quiet"))
    for (const [cols, rows, shown] of [
      [60, 12, /^─ one ─/m],
      [24, 6, /^>one/m],
      [120, 40, /^─ one ─ .*─ 80x24 ─+$/m]
    ] as const) {
      terminal.screen.resize(cols, rows)
      terminal.pty.resize(cols, rows)
      await terminal.shows((screen) => shown.test(textOf(screen)) && /^enter attach/.test(linesOf(screen)[rows - 1]!))
    }
    await quit(terminal)
  })

  it("uses no colour and no Unicode where they are not wanted", async () => {
    await quiet("one")
    await using terminal = picker({}, { NO_COLOR: "1", LANG: "C" })
    await terminal.shows(/^- one - .*---$/m)
    await terminal.shows(/is quiet/)
    await quit(terminal)
    // Its own bytes: what restores the terminal sets every attribute back.
    const drawn = terminal.raw.slice(terminal.raw.indexOf("\x1b[?1049h"), terminal.raw.lastIndexOf("\x1b[?1049l"))
    expect(drawn).not.toMatch(/\x1b\[[\d;]*m/)
    expect(drawn).not.toMatch(/[\x80-\xff]/)
  })

  it("writes only the lines that changed", async () => {
    await session("clock", 'echo begun; while read -r word; do echo "got $word"; done')
    for (let at = 0; at < 5; at++) await quiet(`other${at}`)
    await using terminal = picker()
    await terminal.shows(/other4 +[a-z-]+ +\d+s .*is quiet/)
    await terminal.shows(/\nbegun\n/)
    const before = terminal.raw.length
    await agentctl(sandbox, ["send", "clock", "x", "--enter"])
    await terminal.shows(/\ngot x\n/)
    const added = terminal.raw.slice(before)
    expect(added).not.toContain("\x1b[2J")
    expect(added).not.toContain("enter attach")
    expect(added).not.toContain("─ clock ─")
    await quit(terminal)
  })

  it("shows what sessions are called and print as text, and lets none of it steer the terminal", async () => {
    await session("evil", "printf '\\033]0;owned\\007\\033[31mred\\033[0m\\033[5n\\n'; exec sleep 1000", "--tag", "x")
    await using terminal = picker()
    await terminal.shows(/^red$/m)
    await quit(terminal)
    expect(terminal.raw).not.toContain("\x1b]0;owned")
    expect(terminal.raw).not.toContain("\x1b[31m")
    expect(terminal.raw).not.toContain("\x1b[5n")
  })

  it("waits for a daemon that goes away, starts none, and goes on when one is back", async () => {
    await using terminal = picker()
    await terminal.shows(/No sessions\. n starts one/)
    await daemon.kill()
    await terminal.shows(/Trying again: /)
    daemon = await sandbox.start()
    await quiet("later")
    await terminal.shows((screen) => chosen(screen).includes("later") && !/Trying again/.test(textOf(screen)))
    await quit(terminal)
  })

  it("leaves the terminal as found when it is ended by a signal", async () => {
    await quiet("one")
    await using terminal = picker({ before: "trap '' HUP" })
    await terminal.shows((screen) => chosen(screen).includes("one"))
    const [client] = sandbox.processes().filter(({ command }) => /agentctl\.cjs *$/.test(command))
    process.kill(client!.pid, "SIGHUP")
    await terminal.ended()
    expect(terminal.code).toBe(129)
    expectAsFound(terminal)
  })
})

describe("where there is no picker", () => {
  it("a terminal that cannot place its cursor is given the list and how to go on", async () => {
    await quiet("one")
    await using terminal = picker({ before: "export TERM=dumb" })
    await terminal.ended()
    expect(terminal.code).toBe(0)
    expect(textOf(terminal.screen)).toMatch(/NAME +ID +STATUS[\s\S]*one +ses_[\s\S]*"agentctl attach NAME" attaches/)
    expect(terminal.raw).not.toContain("\x1b")
  })

  it("without a terminal agentctl prints its help, and pick the list", async () => {
    await quiet("one")
    expect(await agentctl(sandbox, [])).toMatchObject({ code: 0, stdout: expect.stringMatching(/USAGE[\s\S]*attach/) })
    expect(await agentctl(sandbox, ["pick"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^one +ses_/m),
      stderr: expect.stringMatching(/agentctl attach NAME/)
    })
  })
})
