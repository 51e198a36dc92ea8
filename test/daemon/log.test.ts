/** The foreground log: lines for people on a terminal, JSON for whatever else collects them. */
import { spawn } from "node-pty"
import { expect, test } from "vitest"
import { makeSandbox } from "../support/Sandbox.ts"

const program = process.env.AGENTD_BIN ?? new URL("../../bin/agentd", import.meta.url).pathname

test("each line is a JSON object with time, level and message", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start()
  await daemon.stop()
  const lines = daemon.stderr.trimEnd().split("\n")
  expect(lines.length).toBeGreaterThan(1)
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: "info",
      message: expect.any(String)
    })
  }
  expect(daemon.stdout).toBe("")
})

/** The daemon on a terminal of its own. */
const onTerminal = (env: Readonly<Record<string, string>>) => {
  const pty = spawn(program, [], { env, cwd: "/", cols: 200, rows: 24 })
  let text = ""
  const waiting = new Set<() => void>()
  pty.onData((data) => {
    text += data
    for (const look of [...waiting]) look()
  })
  const exited = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)))
  const shows = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      const look = () => {
        if (!pattern.test(text)) return
        waiting.delete(look)
        resolve(text)
      }
      waiting.add(look)
      look()
    })
  return { pty, exited, shows }
}

test("on a terminal it is readable, and Ctrl-C ends it in good order", async () => {
  await using sandbox = makeSandbox()
  const terminal = onTerminal(sandbox.env)
  const text = await terminal.shows(
    /^\d\d:\d\d:\d\d \x1b\[32minfo \x1b\[0m agentd \S+ \(pid \d+\) listens on .*api\.sock\r\n/
  )
  expect(text).not.toContain("{")
  terminal.pty.write("\x03")
  await terminal.shows(/stopping: SIGINT/)
  expect(await terminal.exited).toBe(0)
})

test("a terminal that goes away does not take the daemon with it", async () => {
  await using sandbox = makeSandbox()
  const terminal = onTerminal(sandbox.env)
  await terminal.shows(/listens on/)
  const client = await sandbox.connect()
  const { pid } = await client.result("daemon.status")
  ;(terminal.pty as unknown as { destroy(): void }).destroy()
  expect(await client.result("daemon.reload")).toEqual({ changed: [], restart: [] })
  expect(await client.result("daemon.status")).toMatchObject({ pid })
  await client.result("daemon.shutdown", { reason: "the test is over" })
  await client.ended
  await terminal.exited
})

test("a session's lines carry its id, from its start to its removal, and nothing of what it runs", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ env: { JOURNAL_STREAM: "1:2" } })
  const client = await sandbox.connect()
  const argv = ["sh", "-c", "echo sw0rdfish; exit 3"]
  const { id } = await client.result("session.start", { argv, name: "storied", cwd: "/" })
  await client.result("session.wait", { session: id, for: "exit" })
  await client.result("session.remove", { session: id })
  await daemon.stop()
  const story = daemon.log.filter(({ session }) => session === id)
  expect(story.map(({ event }) => event)).toEqual([
    "session.started",
    "session.running",
    "session.ended",
    "session.removed"
  ])
  expect(story[2]).toMatchObject({
    name: "storied",
    by: "program",
    code: 3,
    message: expect.stringMatching(/^session storied ended: exit code 3, \d+ bytes/)
  })
  expect(daemon.stderr).not.toMatch(/sw0rdfish/)
})

test("nothing of a peer's words steers the terminal that shows the log", async () => {
  await using sandbox = makeSandbox()
  const terminal = onTerminal(sandbox.env)
  await terminal.shows(/listens on/)
  const client = await sandbox.connect()
  await client.result("daemon.shutdown", { reason: "\x1b[2Jhostile" })
  expect(await terminal.shows(/stopping: .*hostile/)).toMatch(/stopping: \\u\{1b\}\[2Jhostile/)
  expect(await terminal.exited).toBe(0)
})
