import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir, userInfo } from "node:os"
import { dirname, join } from "node:path"
import { spawn } from "node-pty"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl, asked, program, start } from "./support/agentctl.ts"
import { emulator, textOf, UserTerminal } from "./support/UserTerminal.ts"

let sandbox: Sandbox
beforeEach(() => {
  sandbox = makeSandbox()
})
afterEach(() => sandbox[Symbol.asyncDispose]())

const withDaemon = () => sandbox.start()
const run = (...args: ReadonlyArray<string>) => agentctl(sandbox, ["run", "-d", ...args])

describe("run without a terminal", () => {
  beforeEach(withDaemon)

  it("is a filter: standard input in, raw output out, the program's exit code", async () => {
    const script = "tr a-z A-Z; exit 6"
    const { code, stderr, stdout } = await agentctl(sandbox, ["run", "--", "sh", "-c", script], {
      stdin: "hello\nworld\n"
    })
    expect({ code, stderr, stdout }).toEqual({ code: 6, stderr: "", stdout: "HELLO\nWORLD\n" })
  })

  it("passes every byte on as it is, in and out, in lines longer than a terminal's", async () => {
    const every = String.fromCharCode(...Array.from({ length: 256 }, (_, index) => index))
    const stdin = every.repeat(100) + "x".repeat(100_000)
    const { stdout } = await agentctl(sandbox, ["run", "--", "cat"], { stdin: Buffer.from(stdin, "latin1") })
    expect(stdout === stdin).toBe(true)
  })

  it("keeps the order of the program's own words and flags", async () => {
    const { stdout } = await agentctl(sandbox, ["run", "echo", "-n", "a", "b", "a", "--name", "b", "--json"])
    expect(stdout).toBe("a b a --name b --json")
  })

  it("gives 128 and the signal's number for a program that was killed", async () => {
    expect(await agentctl(sandbox, ["run", "--", "sh", "-c", "kill -TERM $$"])).toMatchObject({ code: 143 })
  })

  it("gives the program the caller's directory, environment and added variables, and a terminal", async () => {
    const { stdout } = await agentctl(
      sandbox,
      ["run", "-e", "ADDED=a=b", "--", "sh", "-c", "pwd; echo $MINE $ADDED; test -t 1 && echo tty"],
      {
        env: { MINE: "mine" }
      }
    )
    expect(stdout).toBe("/tmp\nmine a=b\ntty\n")
  })

  it("ends quietly when nobody reads its output any more; the session lives on", async () => {
    const { child, ended, printed } = start(sandbox, ["run", "--name", "endless", "yes"])
    await printed(/y/)
    child.stdout.destroy()
    expect(await ended).toMatchObject({ code: 0, stderr: "" })
    expect(await asked(sandbox, ["inspect", "endless"])).toMatchObject({ status: "running" })
  })

  it("passes Ctrl-C on to the program, and stops the session when it is told to end", async () => {
    const script = "trap 'echo interrupted' INT; echo ready; while :; do sleep 0.05; done"
    const { child, ended, printed } = start(sandbox, ["run", "--", "sh", "-c", script])
    await printed(/ready/)
    child.kill("SIGINT")
    await printed(/interrupted/)
    child.kill("SIGTERM")
    const { code } = await ended
    expect(code).toBeGreaterThan(128)
    expect(await asked(sandbox, ["ls"])).toEqual([])
  })

  it("leaves the session alone when the caller's connection hangs up", async () => {
    const { child, ended, printed } = start(sandbox, [
      "run",
      "--name",
      "on",
      "--",
      "sh",
      "-c",
      "echo ready; exec sleep 1000"
    ])
    await printed(/ready/)
    child.kill("SIGHUP")
    expect(await ended).toMatchObject({ code: 129 })
    expect(await asked(sandbox, ["inspect", "on"])).toMatchObject({ status: "running", clients: [] })
  })

  it("says what is wrong with the program's name, with its own exit codes", async () => {
    expect(await agentctl(sandbox, ["run", "no-such-program"])).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/not found/i)
    })
    expect(await agentctl(sandbox, ["run", "/etc/passwd"])).toMatchObject({ code: 5 })
    expect(await agentctl(sandbox, ["run", "--cwd", "/nowhere", "true"])).toMatchObject({ code: 4 })
  })
})

describe("sessions", () => {
  beforeEach(withDaemon)

  it("are listed, inspected, renamed, tagged, stopped, resumed and removed", async () => {
    expect(await run("--name", "one", "--tag", "ci", "--", "sleep", "1000")).toMatchObject({ code: 0, stdout: "one\n" })
    expect(await asked(sandbox, ["ls"])).toMatchObject([{ name: "one", status: "running", tags: ["ci"] }])
    expect((await agentctl(sandbox, ["ls"])).stdout).toMatch(
      /^NAME +ID +STATUS.*\none +ses_\w{26} +running .* ci +sleep 1000\n$/
    )
    const { id } = await asked(sandbox, ["inspect", "one"])
    expect((await agentctl(sandbox, ["rename", id.slice(0, 29), "two"])).stdout).toBe("two\n")
    expect((await agentctl(sandbox, ["tag", "-", "+night", "-ci"])).stdout).toBe("night\n")
    expect((await agentctl(sandbox, ["stop", "two", "--grace", "2s"])).stdout).toMatch(
      /^two: SIG(HUP|TERM) \(stopped\)\n$/
    )
    expect(await asked(sandbox, ["ls"])).toEqual([])
    expect((await agentctl(sandbox, ["resume", "-d", "two", "--name", "three"])).stdout).toBe("three\n")
    expect(await asked(sandbox, ["inspect", "three"])).toMatchObject({ argv: ["sleep", "1000"], resumedFrom: id })
    expect(await agentctl(sandbox, ["rm", "three"])).toMatchObject({ code: 6 })
    expect(await agentctl(sandbox, ["rm", "--force", "three"])).toMatchObject({ code: 0 })
    expect((await asked(sandbox, ["ls", "--all"])).map(({ name }: { name: string }) => name)).toEqual(["two"])
  })

  it("take text, show their screen, and are waited for", async () => {
    await run("--name", "chat", "--", "sh", "-c", "printf 'name? '; read name; echo hello $name; exec sleep 1000")
    expect(await agentctl(sandbox, ["wait", "chat", "--for", "output=name\\?", "--timeout", "10s"])).toMatchObject({
      code: 0
    })
    expect(await agentctl(sandbox, ["send", "chat", "--enter", "Grace", "Hopper"])).toMatchObject({ code: 0 })
    expect(await agentctl(sandbox, ["wait", "chat", "--for", "output=hello (.*)per"])).toMatchObject({
      code: 0,
      stdout: "hello Grace Hopper\n"
    })
    await run("--name", "keys", "--", "sh", "-c", "stty raw -echo; printf '\\033[?2004hready'; exec cat -v")
    await agentctl(sandbox, ["wait", "keys", "--for", "output=ready"])
    expect(await agentctl(sandbox, ["send", "keys", "--keys", "C-c  Left", "--enter"])).toMatchObject({ code: 0 })
    await agentctl(sandbox, ["send", "keys", "--paste", "-"], { stdin: "one\ntwo" })
    expect(await agentctl(sandbox, ["wait", "keys", "--for", "output=two[^ ]*~", "--timeout", "10s"])).toMatchObject({
      code: 0
    })
    expect((await agentctl(sandbox, ["screen", "keys"])).stdout).toContain("ready^C^[[D^M^[[200~one^Mtwo^[[201~")
    expect(await agentctl(sandbox, ["send", "keys", "--keys", "Entr"])).toMatchObject({ code: 2 })
    expect((await agentctl(sandbox, ["screen", "chat"])).stdout).toContain("name? Grace Hopper\nhello Grace Hopper\n")
    expect(await asked(sandbox, ["screen", "chat"])).toMatchObject({
      cols: 80,
      alternate: false,
      cursor: { visible: true }
    })
    expect(await agentctl(sandbox, ["wait", "chat", "--timeout", "50ms"])).toMatchObject({ code: 7 })
  })

  it("take standard input byte for byte", async () => {
    await run(
      "--name",
      "bytes",
      "--",
      "sh",
      "-c",
      "stty raw -echo; echo ready; dd bs=1 count=4 2>/dev/null | od -An -tx1; sleep 1000"
    )
    await agentctl(sandbox, ["wait", "bytes", "--for", "output=ready"])
    await agentctl(sandbox, ["send", "bytes", "-"], { stdin: Buffer.from([0x00, 0xff, 0x0a, 0x1d]) })
    expect(await agentctl(sandbox, ["wait", "bytes", "--for", "output=00 ff 0a 1d", "--timeout", "10s"])).toMatchObject(
      { code: 0 }
    )
  })

  it("keep their output: as text, as bytes, as a recording, the last lines, and as it comes", async () => {
    await agentctl(sandbox, ["run", "--name", "log", "--", "sh", "-c", "printf '\\033[31mred\\033[0m\\n'; seq 3"])
    expect((await agentctl(sandbox, ["logs", "log"])).stdout).toMatch(/^red\r?\n1\r?\n2\r?\n3\r?\n$/)
    expect((await agentctl(sandbox, ["logs", "log", "--raw"])).stdout).toBe("\x1b[31mred\x1b[0m\n1\n2\n3\n")
    expect((await agentctl(sandbox, ["logs", "log", "--tail", "2"])).stdout).toMatch(/^2\r?\n3\r?\n$/)
    expect((await agentctl(sandbox, ["logs", "log", "--grep", "^(r|3)"])).stdout).toBe("red\n3\n")
    expect(await agentctl(sandbox, ["logs", "log", "--grep", "("])).toMatchObject({ code: 2 })
    expect(JSON.parse((await agentctl(sandbox, ["logs", "log", "--cast"])).stdout.split("\n")[0]!)).toMatchObject({
      version: 3
    })
    await run("--name", "slow", "--", "sh", "-c", "echo first; read line; echo second")
    const { ended, printed } = start(sandbox, ["logs", "-f", "slow"])
    await printed(/first/)
    await agentctl(sandbox, ["send", "slow", "--enter"])
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/first[\s\S]*second/) })
  })

  it("that do not exist are an exit code and a sentence, or JSON", async () => {
    expect(await agentctl(sandbox, ["inspect", "nobody"])).toMatchObject({
      code: 4,
      stdout: "",
      stderr: 'agentctl: No session is called "nobody". "agentctl ls --all" lists them.\n'
    })
    const { code, stderr, stdout } = await agentctl(sandbox, ["inspect", "nobody", "--json"])
    expect({ code, stderr, ...JSON.parse(stdout) }).toMatchObject({
      code: 4,
      stderr: "",
      error: { tag: "SessionNotFound" }
    })
  })
})

describe("events", () => {
  beforeEach(withDaemon)

  it("are printed, and followed as they happen", async () => {
    const { child, ended, printed } = start(sandbox, ["events", "-f", "--after", "0"])
    await printed(/daemon\.started/)
    await run("--name", "seen", "true")
    await printed(/session\.ended.*"code":0/)
    child.kill()
    await ended
    const events = await asked(sandbox, ["events", "--after", "1"])
    expect(events[0].seq).toBe(2)
    expect(events.map(({ body }: { body: { type: string } }) => body.type)).toContain("session.ended")
  })
})

describe("the daemon", () => {
  it("is started by the first command that needs it, and ends by itself", async () => {
    sandbox.configure('[daemon]\nidle_exit = "1s"\n')
    expect(await asked(sandbox, ["ls"])).toEqual([])
    expect(existsSync(join(sandbox.state, "agentd.log"))).toBe(true)
    await expect.poll(() => existsSync(sandbox.pidFile), { timeout: 10_000 }).toBe(false)
  })

  it("is not started by commands that only look", async () => {
    for (const args of [
      ["daemon", "status"],
      ["daemon", "stop"]
    ]) {
      expect(await agentctl(sandbox, args)).toMatchObject({
        code: 3,
        stderr: expect.stringContaining("No daemon listens")
      })
    }
    expect(await agentctl(sandbox, ["version"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("agentctl ")
    })
    expect(await agentctl(sandbox, ["doctor"])).toMatchObject({ code: 0 })
    expect(await asked(sandbox, ["config", "show"])).toMatchObject({ values: expect.any(Array) })
    expect(existsSync(sandbox.socket)).toBe(false)
  })

  it("says why it could not be started", async () => {
    sandbox.configure("[session]\ngrace = 5\n")
    const { code, stderr } = await agentctl(sandbox, ["ls"])
    expect(code).toBe(3)
    expect(stderr).toMatch(/agentd\.toml:2/)
  })

  it("is started to stay, looked at, restarted and stopped", async () => {
    expect((await agentctl(sandbox, ["daemon", "start"])).stdout).toMatch(/^Started: pid \d+/)
    expect((await agentctl(sandbox, ["daemon", "start"])).stdout).toMatch(/^Already running: pid \d+/)
    const before = await asked(sandbox, ["daemon", "status"])
    expect(before).toMatchObject({ ephemeral: false, socket: sandbox.socket })
    expect((await agentctl(sandbox, ["daemon", "logs"])).stdout).toContain("listens on")
    await run("--name", "there", "--", "sleep", "1000")
    expect((await agentctl(sandbox, ["daemon", "restart"])).stdout).toMatch(`Running: pid ${before.pid}, agentd`)
    expect((await agentctl(sandbox, ["service", "restart"])).stdout).toMatch(`Running: pid ${before.pid}, agentd`)
    const after = await asked(sandbox, ["daemon", "status"])
    expect(after).toMatchObject({ pid: before.pid, sessions: { live: 1 }, ephemeral: false })
    expect(after.startedAt).toBeGreaterThan(before.startedAt)
    expect((await agentctl(sandbox, ["daemon", "restart", "--stop", "--yes"])).code).toBe(0)
    expect(await asked(sandbox, ["daemon", "status"])).toMatchObject({ ephemeral: false, sessions: { live: 0 } })
    expect((await asked(sandbox, ["daemon", "status"])).pid).not.toBe(before.pid)
    expect(await agentctl(sandbox, ["daemon", "stop"])).toMatchObject({ code: 0, stdout: "Stopped.\n" })
    expect(await agentctl(sandbox, ["daemon", "status"])).toMatchObject({ code: 3 })
  })

  it("is not stopped under live sessions unless one means it", async () => {
    await sandbox.start()
    await run("--name", "busy", "--", "sleep", "1000")
    expect(await agentctl(sandbox, ["daemon", "stop"])).toMatchObject({
      code: 6,
      stderr: "agentctl: 1 live session ends with the daemon: busy. Give --yes to stop it anyway.\n"
    })
    await using terminal = new UserTerminal(sandbox, "daemon stop")
    await terminal.shows(/1 live session ends with the daemon: busy\. Stop it\? \[y\/N\]/)
    terminal.type("n\r")
    await terminal.ended()
    expect(terminal.code).toBe(1)
    expect(await agentctl(sandbox, ["daemon", "stop", "--yes"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Stopped, and with it: /)
    })
  })
})

describe("configuration", () => {
  it("is checked without a daemon, and a mistake has file, line and key", async () => {
    const file = join(sandbox.root, "mine.toml")
    writeFileSync(file, '[session]\ngrace = "7s"\n')
    expect(await agentctl(sandbox, ["config", "check", file])).toMatchObject({ code: 0 })
    writeFileSync(file, '[session]\ngrace = "soon"\n')
    expect(await agentctl(sandbox, ["config", "check", file])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/mine\.toml:2.*grace/)
    })
  })

  it("is shown with its origin by the daemon that has read it", async () => {
    await sandbox.start({ config: '[session]\ngrace = "7s"\n' })
    const { stdout } = await agentctl(sandbox, ["config", "show", "--origin"])
    expect(stdout).toMatch(/session\.grace +"7s" +.*agentd\.toml:2/)
    expect((await agentctl(sandbox, ["config", "path"])).stdout).toContain(sandbox.configFile)
  })
})

describe("rpc", () => {
  beforeEach(withDaemon)

  it("calls any method and prints what comes back", async () => {
    const { stdout } = await agentctl(sandbox, ["rpc", "health", '{"echo":"x"}'])
    expect(JSON.parse(stdout)).toEqual({ ok: true, echo: "x" })
    expect(await agentctl(sandbox, ["rpc", "no.such"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no.such")
    })
    expect(await agentctl(sandbox, ["rpc", "health", "{"])).toMatchObject({ code: 2 })
    expect(await agentctl(sandbox, ["rpc", "session.get", '{"session":7}'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("session")
    })
  })
})

describe("run --standalone", () => {
  it("needs no daemon, and what it records can be taken in later", async () => {
    const { code, stderr, stdout } = await agentctl(
      sandbox,
      ["run", "--standalone", "--name", "alone", "--", "sh", "-c", "cat; exit 4"],
      { stdin: "in\n" }
    )
    expect(code).toBe(4)
    expect(stdout).toContain("in\n")
    expect(existsSync(sandbox.socket)).toBe(false)
    const directory = /recorded in (.*?);/.exec(stderr)![1]!
    await sandbox.start()
    expect(await agentctl(sandbox, ["import", directory])).toMatchObject({ code: 0 })
    expect(await asked(sandbox, ["inspect", "alone"])).toMatchObject({ exit: { code: 4 } })
    expect((await agentctl(sandbox, ["logs", "alone"])).stdout).toContain("in")
  })
})

describe("the command line", () => {
  it("answers a mistake with exit code 2 and what to do", async () => {
    for (const [args, says] of [
      [["lss"], /no command "lss".*agentctl help/],
      [["ls", "--alll"], /Nonexistent flag: --alll/],
      [["inspect"], /Missing 1 required arg/],
      [["run", "--env", "x", "true"], /NAME=VALUE/],
      [["wait", "x", "--for", "tea"], /exit, output=REGEX by itself, or some of/],
      [["help", "nothing"], /no command "nothing"/]
    ] as const) {
      expect(await agentctl(sandbox, args)).toMatchObject({ code: 2, stderr: expect.stringMatching(says) })
    }
  })

  it("explains itself", async () => {
    expect((await agentctl(sandbox, [])).stdout).toMatch(/COMMANDS[\s\S]*attach[\s\S]*wait/)
    expect((await agentctl(sandbox, ["daemon"])).stdout).toMatch(/daemon status/)
    expect((await agentctl(sandbox, ["run", "--help"])).stdout).toMatch(/-d, --detach/)
    expect((await agentctl(sandbox, ["help", "daemon", "stop"])).stdout).toMatch(/--yes/)
    expect((await agentctl(sandbox, ["--version"])).stdout).toMatch(/^agentctl \d/)
  })

  it("works through symbolic links, as npm installs it, and keeps compiled code in the user's own cache", async () => {
    const folder = mkdtempSync(join(tmpdir(), "agentd-link-"))
    symlinkSync(program, join(folder, "real"))
    symlinkSync("real", join(folder, "agentctl"))
    expect(execFileSync(join(folder, "agentctl"), ["version"], { env: sandbox.env, encoding: "utf8" })).toMatch(
      /^agentctl /
    )
    expect(existsSync(join(sandbox.home, ".cache/agentd/compile"))).toBe(true)
    rmSync(folder, { recursive: true })
  })

  it("does not hand its own compile cache to programs", async () => {
    await sandbox.start()
    const { stdout } = await agentctl(sandbox, ["run", "--", "sh", "-c", "echo [$NODE_COMPILE_CACHE]"])
    expect(stdout).toBe("[]\n")
  })
})

describe("completion", () => {
  const complete = async (...words: ReadonlyArray<string>) => {
    const { stdout } = await agentctl(sandbox, ["__complete", "--", ...words])
    return stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split("\t")[0])
  }

  it("knows commands, subcommands, flags and shells, and never starts a daemon", async () => {
    expect(await complete("re")).toEqual(["rename", "reply", "resume"])
    expect(await complete("daemon", "st")).toEqual(["start", "status", "stop"])
    expect(await complete("ls", "--a")).toEqual(["--all"])
    expect(await complete("ls", "--status", "r")).toEqual(["running"])
    expect(await complete("autocomplete", "")).toEqual(["bash", "zsh", "fish"])
    expect(await complete("attach", "")).toEqual([])
    expect(existsSync(sandbox.socket)).toBe(false)
  })

  it("knows the sessions that live, and those that have ended where they make sense", async () => {
    await sandbox.start()
    await run("--name", "alive", "--", "sleep", "1000")
    await agentctl(sandbox, ["run", "--name", "over", "true"])
    expect(await complete("attach", "")).toEqual(["alive"])
    expect(await complete("logs", "")).toEqual(["alive", "over"])
    expect(await complete("resume", "")).toEqual(["over"])
  })

  /** A busy daemon may be too slow for a prompt, which then shows nothing; whoever presses Tab again is shown it. */
  const completed = (...words: ReadonlyArray<string>) => expect.poll(() => complete(...words), { timeout: 20_000 })

  it("knows agents, roles, groups and messages where one is wanted, and nobody has seen a message for that", async () => {
    await sandbox.start()
    await agentctl(sandbox, ["agent", "register", "builder", "--role", "worker"])
    await agentctl(sandbox, ["group", "set", "team", "--add", "builder"])
    await completed("msg", "@b").toEqual(["@builder"])
    await completed("msg", "w").toEqual(["worker"])
    await completed("inbox", "--from", "").toEqual(expect.arrayContaining(["@builder", "@team", "@worker"]))
    await completed("agent", "list", "--role", "").toEqual(["worker"])
    await completed("group", "delete", "").toEqual(["team"])
    await completed("run", "--agent", "b").toEqual(["builder"])
    const tell = [program, "msg", `@${userInfo().username}`, "hello"]
    const { stdout } = await agentctl(sandbox, ["run", "--agent", "builder", "--", ...tell])
    const [id] = stdout.split(" ")
    for (const words of [["reply"], ["message", "archive", "msg_x"], ["inbox", "--thread"]]) {
      await completed(...words, "msg_").toEqual([id])
    }
    await completed("message", "delete", "").toEqual([])
    await completed("wait", "--from", "").toEqual([])
    await completed("message", "archive", id!, "").toEqual([])
    await completed("msg", "--scope", "task:1", "@b").toEqual(["@builder"])
    const { messages } = await asked(sandbox, ["inbox", "--peek"])
    expect(messages).toMatchObject([{ recipients: [{ seenAt: null }] }])
  })

  it("leaves names of files and programs to the shell", async () => {
    for (const words of [
      ["config", "check", ""],
      ["run", "v"],
      ["run", "--cwd", ""],
      ["run", "--", "vim", ""]
    ]) {
      expect(await agentctl(sandbox, ["__complete", "--", ...words])).toMatchObject({ code: 1, stdout: "" })
    }
    expect(await agentctl(sandbox, ["__complete", "--", "attach", ""])).toMatchObject({ code: 0, stdout: "" })
  })

  const env = () => ({ ...sandbox.env, PATH: `${dirname(program)}:${sandbox.env.PATH}`, TERM: "xterm" })

  it("works in bash", () => {
    const script = `eval "$(agentctl autocomplete bash)"; COMP_WORDS=(agentctl daemon st); COMP_CWORD=2; _agentctl; echo "\${COMPREPLY[*]}"`
    expect(execFileSync("bash", ["-c", script], { env: env(), encoding: "utf8" })).toBe("start status stop\n")
  })

  it("works in bash for what begins with an @", async () => {
    await sandbox.start()
    await agentctl(sandbox, ["agent", "register", "builder"])
    await agentctl(sandbox, ["agent", "register", "reviewer"])
    const pty = spawn("bash", ["--norc", "--noprofile", "-i"], { cols: 100, rows: 30, cwd: "/tmp", env: env() })
    const screen = emulator(100, 30)
    pty.onData((text) => screen.write(text))
    pty.write('bind "set enable-bracketed-paste off"; PS1="ready> "; eval "$(agentctl autocomplete bash)"\r')
    await expect.poll(() => textOf(screen), { timeout: 20_000 }).toMatch(/^ready>/m)
    const afterTab = () => {
      pty.write("\t")
      return textOf(screen)
    }
    pty.write("agentctl msg @b")
    await expect.poll(afterTab, { timeout: 20_000, interval: 1_000 }).toMatch(/^ready> agentctl msg @builder /m)
    pty.write("--also @rev")
    await expect.poll(afterTab, { timeout: 20_000, interval: 1_000 }).toMatch(/@builder +--also @reviewer/)
    const ended = new Promise((resolve) => pty.onExit(resolve))
    pty.kill("SIGKILL")
    await ended
    screen.dispose()
  })

  it("works in fish", ({ skip }) => {
    if (spawnSync("fish", ["--version"]).status !== 0) return skip("fish is not installed here")
    const script = 'agentctl autocomplete fish | source; complete -C "agentctl daemon st"'
    expect(execFileSync("fish", ["-c", script], { env: env(), encoding: "utf8" })).toMatch(
      /^start\t.*\nstatus\t.*\nstop\t.*\n$/
    )
  })

  it("works in zsh", async ({ skip }) => {
    if (spawnSync("zsh", ["--version"]).status !== 0) return skip("zsh is not installed here")
    const pty = spawn("zsh", ["-f"], { cols: 100, rows: 30, cwd: "/tmp", env: env() })
    const screen = emulator(100, 30)
    pty.onData((text) => screen.write(text))
    pty.write('autoload -U compinit; compinit -D; eval "$(agentctl autocomplete zsh)"; PROMPT="ready> "\r')
    await expect.poll(() => textOf(screen), { timeout: 10_000 }).toMatch(/^ready>/m)
    pty.write("agentctl daemon st\t")
    await expect.poll(() => textOf(screen), { timeout: 10_000 }).toMatch(/start +-- .*\nstatus +-- .*\nstop +-- /)
    const ended = new Promise((resolve) => pty.onExit(resolve))
    pty.kill("SIGKILL")
    await ended
    screen.dispose()
  })
})

describe("agentctl", () => {
  it("keeps the user's standard input for the program, not for itself", async () => {
    await sandbox.start()
    expect((await agentctl(sandbox, ["run", "-d", "--name", "x", "cat"], { stdin: "not an argument" })).stdout).toBe(
      "x\n"
    )
  })
})
