/** Hooks of agents: what is made of the JSON they are given, and a command that never gets in an agent's way. */
import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"
import { readings, reportOf } from "../../src/cli/hook/readings.ts"
import { makeSandbox } from "../support/Sandbox.ts"
import { agentctl, start } from "./support/agentctl.ts"

const said = (program: string, payload: object) => reportOf(program, JSON.stringify(payload))
const common = { session_id: "1", transcript_path: "/t", cwd: "/", permission_mode: "default" }

describe("what a hook says", () => {
  it.each([
    [{ hook_event_name: "SessionStart", source: "startup" }, { state: "idle" }],
    [{ hook_event_name: "SessionStart", source: "compact" }, null],
    [{ hook_event_name: "UserPromptSubmit", prompt: "do it" }, { state: "working" }],
    [
      {
        hook_event_name: "PreToolUse",
        tool_name: "AskUserQuestion",
        tool_input: { questions: [{ question: "Red?" }] }
      },
      { state: "waiting-input", question: "Red?" }
    ],
    [
      { hook_event_name: "PreToolUse", tool_name: "ExitPlanMode", tool_input: { plan: "1." } },
      { state: "needs-permission", question: "Go ahead with the plan?" }
    ],
    [
      { hook_event_name: "PermissionRequest", tool_name: "Bash", tool_input: { command: "rm -rf build" } },
      { state: "needs-permission", question: "Bash: rm -rf build" }
    ],
    [
      { hook_event_name: "PermissionRequest", tool_name: "Edit", tool_input: { file_path: "/a", new_string: "b" } },
      { state: "needs-permission", question: "Edit: /a" }
    ],
    [{ hook_event_name: "PostToolUse", tool_name: "Bash" }, { state: "working" }],
    [
      {
        hook_event_name: "Notification",
        notification_type: "permission_prompt",
        message: "Claude needs your permission"
      },
      { state: "needs-permission", question: "Claude needs your permission", reminder: true }
    ],
    [{ hook_event_name: "Notification", notification_type: "idle_prompt", message: "waiting" }, { state: "idle" }],
    [{ hook_event_name: "Notification", notification_type: "auth_success", message: "permission" }, null],
    [{ hook_event_name: "Stop", stop_hook_active: false }, { state: "done" }],
    [{ hook_event_name: "StopFailure", error: "overloaded" }, { state: "idle" }],
    [{ hook_event_name: "SessionEnd", reason: "clear" }, { state: "unknown" }],
    [{ hook_event_name: "TeammateIdle" }, null]
  ])("of Claude Code: %j", (payload, report) => expect(said("claude", { ...common, ...payload })).toEqual(report))

  it.each([
    ["codex", { type: "agent-turn-complete", "last-assistant-message": "Done." }, { state: "done" }],
    [
      "codex",
      { hook_event_name: "PermissionRequest", tool_name: "shell", tool_input: { command: ["rm", "a"] } },
      { state: "needs-permission", question: "shell: rm a" }
    ],
    ["codex", { hook_event_name: "Stop", turn_id: "1" }, { state: "done" }],
    ["gemini", { hook_event_name: "BeforeAgent", prompt: "x" }, { state: "working" }],
    [
      "gemini",
      { hook_event_name: "Notification", notification_type: "ToolPermission", details: { title: "Run ls?" } },
      { state: "needs-permission", question: "Run ls?" }
    ],
    ["gemini", { hook_event_name: "AfterAgent" }, { state: "done" }],
    ["opencode", { type: "session.status", properties: { status: { type: "busy" } } }, { state: "working" }],
    [
      "opencode",
      { type: "permission.asked", properties: { permission: "bash" } },
      { state: "needs-permission", question: "bash" }
    ],
    ["opencode", { type: "session.idle", properties: {} }, { state: "done" }]
  ])("of %s: %j", (program, payload, report) => expect(said(program, payload)).toEqual(report))

  it("is nothing when nobody can tell, whatever it is given", () => {
    expect(reportOf("claude", "{")).toBeNull()
    expect(reportOf("claude", "")).toBeNull()
    expect(reportOf("toString", "{}")).toBeNull()
    const words = fc.constantFrom(
      "Stop",
      "Notification",
      "PermissionRequest",
      "PreToolUse",
      "permission.asked",
      "notify"
    )
    const payload = fc.dictionary(
      fc.constantFrom("hook_event_name", "type", "tool_name", "tool_input", "properties", "message", "details"),
      fc.oneof(words, fc.jsonValue())
    )
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(readings)), payload, (program, given) => {
        const report = said(program, given)
        if (report !== null) expect((report.question ?? "").length).toBeLessThanOrEqual(1000)
      })
    )
  })
})

describe("agentctl hook", () => {
  const silent = { code: 0, stdout: "", stderr: "" }
  const nowhere = (more: object = {}) => {
    const sandbox = makeSandbox()
    onTestFinished(() => sandbox[Symbol.asyncDispose]())
    return { env: { ...sandbox.env, AGENTD_SESSION: "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV", ...more } }
  }

  it.each([
    [["claude"], `{"hook_event_name":"Stop"}`],
    [["claude"], "no JSON"],
    [["claude"], Buffer.alloc(9 * 1024 * 1024, "x")],
    [["nobody"], "{}"],
    [["--what"], ""],
    [[], ""],
    [["codex", "{"], ""]
  ])("%j says nothing and is content, also without a daemon", async (args, stdin) => {
    expect(await agentctl(nowhere(), ["hook", ...args], { stdin })).toMatchObject(silent)
  })

  it("does not wait for what it is never given", async () => {
    const { ended } = start(nowhere(), ["hook", "claude"])
    expect(await ended).toMatchObject(silent)
  })

  it("does nothing outside of a session", async () => {
    const { ended } = start(nowhere({ AGENTD_SESSION: "" }), ["hook", "claude"])
    expect(await ended).toMatchObject(silent)
  })
})
