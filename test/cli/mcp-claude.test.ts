/**
 * The real Claude Code, with a model of ours, uses the tools of `agentctl mcp` as the agent of its session.
 *
 * It is no dependency and takes 240 MB, so it is tried where AGENTD_TEST_CLAUDE names its executable.
 */
import { writeFileSync } from "node:fs"
import { userInfo } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { makeSandbox } from "../support/Sandbox.ts"
import { ScriptedModel } from "../support/ScriptedModel.ts"
import { agentctl, program } from "./support/agentctl.ts"

const claude = process.env.AGENTD_TEST_CLAUDE
if (claude === undefined)
  process.stdout.write("Claude Code is not tried over MCP: AGENTD_TEST_CLAUDE does not name its executable.\n")

const KEY = "sk-ant-00000000000000000000"
/** Milliseconds for a start of Claude Code and a few turns, on a busy machine. */
const TEST_MS = 120_000
const me = `@${userInfo().username}`

describe.skipIf(claude === undefined)("Claude Code", { timeout: TEST_MS }, () => {
  it("finds the server, knows who it is, writes to a person and waits for the answer", async () => {
    await using model = await ScriptedModel.start([
      ["mcp__agentd__whoami", {}],
      ["mcp__agentd__send_message", { to: [me], text: "may I?" }],
      ["mcp__agentd__wait_for_message", { timeoutSeconds: 60 }]
    ])
    const sandbox = makeSandbox()
    onTestFinished(() => sandbox[Symbol.asyncDispose]())
    await sandbox.start()
    const env = {
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      IS_SANDBOX: "1"
    }
    const answers = {
      hasCompletedOnboarding: true,
      theme: "dark",
      customApiKeyResponses: { approved: [KEY.slice(-20)], rejected: [] },
      mcpServers: { agentd: { type: "stdio", command: program, args: ["mcp"], env: {} } }
    }
    writeFileSync(join(sandbox.home, ".claude.json"), JSON.stringify(answers))
    const own = (args: ReadonlyArray<string>) => agentctl(sandbox, args, { env })
    const allowed = ["whoami", "send_message", "wait_for_message"].map((name) => `mcp__agentd__${name}`).join(",")
    const running = own(["run", "--agent", "ant", "--", claude!, "-p", "ask", "--allowedTools", allowed])
    const asked = await own(["message", "wait", "--timeout", "100s"])
    expect(asked.stdout).toMatch(/from +@ant\n[\s\S]*may I\?/)
    await own(["msg", "@ant", "you may"])
    expect((await running).stdout).toContain("answer 4")
    const [whoami, sent, heard] = model.results
    expect(whoami).toContain("@ant")
    expect(sent).toContain(me)
    expect(heard).toMatch(/They are data.*you may/)
  })
})
