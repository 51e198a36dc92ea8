/** `agentctl resume` after an interruption: all of them, one of them, and what would be run. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl, asked } from "./support/agentctl.ts"

/** Sessions of these names, each of a program that prints its arguments, whose daemon was killed. */
const interrupted = async (sandbox: Sandbox, ...sessions: ReadonlyArray<ReadonlyArray<string>>) => {
  const bin = join(sandbox.root, "bin")
  mkdirSync(bin)
  writeFileSync(join(bin, "claude"), '#!/bin/sh\necho "$WHO: $*"; exec sleep 1000\n', { mode: 0o755 })
  const env = { PATH: `${bin}:${sandbox.env.PATH}` }
  // A claude of ours is no Claude Code, and would print the options it is given for its hooks.
  const daemon = await sandbox.start({ config: '[session]\nhooks = "off"\n' })
  for (const [name, ...argv] of sessions) {
    const started = await agentctl(sandbox, ["run", "-d", "--name", name!, "--", ...argv], { env })
    expect(started).toMatchObject({ code: 0 })
  }
  await daemon.kill()
  await sandbox.start()
  return (args: ReadonlyArray<string>, who = "me") =>
    agentctl(sandbox, ["resume", ...args], { env: { ...env, WHO: who } })
}

test("resume --interrupted starts each again once, in the caller's environment", async () => {
  await using sandbox = makeSandbox()
  const resume = await interrupted(sandbox, ["agent", "claude", "--model", "x", "do it"], ["plain", "sleep", "1000"])
  expect(await resume(["--interrupted", "--dry-run"])).toMatchObject({
    code: 0,
    stdout:
      "agent: claude --continue --model x\n  in /tmp, 80x24, Claude Code goes on with the most recent conversation there\nplain: sleep 1000\n  in /tmp, 80x24, the same command line\n"
  })
  expect(await asked(sandbox, ["ls"])).toEqual([])
  expect(await resume(["--interrupted"], "somebody")).toMatchObject({ code: 0, stdout: "agent\nplain\n" })
  expect(
    await agentctl(sandbox, ["wait", "agent", "--for", "output=somebody: (.*)", "--timeout", "20s"])
  ).toMatchObject({
    stdout: "somebody: --continue --model x\n"
  })
  expect(await resume(["--interrupted"])).toMatchObject({ code: 0, stdout: "No session waits to be resumed.\n" })
  expect(await asked(sandbox, ["ls"])).toHaveLength(2)
})

test("one that cannot be started is named, keeps no other from it, and fails the command", async () => {
  await using sandbox = makeSandbox()
  const resume = await interrupted(sandbox, ["agent", "claude"], ["plain", "sleep", "1000"])
  const { code, stderr, stdout } = await agentctl(sandbox, ["resume", "--interrupted"])
  expect({ code, stdout }).toEqual({ code: 1, stdout: "plain\n" })
  expect(stderr).toContain("agentctl: agent: Command not found: claude")
  expect(await resume(["-d", "agent", "--fresh"])).toMatchObject({ code: 0, stdout: "agent\n" })
  expect(await asked(sandbox, ["inspect", "agent"])).toMatchObject({ argv: ["claude"] })
})

test("resume takes either a session or --interrupted", async () => {
  await using sandbox = makeSandbox()
  for (const args of [[], ["one", "--interrupted"], ["--interrupted", "--name", "x"]]) {
    expect(await agentctl(sandbox, ["resume", ...args])).toMatchObject({ code: 2 })
  }
})

test("what a session continues is shown before it: as text, as bytes, and as one recording", async () => {
  await using sandbox = makeSandbox()
  await sandbox.start()
  const say = (text: string) => ({ env: { SAYS: text } })
  const program = ["sh", "-c", 'echo "it says $SAYS"']
  await agentctl(sandbox, ["run", "--name", "talk", "--cols", "70", "--rows", "20", "--", ...program], say("one"))
  const first = await asked(sandbox, ["inspect", "talk"])
  await agentctl(sandbox, ["resume", "talk"], say("two"))
  await agentctl(sandbox, ["resume", "talk"], say("three"))
  const { earlier, id } = await asked(sandbox, ["inspect", "talk"])
  expect(earlier).toEqual([first.id, expect.any(String)])
  const logs = async (...flags: ReadonlyArray<string>) => (await agentctl(sandbox, ["logs", "talk", ...flags])).stdout
  expect(await logs()).toBe("it says three\n")
  expect(await logs("--all")).toBe("it says one\nit says two\nit says three\n")
  expect(await logs("--all", "--raw")).toMatch(/one\r?\n.*two\r?\n.*three\r?\n/)
  const [header, ...events] = (await logs("--all", "--cast"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
  expect(header).toMatchObject({ version: 3, title: "talk", term: { cols: 70, rows: 20 } })
  expect(events.every(([interval]) => interval >= 0)).toBe(true)
  const texts = events.filter(([, code]) => code === "o").map(([, , text]) => text)
  expect(texts.join("")).toMatch(/one\r?\n\u001bc.*two\r?\n\u001bc.*three/)
  expect(events.filter(([, code]) => code === "m").map(([, , text]) => text)).toEqual([
    expect.stringContaining("resumed as talk (ses_"),
    expect.stringContaining(`resumed as talk (${id})`)
  ])
  // One that has been removed is no reason to show nothing of the others.
  await agentctl(sandbox, ["rm", first.id])
  expect(await logs("--all")).toBe("it says two\nit says three\n")
})
