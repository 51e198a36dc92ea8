/** Hooks that known agents are given for a run: on their command line, and from there to the state of their session. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { withHooks } from "../../src/sessions/continuation/Hooks.ts"
import { spawnDaemon, temporary, type User } from "./support.ts"

const AGENTCTL = "/opt/it's/agentctl"
const hooksOf = (line: string, env: Record<string, string> = { HOME: "/nowhere" }) =>
  withHooks(line.split(" "), env, AGENTCTL)

describe("the command line of an agent", () => {
  it.each([
    "claude",
    "claude --model opus do",
    "/opt/claude --resume abc",
    "npx @anthropic-ai/claude-code -p x",
    "env A=1 claude"
  ])("of %s is given settings for this run, and keeps its words", (line) => {
    const words = line.split(" ")
    const told = hooksOf(line)
    const at = told.indexOf("--settings")
    expect([...told.slice(0, at), ...told.slice(at + 2)]).toEqual(words)
    const { hooks } = JSON.parse(told[at + 1]!) as { hooks: Record<string, Array<{ hooks: Array<object> }>> }
    expect(Object.keys(hooks)).toEqual(expect.arrayContaining(["UserPromptSubmit", "PermissionRequest", "Stop"]))
    for (const [{ hooks: run }] of Object.values(hooks) as Array<[{ hooks: Array<object> }]>) {
      expect(run).toMatchObject([
        { type: "command", command: `'/opt/it'\\''s/agentctl' 'hook' 'claude' >/dev/null 2>&1 || :` }
      ])
    }
  })

  it.each([
    "claude --settings mine.json",
    "claude --safe-mode",
    "claude mcp list",
    "claude --version",
    "codex -c notify=[] do",
    "codex exec x",
    "codex --help",
    "gemini",
    "bash",
    "sh -c claude"
  ])("of %s stays as it is", (line) => expect(hooksOf(line)).toEqual(line.split(" ")))

  it("of Codex names a program to notify, unless its user has one", () => {
    const home = temporary()
    expect(hooksOf("codex do", { HOME: home })).toEqual([
      "codex",
      "-c",
      `notify=["/opt/it's/agentctl","hook","codex"]`,
      "do"
    ])
    mkdirSync(join(home, ".codex"))
    writeFileSync(join(home, ".codex", "config.toml"), 'model = "x"\nnotify = ["mine"]\n')
    expect(hooksOf("codex do", { HOME: home })).toEqual(["codex", "do"])
    expect(hooksOf("codex do", { HOME: "/nowhere", CODEX_HOME: join(home, ".codex") })).toEqual(["codex", "do"])
  })

  it("stays as it is where there is no agentctl to be run", () => {
    expect(withHooks(["claude"], {}, null)).toEqual(["claude"])
  })
})

/** Stands in for Claude Code, which is no dependency: runs the hooks of its settings as that does, for each line that is typed. */
const AGENT = `#!${process.execPath}
const at = process.argv.indexOf("--settings")
console.log("settings", at > 0, process.argv.slice(2).filter((_, i) => i !== at - 2 && i !== at - 1).join(" "))
if (at > 0) {
  const { hooks } = JSON.parse(process.argv[at + 1])
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const payload = JSON.parse(line.slice(line.indexOf("{")))
    for (const { hooks: run } of hooks[payload.hook_event_name] ?? [])
      for (const { command } of run) {
        const { status } = require("node:child_process").spawnSync("sh", ["-c", command], { input: JSON.stringify(payload) })
        console.log("hook ended", status)
      }
  })
} else setInterval(() => {}, 60_000)
`

const agentIn = (directory: string): string => {
  const path = join(directory, "claude")
  writeFileSync(path, AGENT)
  chmodSync(path, 0o755)
  return path
}

const reaches = async (user: User, session: string, state: "working") =>
  (await user.call("session.wait", { session, for: "state", states: [state], timeoutMs: 20_000 }, { timeoutMs: null }))
    .session.state!

describe("an agent with hooks", () => {
  it("tells its state from a process of its own session, and is resumed as its user started it", async () => {
    const { sandbox, user } = await spawnDaemon()
    const program = agentIn(sandbox.root)
    const { argv, id } = await user.start([program, "--model", "x"], { cwd: sandbox.root, env: { ...sandbox.env } })
    expect(argv).toEqual([program, "--model", "x"])
    expect(await user.printed(id, "settings .*")).toMatch(/^settings true --model x/)
    const hook = (payload: object) => user.call("session.input", { session: id, text: `${JSON.stringify(payload)}\n` })
    await hook({ hook_event_name: "PermissionRequest", tool_name: "Bash", tool_input: { command: "make" } })
    expect(await reaches(user, id, "needs-permission" as "working")).toMatchObject({
      source: "hook",
      question: "Bash: make"
    })
    await user.printed(id, "hook ended 0")
    await hook({ hook_event_name: "Stop" })
    expect(await reaches(user, id, "done" as "working")).toMatchObject({ source: "hook", question: null })
    await user.call("session.stop", { session: id })
    expect((await user.call("session.continuation", { session: id })).argv).toEqual([
      program,
      "--continue",
      "--model",
      "x"
    ])
  })

  it("is one without them where that is configured, or said for one session, which resuming remembers", async () => {
    const { sandbox, user } = await spawnDaemon({ env: { AGENTD_SESSION_HOOKS: "off" } })
    const program = agentIn(sandbox.root)
    const as = { cwd: sandbox.root, env: { ...sandbox.env } }
    const plain = await user.start([program], as)
    expect(await user.printed(plain.id, "settings .*")).toMatch(/^settings false/)
    const hooked = await user.start([program], { ...as, hooks: "auto" })
    expect(await user.printed(hooked.id, "settings .*")).toMatch(/^settings true/)
    await user.call("session.stop", { session: hooked.id })
    const again = await user.call("session.resume", { session: hooked.id, fresh: true, env: { ...sandbox.env } })
    expect(await user.printed(again.id, "settings .*")).toMatch(/^settings true/)
  })
})
