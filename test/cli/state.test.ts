/** What sessions are doing, on the command line: waited for, listed, inspected. */
import { describe, expect, it, onTestFinished } from "vitest"
import { makeSandbox } from "../support/Sandbox.ts"
import { agentctl } from "./support/agentctl.ts"

const sandboxed = async () => {
  const sandbox = makeSandbox()
  onTestFinished(() => sandbox[Symbol.asyncDispose]())
  await sandbox.start()
  return sandbox
}

/** Says what an agent says to its terminal when it asks for leave, once something is typed that it has begun. */
const ASKS = String.raw`printf '\033]133;C\007'; read -r _; printf '\033]9;May I? I need your permission\007'; exec cat`

describe("the state of a session", () => {
  it("is waited for, listed by, and shown with what is asked", async () => {
    const sandbox = await sandboxed()
    await agentctl(sandbox, ["run", "-d", "--name", "one", "--", "sh", "-c", ASKS])
    await agentctl(sandbox, ["run", "-d", "--name", "two", "--", "sh", "-c", "trap : USR1; exec cat"])
    expect(await agentctl(sandbox, ["wait", "one", "--for", "needs-permission,working"])).toMatchObject({
      code: 0,
      stdout: "working\n"
    })
    await agentctl(sandbox, ["send", "one", "--enter", "go"])
    expect(await agentctl(sandbox, ["wait", "one", "--for", "done", "--for", "needs-permission"])).toMatchObject({
      code: 0,
      stdout: "needs-permission: May I? I need your permission\n"
    })
    const { stdout } = await agentctl(sandbox, ["ls", "--state", "needs-permission"])
    expect(stdout).toMatch(/^NAME +ID +STATUS +STATE .*\none +ses_\w+ +running +needs-permission \d+s /)
    expect(stdout.split("\n")).toHaveLength(3)
    expect((await agentctl(sandbox, ["inspect", "one"])).stdout).toMatch(
      /^state +needs-permission since .*, by its terminal \(0\.7\)\nasks +May I\? I need your permission$/m
    )
    // It is an event once it has held.
    await expect
      .poll(async () => (await agentctl(sandbox, ["events"])).stdout, { timeout: 20_000 })
      .toMatch(/session\.state-changed .*state=needs-permission/)
  })

  it("that does not come is given up in time, or when the session ends, each with its exit code", async () => {
    const sandbox = await sandboxed()
    await agentctl(sandbox, ["run", "-d", "--name", "one", "--", "sh", "-c", "read -r _"])
    expect(await agentctl(sandbox, ["wait", "one", "--for", "done", "--timeout", "50ms"])).toMatchObject({ code: 7 })
    const ended = agentctl(sandbox, ["wait", "one", "--for", "done"])
    const exited = agentctl(sandbox, ["wait", "one", "--for", "done,exited"])
    await agentctl(sandbox, ["send", "one", "--enter", ""])
    expect(await ended).toMatchObject({ code: 6, stderr: expect.stringContaining("has ended") })
    expect(await exited).toMatchObject({ code: 0, stdout: "exit 0\n" })
  })

  it.each([["tea"], ["output="], ["idle,output=x"], [""]])("is not %j, and nothing is waited for", async (state) => {
    const sandbox = makeSandbox()
    onTestFinished(() => sandbox[Symbol.asyncDispose]())
    expect(await agentctl(sandbox, ["wait", "one", "--for", state])).toMatchObject({ code: 2 })
  })
})
