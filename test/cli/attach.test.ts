import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Network } from "../support/Cut.ts"
import type { Daemon } from "../support/Daemon.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl, asked, start } from "./support/agentctl.ts"
import { expectAsFound, modesOf, textOf, UserTerminal } from "./support/UserTerminal.ts"

let sandbox: Sandbox
let daemon: Daemon
beforeEach(async () => {
  sandbox = makeSandbox()
  daemon = await sandbox.start()
})
afterEach(() => sandbox[Symbol.asyncDispose]())

/** Every mode a program can leave behind, then a word to wait for. */
const allModes =
  "\\033[?1h\\033=\\033[?1049h\\033[?7l\\033[?25l\\033[?1000h\\033[?1002h\\033[?1003h\\033[?1004h\\033[?1005h\\033[?1006h\\033[?1015h" +
  "\\033[?2004h\\033[4h\\033[5;10r\\033[?6h\\033[3;31;44m\\033[4 q\\033(0\\033[>4;2m\\033[>5u\\033]0;mine\\007\\033[HREADY"

const session = (name: string, script: string) =>
  agentctl(sandbox, ["run", "-d", "--name", name, "--", "sh", "-c", script])

describe("attach", () => {
  it("shows the session's screen, types into it, and detaches with the escape key", async () => {
    await session("talk", "printf 'first line\\n'; exec cat")
    await using terminal = new UserTerminal(sandbox, "attach talk")
    await terminal.shows(/first line/)
    terminal.type("typed here\r")
    await terminal.shows(/typed here\s+typed here/)
    terminal.type("\x1dd")
    await terminal.ended()
    expect(textOf(terminal.screen)).toMatch(/\[detached from talk\]/)
    expect(terminal.code).toBe(0)
    expectAsFound(terminal)
    const live = await asked(sandbox, ["ls"])
    expect(live).toMatchObject([{ name: "talk", status: "running", clients: [] }])
  })

  it("leaves the terminal as found after a detach, whatever the program had switched on", async () => {
    await session("modes", `printf '${allModes}'; exec sleep 1000`)
    await using terminal = new UserTerminal(sandbox, "attach modes")
    await terminal.shows((screen) => modesOf(screen).alternate && modesOf(screen).cursorHidden)
    terminal.type("\x1dd")
    await terminal.ended()
    expectAsFound(terminal)
    expect(terminal.raw).toContain("\x1b[<1u")
    expect(terminal.raw).toContain("\x1b[>4m")
  })

  it("leaves the terminal as found when the daemon is killed, and says so", async () => {
    await session("modes", `printf '${allModes}'; exec sleep 1000`)
    await using terminal = new UserTerminal(sandbox, "attach modes")
    await terminal.shows((screen) => modesOf(screen).alternate && modesOf(screen).cursorHidden)
    await daemon.kill()
    await terminal.ended()
    expect(textOf(terminal.screen)).toMatch(/connection to the daemon was lost/)
    expect(terminal.code).toBe(3)
    expectAsFound(terminal)
  })

  it.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129]
  ] as const)("leaves the terminal as found when it is ended by %s", async (signal, code) => {
    await session("modes", `printf '${allModes}'; exec sleep 1000`)
    await using terminal = new UserTerminal(sandbox, "attach modes")
    await terminal.shows((screen) => modesOf(screen).alternate && modesOf(screen).cursorHidden)
    const [{ clients }] = await asked(sandbox, ["ls"])
    process.kill(clients[0].pid, signal)
    await terminal.ended()
    expect(terminal.code).toBe(code)
    expectAsFound(terminal)
  })

  it("leaves the terminal as found when the client itself crashes", async () => {
    const planted = join(sandbox.root, "crash.cjs")
    writeFileSync(planted, `process.on("SIGUSR2", () => { throw new Error("planted") })`)
    await session("modes", `printf '${allModes}'; exec sleep 1000`)
    const env = { ...sandbox.env, NODE_OPTIONS: `--require=${planted}` }
    await using terminal = new UserTerminal({ env }, "attach modes")
    await terminal.shows((screen) => modesOf(screen).alternate && modesOf(screen).cursorHidden)
    const [{ clients }] = await asked(sandbox, ["ls"])
    process.kill(clients[0].pid, "SIGUSR2")
    await terminal.ended()
    expect(textOf(terminal.screen)).toMatch(/planted/)
    expect(terminal.code).not.toBe(0)
    expectAsFound(terminal)
  })

  it("ends with the program's exit code and leaves the terminal as found", async () => {
    await session("modes", `printf '${allModes}'; read line; exit 42`)
    await using terminal = new UserTerminal(sandbox, "attach modes")
    await terminal.shows((screen) => modesOf(screen).alternate && modesOf(screen).cursorHidden)
    terminal.type("\r")
    await terminal.ended()
    expect(terminal.code).toBe(42)
    expect(textOf(terminal.screen)).toMatch(/\[modes ended: exit 42\]/)
    expectAsFound(terminal)
  })

  it("keeps what the user had on the screen", async () => {
    await session("plain", "seq 30; exec cat")
    await using terminal = new UserTerminal(sandbox, "attach plain", { before: "echo 'my own words'" })
    await terminal.shows(/^30$/m)
    terminal.type("\x1dd")
    await terminal.ended()
    expect(textOf(terminal.screen)).toMatch(/my own words[\s\S]*30[\s\S]*detached/)
  })

  it("follows the size of the terminal", async () => {
    await session("size", "trap 'stty size' WINCH; echo go; while :; do sleep 0.05; done")
    await using terminal = new UserTerminal(sandbox, "attach size")
    await terminal.shows(/go/)
    terminal.screen.resize(101, 33)
    terminal.pty.resize(101, 33)
    await terminal.shows(/33 101/)
    expect(await asked(sandbox, ["inspect", "size"])).toMatchObject({ cols: 101, rows: 33 })
    terminal.type("\x1dd")
    await terminal.ended()
  })

  it("sends keys as they are: control characters mean the program, not the client", async () => {
    await session("raw", "stty raw -echo; printf go; dd bs=1 count=5 2>/dev/null | od -An -tx1; exec sleep 1000")
    await using terminal = new UserTerminal(sandbox, "attach raw")
    await terminal.shows(/go/)
    terminal.type("\x03\x1a\x1c\x1d\x1d\x04")
    await terminal.shows(/03 1a 1c 1d 04/)
    terminal.type("\x1dd")
    await terminal.ended()
  })

  it("moves straight down for a bare line feed, as full-screen programs use it", async () => {
    await session("feed", "stty -opost -echo; printf go; read line; printf '\\033[5;1Hab\\ncd'; exec sleep 1000")
    await using terminal = new UserTerminal(sandbox, "attach feed")
    await terminal.shows(/go/)
    terminal.type("\r")
    await terminal.shows(/cd/)
    expect(textOf(terminal.screen)).toMatch(/^ab\n {2}cd$/m)
    terminal.type("\x1dd")
    await terminal.ended()
  })

  it("explains the keys after the escape key, and redraws", async () => {
    await session("help", "echo first; exec cat")
    await using terminal = new UserTerminal(sandbox, "attach help")
    await terminal.shows(/first/)
    terminal.type("\x1d?")
    await terminal.shows(/After Ctrl-\]:[\s\S]*detach/)
    terminal.type("\x1dr")
    await terminal.shows((screen) => /first/.test(textOf(screen)) && !/After Ctrl/.test(textOf(screen)))
    terminal.type("\x1dd")
    await terminal.ended()
  })

  it("lets several terminals work in one session at once", async () => {
    await session("shared", "echo here; exec cat")
    await using one = new UserTerminal(sandbox, "attach shared")
    await using two = new UserTerminal(sandbox, "attach shared")
    await Promise.all([one.shows(/here/), two.shows(/here/)])
    one.type("from one\r")
    await two.shows(/from one/)
    two.type("from two\r")
    await one.shows(/from two/)
    expect((await agentctl(sandbox, ["detach", "shared"])).stdout).toBe("2 detached\n")
    await Promise.all([one.ended(), two.ended()])
    expectAsFound(one)
    expectAsFound(two)
  })

  it("takes the session for itself, tells the others, and gives way to whoever takes it back", async () => {
    await session("taken", 'stty -echo; echo here; while read line; do echo "got $line"; done')
    await using one = new UserTerminal(sandbox, "attach taken")
    await one.shows(/here/)
    await using two = new UserTerminal(sandbox, "attach --take taken")
    await two.shows(/here/)
    await one.shows(/only watch now/)
    one.type("no\r")
    two.type("yes\r")
    await one.shows(/got yes/)
    const { stdout } = await agentctl(sandbox, ["ls"])
    expect(stdout).toMatch(/pts\/\d+ \(view\), pts\/\d+/)
    one.type("\x1dw")
    await two.shows(/only watch now/)
    one.type("again\r")
    await two.shows(/got again/)
    expect(textOf(one.screen)).not.toMatch(/got no/)
    await agentctl(sandbox, ["detach", "taken"])
    await Promise.all([one.ended(), two.ended()])
  })

  it("has one terminal answer what the program asks, however many are attached", async () => {
    await session(
      "ask",
      `stty raw -echo; printf here; dd bs=1 count=1 2>/dev/null; printf '\\033[c\\033[6n'; printf done; exec cat -v`
    )
    await using one = new UserTerminal(sandbox, "attach ask")
    await using two = new UserTerminal(sandbox, "attach ask")
    await using three = new UserTerminal(sandbox, "attach --view ask")
    const all = [one, two, three]
    await Promise.all(all.map((each) => each.shows(/here/)))
    // A terminal answers as if somebody typed.
    for (const { pty, screen } of all) screen.onData((answer) => pty.write(answer))
    two.type("x")
    await Promise.all(all.map((each) => each.shows(/done/)))
    // The terminal that answers is somebody else's than the one that types the end: its answer may be on its way.
    await two.shows(/\d+;\d+R/)
    one.type("end")
    await two.shows(/R.*end/)
    const answers = textOf(two.screen)
    expect(answers.match(/\[\?1;2c/g)).toHaveLength(1)
    expect(answers.match(/\[\d+;\d+R/g)).toHaveLength(1)
    await agentctl(sandbox, ["detach", "ask"])
    await Promise.all(all.map((each) => each.ended()))
  })

  it("comes back well after being suspended", async () => {
    await session("stop", "echo here; exec cat")
    await using terminal = new UserTerminal(sandbox, "attach stop")
    await terminal.shows(/here/)
    const [{ clients }] = await asked(sandbox, ["ls"])
    terminal.type("\x1dz")
    await expect.poll(() => stateOf(clients[0].pid)).toBe("T")
    process.kill(clients[0].pid, "SIGCONT")
    terminal.type("after\r")
    await terminal.shows(/after\s+after/)
    terminal.type("\x1dd")
    await terminal.ended()
    expectAsFound(terminal)
  })

  it("to a session that has ended says how to see it", async () => {
    await session("gone", "exit 0")
    await agentctl(sandbox, ["wait", "gone"])
    await using terminal = new UserTerminal(sandbox, "attach gone")
    await terminal.ended()
    expect(terminal.code).toBe(6)
    expect(textOf(terminal.screen)).toMatch(/agentctl logs/)
  })
})

describe("attach over a network that breaks", () => {
  const network = async () => {
    const net = new Network(join(sandbox.root, "net.sock"), sandbox.socket)
    await net.up()
    const env: Record<string, string> = { ...sandbox.env, AGENTD_SOCKET: net.path }
    return { net, env }
  }

  it("comes back by itself: the line about it is gone, the screen is whole, and every key typed meanwhile arrives once", async () => {
    await session(
      "far",
      "stty -echo; printf 'top\\n\\033[24;1Hlast row\\033[H'; while read line; do echo \"got $line\"; done"
    )
    const { env, net } = await network()
    await using _ = net
    await using terminal = new UserTerminal({ env }, "attach far")
    await terminal.shows(/last row/)
    terminal.type("one\r")
    await terminal.shows(/got one/)
    await net.down()
    await terminal.shows(/agentd is away, \d+ s\..*Ctrl-\] d detaches/)
    expect(textOf(terminal.screen)).not.toMatch(/last row/)
    terminal.type("two\r")
    terminal.type("three\r")
    await net.up()
    terminal.type("four\r")
    await terminal.shows(/got two\ngot three\ngot four/)
    await terminal.shows((screen) => /last row/.test(textOf(screen)) && !/is away/.test(textOf(screen)))
    expect(textOf(terminal.screen).match(/got (one|two|three|four)/g)).toHaveLength(4)
    terminal.type("\x1dd")
    await terminal.ended()
    expectAsFound(terminal)
  })

  it("shows nothing of an outage that is over at once", async () => {
    await session("near", 'stty -echo; echo here; while read line; do echo "got $line"; done')
    const { env, net } = await network()
    await using _ = net
    await using terminal = new UserTerminal({ env }, "attach near")
    await terminal.shows(/here/)
    await net.down()
    await net.up()
    terminal.type("one\r")
    await terminal.shows(/got one/)
    terminal.type("\x1dd")
    await terminal.ended()
    expect(terminal.raw).not.toContain("is away")
  })

  it("lets the user detach while it is away, and leaves the terminal as found", async () => {
    await session("gone", `printf '${allModes}'; exec sleep 1000`)
    const { env, net } = await network()
    await using _ = net
    await using terminal = new UserTerminal({ env }, "attach gone")
    await terminal.shows((screen) => modesOf(screen).alternate && modesOf(screen).cursorHidden)
    await net.down()
    await terminal.shows(/is away/)
    terminal.type("\x1dd")
    await terminal.ended()
    expect(terminal.code).toBe(0)
    expect(textOf(terminal.screen)).not.toMatch(/is away/)
    expectAsFound(terminal)
  })

  it("as a filter gets every byte, once", async () => {
    const { env, net } = await network()
    await using _ = net
    await session("numbers", "read go; i=0; while [ $i -lt 200 ]; do echo $i; i=$((i+1)); sleep 0.01; done")
    const filter = start({ env }, ["attach", "numbers"])
    filter.child.stdin.write("go\n")
    for (const seen of [20, 60, 100]) {
      await filter.printed(new RegExp(`^${seen}\\r$`, "m"))
      await net.down()
      await net.up()
    }
    const { code, stdout } = await filter.ended
    expect(code).toBe(0)
    expect(stdout).toBe(`go\r\n${Array.from({ length: 200 }, (_, n) => `${n}\r\n`).join("")}`)
  })
})

describe("run on a terminal", () => {
  it("shows the program from its first byte and ends with its code", async () => {
    await using terminal = new UserTerminal(sandbox, "run -- sh -c 'echo begin; stty size; exit 9'")
    await terminal.ended()
    expect(textOf(terminal.screen)).toMatch(/begin\n24 80\n\[.* ended: exit 9\]/)
    expect(terminal.code).toBe(9)
    expectAsFound(terminal)
  })
})

const stateOf = async (pid: number): Promise<string> => {
  const { readFileSync } = await import("node:fs")
  return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "")[0]!
}
