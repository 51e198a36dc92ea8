import { userInfo } from "node:os"
import { spawn } from "node-pty"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { MAX_TEXT_BYTES } from "../../src/contract/Limits.ts"
import type { Daemon } from "../support/Daemon.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl, asked, program, start } from "./support/agentctl.ts"

let sandbox: Sandbox
let daemon: Daemon
beforeEach(async () => {
  sandbox = makeSandbox()
  daemon = await sandbox.start()
  await agentctl(sandbox, ["run", "-d", "--agent", "ant", "--", "sleep", "1000"])
})
afterEach(() => sandbox[Symbol.asyncDispose]())

const me = `@${userInfo().username}`
/** What an agent types into its session, answered as its program printed it. */
const asBee = async (script: string) =>
  (await agentctl(sandbox, ["run", "--agent", "bee", "--", "sh", "-c", script.replaceAll("agentctl", program)])).stdout

/** What a command shows on a terminal of so many columns, without colours. */
const onTerminal = async (args: ReadonlyArray<string>, cols: number): Promise<string> => {
  const pty = spawn(program, [...args], {
    cols,
    rows: 30,
    cwd: "/tmp",
    env: { ...sandbox.env, NO_COLOR: "1", TERM: "xterm" }
  })
  let shown = ""
  pty.onData((text) => {
    shown += text
  })
  await new Promise((resolve) => pty.onExit(resolve))
  return shown.replaceAll("\r", "")
}

describe("messages on the command line", () => {
  it("are sent, listed, read, answered and taken back, by short names", async () => {
    const { id } = await asked(sandbox, ["msg", "@ant", "are", "you", "there?", "--scope", "task:1"])
    expect(await agentctl(sandbox, ["sent"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/msg_\w+ +\ds 0\/1 read to @ant: are you there\?\n$/)
    })
    const answer = `agentctl msg ${me} hello >/dev/null; agentctl whoami --json`
    expect(JSON.parse(await asBee(answer))).toMatchObject({ agent: { name: "bee" } })
    const inbox = await agentctl(sandbox, ["inbox", "--unread", "--read"])
    expect(inbox.stdout).toMatch(/from +@bee\n[\s\S]*\n\nhello\n/)
    expect(await asked(sandbox, ["inbox", "--unread"])).toMatchObject({ messages: [], unread: 0, total: 1 })
    const reply = await asked(sandbox, ["reply", id, "still", "waiting"])
    expect(reply).toMatchObject({ thread: id, to: ["@ant"] })
    await agentctl(sandbox, ["message", "edit", id, "never mind"])
    expect((await agentctl(sandbox, ["message", "history", id])).stdout).toMatch(/^1 .*there\?\n2 .*never mind\n$/)
    await agentctl(sandbox, ["message", "delete", id])
    expect((await agentctl(sandbox, ["message", "read", id])).stdout).toContain("(deleted)")
  })

  it("come from standard input, whole, up to the last byte that may be", async () => {
    const stdin = `${"ü\n".repeat(MAX_TEXT_BYTES / 4)}`.padEnd(MAX_TEXT_BYTES - MAX_TEXT_BYTES / 4, "x")
    const { id } = await asked(sandbox, ["msg", "@ant", "--file", "/proc/self/exe"]).catch(() => ({ id: null }))
    expect(id).toBeNull()
    const sent = await agentctl(sandbox, ["msg", "@ant", "-", "--json"], { stdin })
    const message = JSON.parse(sent.stdout)
    expect(message.bytes).toBe(Buffer.byteLength(stdin))
    const whole = await agentctl(sandbox, ["message", "read", message.id, "--json"])
    expect(JSON.parse(Buffer.from(whole.stdout, "latin1").toString("utf8")).text === stdin).toBe(true)
  })

  it("that are too long, no UTF-8, or for nobody are refused with the exit code for it", async () => {
    const code = async (args: ReadonlyArray<string>, stdin: string | Buffer = "") =>
      (await agentctl(sandbox, ["msg", ...args], { stdin })).code
    expect(await code(["@ant", "-"], "x".repeat(MAX_TEXT_BYTES + 1))).toBe(2)
    expect(await code(["@ant", "-"], Buffer.from([0x61, 0xff]))).toBe(2)
    expect(await code(["@ant"])).toBe(2)
    expect(await code(["@ant", "--file", "/dev/zero"])).toBe(2)
    expect(await code(["@ant", "--data", "{}"])).toBe(0)
    expect(await code(["@nobody", "x"])).toBe(4)
    expect(await code(["@everyone", "x"])).toBe(6)
    expect(await code(["@everyone", "x", "--everyone"])).toBe(0)
    expect((await asked(sandbox, ["sent"])).messages).toHaveLength(2)
    // Through a shell, because Node gives its children nothing but UTF-8.
    const argument = ["sh", "-c", `${program} msg ${me} "$(printf 'a\\377')"`]
    expect(await agentctl(sandbox, ["run", "--agent", "bee", "--", ...argument])).toMatchObject({
      code: 2,
      stdout: expect.stringContaining("not valid UTF-8")
    })
  })

  it("fit a line of eighty columns, whatever they say, and tell who has seen them", async () => {
    const words = "word ".repeat(100)
    await agentctl(sandbox, ["agent", "status", "blocked", words])
    const id = (await asBee(`agentctl msg ${me} '${words}' | cut -d' ' -f1`)).trim()
    for (const command of [["inbox"], ["agent", "list"], ["inbox", "--all", "--oldest"]]) {
      const lines = (await onTerminal(command, 80)).trim().split("\n")
      expect(lines.filter((line) => line.length > 80)).toEqual([])
      expect(lines.join("\n")).toContain("…")
    }
    await agentctl(sandbox, ["inbox"])
    const seen = (await asBee(`NO_COLOR=1 agentctl message read ${id}`)).replaceAll("\r", "")
    expect(seen).toMatch(new RegExp(`seen by +${me}\nread by +-\n`))
  })

  it("are changed with their data, and each version is shown line by line", async () => {
    const { id } = await asked(sandbox, ["msg", "@ant", "one", "--data", "[1]"])
    const text = Buffer.from("two\n\tthree\u001b[2J")
    const edited = await agentctl(sandbox, ["message", "edit", id, "-", "--data", "[2]", "--json"], { stdin: text })
    expect(JSON.parse(edited.stdout)).toMatchObject({ version: 2, data: [2] })
    const { stdout } = await agentctl(sandbox, ["message", "history", id])
    expect(stdout).toMatch(/^1 {2}\S+ {2}one\n2 {2}\S+ {2}two\n {29}\tthree\\u\{1b\}\[2J\n$/)
  })

  it("that are not there are said to be none", async () => {
    const said = async (...args: ReadonlyArray<string>) => (await agentctl(sandbox, args)).stderr
    expect(await said("inbox")).toBe("Your inbox is empty.\n")
    expect(await said("inbox", "--scope", "task:1")).toBe("No message fits.\n")
    expect(await said("sent")).toBe("You have said nothing here yet.\n")
    expect(await said("group", "list")).toMatch(/^No groups here/)
    expect(await said("message", "archive", `msg_${"0".repeat(26)}`)).toMatch(/^1 not: /)
    const { id } = await asked(sandbox, ["msg", "@ant", "x"])
    expect(await said("message", "mark-read", id)).toBe("1 not: read already, or not sent to you.\n")
  })

  it("are waited for and subscribed to across a kill of the daemon, and tell what one answers to", async () => {
    const waiting = start(sandbox, ["message", "wait"])
    const types = ["message.sent", "message.edited", "agent.status"].flatMap((type) => ["--type", type])
    const subscribed = start(sandbox, ["subscribe", ...types])
    const connections = async () => (await asked(sandbox, ["daemon", "status"])).connections
    await expect.poll(connections, { timeout: 20_000 }).toBe(3)
    await daemon.kill()
    await sandbox.start()
    const id = (await asBee(`printf 'back\nagain' | agentctl msg ${me} - | cut -d' ' -f1`)).trim()
    const { code, stderr, stdout } = await waiting.ended
    expect([code, stderr]).toEqual([0, "The daemon has gone; waiting goes on when it is back.\n"])
    expect(stdout).toContain("\n\nback\nagain\n")
    await asBee(`agentctl message edit ${id} better; agentctl agent status blocked 'no tea'`)
    await subscribed.printed(
      /sent (msg_\w{26}) @bee to @\S+: back again\n.*edited \1 @bee now says: better\n.*status @bee is blocked: no tea\n/
    )
    subscribed.child.kill()
  })

  it("that nobody sends in time end the wait with 7 and a sentence", async () => {
    const { code, stderr } = await agentctl(sandbox, ["message", "wait", "--timeout", "10ms"])
    expect([code, stderr]).toEqual([7, "agentctl: No message came in time.\n"])
  })

  it("cannot steer the terminal they are shown on", async () => {
    await asBee(`printf 'a\\033[2Jb\\nc' | agentctl msg ${me} -`)
    for (const args of [["inbox"], ["inbox", "--read"]]) {
      const { stdout } = await agentctl(sandbox, args)
      expect(stdout).toContain("a\\u{1b}[2Jb")
      expect(stdout).not.toContain("\u001b[2J")
    }
  })
})
