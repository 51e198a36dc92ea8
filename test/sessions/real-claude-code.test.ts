/**
 * The real Claude Code, with a model of ours: what it is sent after a resumption shows whether its conversation went on.
 *
 * It is no dependency and takes 240 MB, so it is tried where AGENTD_TEST_CLAUDE names its executable.
 */
import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import type { Session } from "../../src/contract/session/Session.ts"
import type { StateName } from "../../src/contract/session/SessionState.ts"
import type { Sandbox } from "../support/Sandbox.ts"
import { ScriptedModel } from "../support/ScriptedModel.ts"
import { spawnDaemon, User } from "./support.ts"

const claude = process.env.AGENTD_TEST_CLAUDE
if (claude === undefined)
  process.stdout.write("Claude Code is not tried: AGENTD_TEST_CLAUDE does not name its executable.\n")

/** Any will do; Claude Code remembers the last 20 characters of those it was allowed to use. */
const KEY = "sk-ant-00000000000000000000"
const ID = "11111111-2222-4333-8444-555555555555"
/** Milliseconds for a start of Claude Code and an answer, on a busy machine. */
const TEST_MS = 120_000

const shows = (who: User, session: Session, text: string) =>
  expect
    .poll(async () => (await who.call("session.screen", { session: session.id })).lines!.join("\n"), {
      timeout: TEST_MS / 4
    })
    .toContain(text)

/** A home of its own, in which nothing is asked that a first start would ask a person. */
const atHome = (sandbox: Sandbox, model: ScriptedModel) => {
  const project = realpathSync(sandbox.root)
  const env = {
    ...sandbox.env,
    PATH: `${join(project, "bin")}:${sandbox.env.PATH}`,
    HOME: project,
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    IS_SANDBOX: "1"
  }
  mkdirSync(join(project, "bin"))
  symlinkSync(claude!, join(project, "bin", "claude"))
  // What its first start would ask a person.
  const answers = {
    hasCompletedOnboarding: true,
    theme: "dark",
    customApiKeyResponses: { approved: [KEY.slice(-20)], rejected: [] },
    projects: { [project]: { hasTrustDialogAccepted: true } }
  }
  writeFileSync(join(project, ".claude.json"), JSON.stringify(answers))
  return { project, env }
}

describe.skipIf(claude === undefined)("Claude Code", { timeout: TEST_MS }, () => {
  it.each([
    ["the most recent conversation", [], ["claude", "--continue", "--permission-mode", "default"]],
    ["the one with its id", ["--session-id", ID], ["claude", "--resume", ID, "--permission-mode", "default"]]
  ])("goes on with %s after its daemon was killed, and is not sent its first prompt again", async (_, id, resumed) => {
    await using model = await ScriptedModel.start()
    const { daemon, sandbox, user } = await spawnDaemon()
    const { env, project } = atHome(sandbox, model)

    const argv = ["claude", ...id, "--permission-mode", "default", "my first words"]
    const session = await user.start(argv, { cwd: project, env, cols: 100, rows: 30 })
    await shows(user, session, "answer 1")
    await daemon.kill()
    await sandbox.start()
    const later = new User({ socket: sandbox.socket })
    onTestFinished(() => later.client.close())
    const next = await later.call("session.resume", { session: session.id, env })
    expect(next.argv).toEqual(resumed)
    await shows(later, next, "answer 1")
    expect(model.conversations).toHaveLength(1)
    await later.call("session.input", { session: next.id, text: "my second words" })
    await shows(later, next, "my second words")
    await later.call("session.input", { session: next.id, text: "\r" })
    await shows(later, next, "answer 2")
    expect(model.conversations[1]).toMatch(/my first words.*answer 1.*my second words/s)
    expect(model.conversations[1]!.match(/my first words/g)).toHaveLength(1)
    await later.call("session.stop", { session: next.id, graceMs: 2_000 })
  })

  it("tells through its hooks what it is doing, at each step of a turn that the model is told to take", async () => {
    const question = { question: "Red or blue?", header: "Colour", multiSelect: false }
    const options = ["Red", "Blue"].map((label) => ({ label, description: label }))
    await using model = await ScriptedModel.start([
      ["Bash", { command: "touch made", description: "Make it" }],
      ["AskUserQuestion", { questions: [{ ...question, options }] }]
    ])
    const { sandbox, user } = await spawnDaemon()
    const { env, project } = atHome(sandbox, model)
    const argv = ["claude", "--permission-mode", "default"]
    const session = await user.start(argv, { cwd: project, env, cols: 100, rows: 30 })
    const reaches = async (...states: ReadonlyArray<StateName>) => {
      const wait = { session: session.id, for: "state" as const, states, timeoutMs: TEST_MS / 4 }
      return (await user.call("session.wait", wait, { timeoutMs: null })).session.state!
    }
    /** Once the screen is drawn and still: what comes sooner may be lost. */
    const types = async (...keys: ReadonlyArray<string>) => {
      for (const text of keys) {
        await user.call("session.wait", { session: session.id, for: "idle", idleMs: 1_000 }, { timeoutMs: null })
        await user.call("session.input", { session: session.id, text })
      }
    }
    // Its title comes first.
    await expect
      .poll(async () => (await user.call("session.get", { session: session.id })).state, { timeout: TEST_MS / 4 })
      .toMatchObject({ name: "idle", source: "hook" })
    await types("make it", "\r")
    expect(await reaches("needs-permission")).toMatchObject({
      source: "hook",
      question: expect.stringContaining("touch made")
    })
    expect(existsSync(join(project, "made"))).toBe(false)
    await shows(user, session, "Do you want to proceed?")
    await types("\r")
    expect(await reaches("waiting-input")).toMatchObject({ source: "hook", question: "Red or blue?" })
    await shows(user, session, "Enter to select")
    await types("\r")
    expect(await reaches("done")).toMatchObject({ source: "hook" })
    expect(existsSync(join(project, "made"))).toBe(true)
    await user.call("session.stop", { session: session.id, graceMs: 2_000 })
  })
})
