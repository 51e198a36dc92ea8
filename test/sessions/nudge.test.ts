import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { lineBegun } from "../../src/sessions/input/lineBegun.ts"
import { waitToNudge } from "../../src/sessions/Nudge.ts"
import { agentIn } from "../messages/support.ts"
import { openDaemon } from "./support.ts"

describe("typing into a session that nobody asked", () => {
  it("waits until output and keys have been silent, and never goes onto a line somebody has begun", () => {
    const quiet = { typedAt: 0, activeAt: 0, begun: false }
    expect(waitToNudge(quiet, 10_000)).toBe(0)
    expect(waitToNudge({ ...quiet, activeAt: 9_500 }, 10_000)).toBe(1_500)
    expect(waitToNudge({ ...quiet, typedAt: 4_000 }, 10_000)).toBe(4_000)
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (typedAt, activeAt, now) => {
        expect(waitToNudge({ typedAt, activeAt, begun: true }, now)).toBeGreaterThan(0)
      })
    )
  })

  it("knows a begun line from one that was sent off, cleared or only steered in", () => {
    const typed = (...keys: ReadonlyArray<string>) =>
      keys.reduce((begun, key) => lineBegun(begun, Buffer.from(key)), false)
    expect(typed("l", "s")).toBe(true)
    expect(typed("ls", "\r")).toBe(false)
    expect(typed("ls", "\u0015")).toBe(false)
    expect(typed("ls", "\u001b[D")).toBe(true)
    expect(typed("\u001b[?62c")).toBe(false)
  })

  it("types where the message is and nothing of what it says, once the program is idle", async () => {
    const daemon = await openDaemon()
    const ant = await agentIn(daemon, "ant")
    const bee = await daemon.start(["cat"], { agent: "bee", cwd: "/", name: "bees" })
    const message = await ant("message.send", { to: ["@bee"], text: "; rm -rf /", nudge: true })
    expect(message.nudged).toEqual(["bees"])
    await daemon.printed(
      bee.id,
      `New message from @ant, read it with agentctl message read ${message.id}\\r?\\n[^]*\\n`
    )
    expect((await daemon.output(bee.id)).toString()).not.toContain("rm -rf")
  })

  it("leaves a line alone that a person has begun", async () => {
    const daemon = await openDaemon()
    const ant = await agentIn(daemon, "ant")
    const bee = await daemon.start(["cat"], { agent: "bee", cwd: "/" })
    await daemon.call("session.input", { session: bee.id, text: "half a thou" })
    await daemon.printed(bee.id, "half a thou")
    await ant("message.send", { to: ["@bee"], text: "x", nudge: true })
    await daemon.call("session.wait", { session: bee.id, for: "idle", idleMs: 3_000 }, { timeoutMs: null })
    expect((await daemon.output(bee.id)).toString()).toBe("half a thou")
  })
})
