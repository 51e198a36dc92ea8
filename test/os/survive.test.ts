import { expect, it } from "vitest"
import { onSystems } from "./support/onSystems.ts"

interface Listed {
  readonly id: string
  readonly name: string
  readonly status: string
}

onSystems("sessions and their daemon", ({ user }) => {
  it("starts the daemon when it is first used, and nothing before", async () => {
    await using somebody = await user()
    expect(await somebody.daemon()).toBe(0)
    expect(await somebody.processes()).toEqual([])
    const began = performance.now()
    expect((await somebody.agentctl("ls")).code).toBe(0)
    console.log(`first answer, daemon start included: ${Math.round(performance.now() - began)} ms`)
    expect(await somebody.daemon()).toBeGreaterThan(1)
    const { StatusText, SubState } = await somebody.show("agentd.service", "StatusText", "SubState")
    expect(SubState).toBe("running")
    expect(StatusText).toContain("listening on")
  })

  it("keeps a session through kill -9 of its daemon", async () => {
    await using somebody = await user()
    const { id } = await somebody.json<Listed>("run", "-d", "--name", "kept", "--", "sleep", "1000")
    const before = await somebody.show(`agentd-session-${id}.service`, "MainPID", "Slice")
    expect(before.Slice).toBe("app-agentd.slice")
    await somebody.killDaemon()
    const [kept] = await somebody.json<ReadonlyArray<Listed>>("ls")
    expect(kept).toMatchObject({ id, name: "kept", status: "running" })
    expect((await somebody.show(`agentd-session-${id}.service`, "MainPID")).MainPID).toBe(before.MainPID)
  })

  it("gives the exit code of a program", async () => {
    await using somebody = await user()
    const { code } = await somebody.run(["agentctl", "run", "--", "bash", "-c", "exit 33"], { mayFail: true })
    expect(code).toBe(33)
  })
})
