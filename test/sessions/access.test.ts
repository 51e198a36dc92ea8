/** Which sessions a program in a session may reach, through the real door, asked by real processes. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it, test } from "vitest"
import type { SessionAccess } from "../../src/contract/session/Session.ts"
import { decideAccess, mayReach } from "../../src/sessions/reach/Access.ts"
import { agentctl, asked, program } from "../cli/support/agentctl.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"

describe("what decides", () => {
  const own = { access: "own" as const, tags: ["a"] }
  const selves = new Set(["ses_me", "ses_before"])

  test("a session reaches itself, what it continues, and what was started from either, however far down", () => {
    const reaches = (...line: ReadonlyArray<string>) => mayReach(own, selves, { tags: ["a"] }, line)
    expect(reaches("ses_me")).toBe(true)
    expect(reaches("ses_before")).toBe(true)
    expect(reaches("ses_child", "ses_before")).toBe(true)
    expect(reaches("ses_grandchild", "ses_child", "ses_me", "ses_other")).toBe(true)
    expect(reaches("ses_other")).toBe(false)
    expect(reaches("ses_child_of_other", "ses_other")).toBe(false)
  })

  test("tags count for those that were given them as a key, and all is all", () => {
    const line = ["ses_other"]
    expect(mayReach({ access: "tag", tags: ["a", "b"] }, selves, { tags: ["b"] }, line)).toBe(true)
    expect(mayReach({ access: "tag", tags: ["a"] }, selves, { tags: ["b"] }, line)).toBe(false)
    expect(mayReach({ access: "tag", tags: [] }, selves, { tags: [] }, line)).toBe(false)
    expect(mayReach({ access: "all", tags: [] }, new Set(), { tags: [] }, line)).toBe(true)
  })

  test("nobody is given more than the caller has, or a locked configuration admits", () => {
    const levels = ["own", "tag", "all"] as const
    const rank = (access: SessionAccess) => levels.indexOf(access)
    const level = fc.constantFrom(...levels)
    fc.assert(
      fc.property(
        fc.constantFrom(...levels, "most" as const, undefined),
        level,
        fc.boolean(),
        fc.option(level),
        fc.boolean(),
        (wanted, configured, locked, caller, clamp) => {
          const decided = decideAccess(wanted, configured, locked, caller, clamp)
          const most = Math.min(rank(caller ?? "all"), locked ? rank(configured) : 2)
          if ("refused" in decided) {
            expect(wanted !== undefined && wanted !== "most" && !clamp && rank(wanted) > most).toBe(true)
            return
          }
          expect(rank(decided.access)).toBeLessThanOrEqual(most)
          if (wanted === "most") expect(rank(decided.access)).toBe(most)
          else expect(rank(decided.access)).toBe(Math.min(rank(wanted ?? configured), most))
        }
      )
    )
  })
})

describe("a program in a session", () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = makeSandbox()
    await sandbox.start()
    await agentctl(sandbox, [
      "run",
      "-d",
      "--name",
      "secret",
      "--tag",
      "blue",
      "--",
      "sh",
      "-c",
      "echo a secret; exec cat"
    ])
    await agentctl(sandbox, ["wait", "secret", "--for", "output=a secret"])
  })
  afterAll(() => sandbox[Symbol.asyncDispose]())

  /** Runs a shell line in a session of its own; `agentctl` in it is the one that is tested. */
  const inside = (line: string, ...flags: ReadonlyArray<string>) =>
    agentctl(sandbox, ["run", ...flags, "--", "sh", "-c", `agentctl() { "${program}" "$@"; }; exec 2>&1; ${line}`])

  it("may neither read nor type into nor change nor end another one", async () => {
    const commands = [
      "logs secret",
      "screen secret",
      "screen secret --svg",
      "export secret --text",
      "attach secret",
      "wait secret --for output=secret --timeout 5s",
      "send secret hello --enter",
      "rename secret mine",
      "tag secret --add red",
      "agent purpose --session secret --intent mine",
      "detach secret",
      "stop secret",
      "rm --force secret",
      "resume secret"
    ]
    const { stdout } = await inside(commands.map((command) => `agentctl ${command}; echo "code $?"`).join("\n"))
    const answers = stdout.trim().split(/\r?\n/)
    expect(answers).toHaveLength(2 * commands.length)
    for (const [at, command] of commands.entries()) {
      expect([command, answers[2 * at]]).toEqual([command, expect.stringMatching(/secret is none of them/)])
      expect([command, answers[2 * at + 1]]).toEqual([command, "code 5"])
    }
    expect(await asked(sandbox, ["inspect", "secret"])).toMatchObject({
      status: "running",
      tags: ["blue"],
      intent: null
    })
  })

  it("sees that others are there and how they are doing, and is told the way out", async () => {
    const { code, stdout } = await inside(
      "agentctl ls | cat; agentctl inspect secret; agentctl logs secret; agentctl wait secret --for idle --idle 100ms"
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^secret /m)
    expect(stdout).toMatch(/^status +running/m)
    expect(stdout).toMatch(/message send.*--access all.*session\.access/s)
  })

  it("may do everything with what it has started, and with what those have started", async () => {
    const { code, stdout } = await inside(`
      agentctl run -d --name child -- sh -c 'echo from the child; exec cat' > /dev/null
      agentctl wait child --for 'output=from the child' > /dev/null
      agentctl screen child | head -1
      agentctl send child typed --enter && agentctl wait child --for output=typed && agentctl logs child
      agentctl run -d --name between -- sh -c '"${program}" run -d --name deep -- sh -c "echo deep down; exec cat"; exec cat' > /dev/null
      agentctl wait between --for output=deep > /dev/null; agentctl wait deep --for 'output=deep down' > /dev/null
      agentctl logs deep
      agentctl inspect deep | grep reaches
      agentctl stop deep && agentctl stop between && agentctl stop child`)
    expect(stdout).toMatch(/^from the child\r?\n/)
    expect(stdout).toMatch(/typed\r?\ntyped/)
    expect(stdout).toMatch(/^deep down\r?$/m)
    expect(stdout).toMatch(/^reaches +sessions it has started\r?$/m)
    expect(code).toBe(0)
    const deep = await asked(sandbox, ["inspect", "deep"])
    const between = await asked(sandbox, ["inspect", "between"])
    expect(deep).toMatchObject({ access: "own", startedBy: between.id })
  })

  it("may not reach back to whoever started it", async () => {
    const { stdout } = await inside(
      `echo told only here; agentctl run -- sh -c '"${program}" logs parent; echo "code $?"'`,
      "--name",
      "parent"
    )
    expect(stdout).toMatch(/parent is none of them[\s\S]*code 5/)
    expect(stdout.match(/told only here/g)).toHaveLength(1)
  })

  it("reaches those with a tag of its own where it was given that, and gives its tags no further", async () => {
    const flags = ["--access", "tag", "--tag", "blue"]
    expect((await inside("agentctl logs secret", ...flags)).stdout).toContain("a secret")
    expect(await inside("agentctl logs secret", "--access", "tag", "--tag", "green")).toMatchObject({ code: 5 })
    for (const command of ["tag - --add green", "tag secret --add green", "run -d --access tag --tag green -- true"]) {
      expect(await inside(`agentctl ${command}`, ...flags)).toMatchObject({
        code: 5,
        stdout: expect.stringMatching(/cannot give the tag "green"/)
      })
    }
  })

  it("with access to all may do as a person does, and can give that on; others cannot", async () => {
    expect((await inside("agentctl logs secret", "--access", "all")).stdout).toContain("a secret")
    const nested = `agentctl run --access all -- sh -c '"${program}" logs secret'`
    expect((await inside(nested, "--access", "all")).stdout).toContain("a secret")
    expect(await inside(nested)).toMatchObject({ code: 5, stdout: expect.stringMatching(/your own session has "own"/) })
    // What is not said is no more than what the configuration says, also from there.
    const silent = `agentctl run -- sh -c '"${program}" logs secret'`
    expect((await inside(silent, "--access", "all")).stdout).toMatch(/none of them/)
  })

  it("does not get more by starting a shell, which a person is given everything for", async () => {
    const shell = join(sandbox.root, "shell")
    writeFileSync(shell, `#!/bin/sh\nexec "${program}" logs secret\n`, { mode: 0o755 })
    expect((await agentctl(sandbox, ["run"], { env: { SHELL: shell } })).stdout).toContain("a secret")
    expect((await inside(`SHELL=${shell} agentctl run`)).stdout).toMatch(/none of them/)
  })

  it("that leaves its session's processes still counts as part of it", async () => {
    const result = join(sandbox.root, "left")
    await inside(
      `setsid sh -c '(sleep 0.1; "${program}" logs secret > ${result} 2>&1; echo "code $?" >> ${result}) &'; while ! grep -qs code ${result}; do sleep 0.05; done`
    )
    expect(readFileSync(result, "utf8")).toMatch(/none of them[\s\S]*code 5/)
  })

  it("keeps what it may do when it is resumed, and reaches what it had started before", async () => {
    const script = `"${program}" run -d --name kept -- sh -c 'echo kept words; exec cat'; exec "${program}" logs -f kept`
    const run = ["run", "--json", "-d", "--name", "boss", "--", "sh", "-c", script]
    const boss = JSON.parse((await agentctl(sandbox, run)).stdout)
    await agentctl(sandbox, ["wait", "boss", "--for", "output=kept words"])
    await agentctl(sandbox, ["stop", "boss"])
    const again = await asked(sandbox, ["resume", "boss", "--detach"])
    expect(again).toMatchObject({ resumedFrom: boss.id, access: "own" })
    await agentctl(sandbox, ["wait", again.id, "--for", "output=kept words"])
    expect((await agentctl(sandbox, ["logs", again.id])).stdout).toMatch(/"kept" belongs to the live session/)
    await agentctl(sandbox, ["stop", again.id])
  })
})

it("session.access of the configuration says it for sessions that do not", async () => {
  await using sandbox = makeSandbox()
  const folder = join(sandbox.env.XDG_CONFIG_HOME!, "agentd")
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "agentd.toml"), '[session]\naccess = "all"\n', { mode: 0o600 })
  await sandbox.start()
  await agentctl(sandbox, ["run", "-d", "--name", "open", "--", "sh", "-c", "echo words; exec cat"])
  await agentctl(sandbox, ["wait", "open", "--for", "output=words"])
  const logs = ["sh", "-c", `"${program}" logs open 2>&1`]
  expect((await agentctl(sandbox, ["run", "--", ...logs])).stdout).toContain("words")
  expect((await agentctl(sandbox, ["run", "--access", "own", "--", ...logs])).stdout).toMatch(/none of them/)
})
