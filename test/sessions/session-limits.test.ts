/** What a session may use: what is asked, configured and locked, what a host can enforce, and what became of it. */
import { readFileSync } from "node:fs"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { AskedLimits } from "../../src/contract/session/SessionLimits.ts"
import { managerOf } from "../../src/host/processes/ControlGroups.ts"
import { parseEnd } from "../../src/host/service/ExitRecords.ts"
import { missingController } from "../../src/sessions/launching/Enforce.ts"
import { exitOf } from "../../src/sessions/launching/Exits.ts"
import { limitProperties } from "../../src/sessions/launching/SessionUnit.ts"
import { decideLimits } from "../../src/sessions/starting/Limits.ts"
import { openDaemon, refusal } from "./support.ts"

const none = { memory: null, cpu_percent: null, tasks: null, timeout: null, nice: null, io_weight: null }

describe("the limits of a session", () => {
  it("are those it asks for, else those configured; null asks for none", () => {
    const configured = { ...none, memory: 100, tasks: 7 }
    const decide = (asked: AskedLimits) => decideLimits(asked, configured, new Set(), false).limits
    expect(decide({})).toEqual({ memoryBytes: 100, tasks: 7 })
    expect(decide({ memoryBytes: 500, nice: 3 })).toEqual({ memoryBytes: 500, tasks: 7, nice: 3 })
    expect(decide({ memoryBytes: null })).toEqual({ tasks: 7 })
  })

  it("are never looser than what is locked, whatever is asked", () => {
    const value = fc.option(fc.integer({ min: 1, max: 19 }), { nil: null })
    const asked = fc.record(
      { memoryBytes: value, cpuPercent: value, tasks: value, timeoutMs: value, nice: value, ioWeight: value },
      { requiredKeys: [] }
    )
    const locked = { memory: 5, cpu_percent: 5, tasks: 5, timeout: 5, nice: 5, io_weight: 5 }
    const keys = new Set(Object.keys(locked).map((key) => `limits.${key}` as "limits.memory"))
    fc.assert(
      fc.property(asked, fc.boolean(), (wanted, clamp) => {
        const { limits, tooLoose } = decideLimits(wanted as AskedLimits, locked, keys, clamp)
        for (const [name, got] of Object.entries(limits)) {
          if (name === "nice") expect(got).toBeGreaterThanOrEqual(5)
          else expect(got).toBeLessThanOrEqual(5)
        }
        expect(Object.keys(limits)).toHaveLength(6)
        if (clamp) expect(tooLoose).toEqual([])
      })
    )
    expect(decideLimits({ memoryBytes: 6 }, locked, keys, false).tooLoose).toEqual([
      { key: "limits.memory", bound: "5B" }
    ])
  })

  it("may be any where the administrator has locked that there is none", () => {
    const keys = new Set(["limits.memory"] as const)
    expect(decideLimits({ memoryBytes: 9 }, none, keys, false)).toEqual({ limits: { memoryBytes: 9 }, tooLoose: [] })
  })
})

describe("a unit", () => {
  it("has a property for each limit and none for what is not limited", () => {
    expect(limitProperties({}, 5_000)).toEqual([])
    const all = { memoryBytes: 1024, cpuPercent: 150, tasks: 9, timeoutMs: 1_000, nice: 5, ioWeight: 50 }
    expect(limitProperties(all, 5_000)).toEqual([
      "MemoryMax=1024",
      "MemorySwapMax=0",
      "CPUQuota=150%",
      "TasksMax=9",
      "Nice=5",
      "IOWeight=50",
      // Only once the daemon has had the time, the grace time and half a minute to end it itself.
      "RuntimeMaxSec=36000ms"
    ])
  })

  it("is refused where a controller is missing, with whom to ask for it", () => {
    const machine = new Set(["memory", "cpu", "io", "pids"])
    const manager = new Set(["memory", "pids"])
    expect(missingController({ memoryBytes: 1, tasks: 1, nice: 1, timeoutMs: 1 }, { machine, manager })).toBeNull()
    const delegate = missingController({ ioWeight: 1 }, { machine, manager })
    expect(delegate?.message).toContain('"io" is not delegated to your service manager')
    expect(delegate?.message).toContain("systemctl edit user@.service")
    const old = missingController({ memoryBytes: 1 }, { machine: new Set(), manager: new Set() })
    expect(old?.message).toContain('no controller "memory"')
    expect(managerOf("/sys/fs/cgroup/user.slice/user@7.service/app.slice/a.service")).toBe(
      "/sys/fs/cgroup/user.slice/user@7.service"
    )
    expect(managerOf("/sys/fs/cgroup/system.slice/a.service")).toBeNull()
  })

  it("records what its limits have cost it", () => {
    expect(parseEnd("signal killed KILL 2 0\n")).toEqual({
      result: "signal",
      code: null,
      signal: "SIGKILL",
      oomKills: 2,
      tasksRefused: 0
    })
    expect(parseEnd("success exited 0 - -\n")).toEqual({ result: "success", code: 0, signal: null })
  })
})

describe("the end of a session", () => {
  const end = (ended: Parameters<typeof exitOf>[0], by: "stop" | null = null, at = 50) =>
    exitOf(ended, { by, took: null, at, deadline: 40 }).by
  const killed = { code: null, signal: "SIGKILL" }

  it("is told as lack of memory when the kernel killed its program for that", () => {
    expect(end({ ...killed, oomKills: 1 })).toBe("oom")
    expect(end({ ...killed, result: "oom-kill" })).toBe("oom")
    // A shell whose last command was killed.
    expect(end({ code: 137, signal: null, oomKills: 1 })).toBe("oom")
    expect(end({ code: 1, signal: null, oomKills: 1 })).toBe("program")
    expect(end({ ...killed, oomKills: 0 })).toBe("program")
    expect(end({ ...killed, oomKills: 1 }, "stop")).toBe("stop")
    expect(
      exitOf({ ...killed, oomKills: 3, tasksRefused: 0 }, { by: null, took: null, at: 1, deadline: null })
    ).toEqual({ ...killed, by: "oom", took: null, at: 1, oomKills: 3 })
  })

  it("is told as its timeout when its service manager ended it for that, and not when a stop took too long", () => {
    expect(end({ ...killed, result: "timeout" })).toBe("timeout")
    expect(end({ ...killed, result: "timeout" }, null, 30)).toBe("program")
  })
})

describe("a daemon without a service manager", () => {
  it("refuses what only control groups can do, and records nothing", async () => {
    const daemon = await openDaemon()
    for (const limits of [{ memoryBytes: 1 << 30 }, { cpuPercent: 50 }, { tasks: 10 }, { ioWeight: 50 }]) {
      const { message, tag } = await refusal(daemon.start("true", { limits }))
      expect(tag).toBe("NotEnforceable")
      expect(message).toContain("only systemd can hold them to that")
      expect(message).toContain('"agentctl service install"')
    }
    expect((await daemon.call("session.list", { all: true })).sessions).toEqual([])
  })

  it("ends a session whose time is up, and says that this was why", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(
      "trap '' HUP; trap 'echo asked to end; exit 3' TERM; echo up; while :; do sleep 0.05; done",
      {
        limits: { timeoutMs: 1_000 }
      }
    )
    const session = await daemon.ended(id)
    expect(session.exit).toMatchObject({ by: "timeout", code: 3, took: "term" })
    expect((await daemon.output(id)).toString()).toContain("asked to end")
    expect(session.limits).toEqual({ timeoutMs: 1_000 })
  })

  it("kills what does not end when its time is up", async () => {
    const daemon = await openDaemon({ config: { "session.grace": "200ms" } })
    const { id } = await daemon.start("trap '' TERM HUP; while :; do sleep 0.05; done", { limits: { timeoutMs: 300 } })
    expect((await daemon.ended(id)).exit).toMatchObject({ by: "timeout", signal: "SIGKILL", took: "kill" })
  })

  it("gives its processes their nice value", async () => {
    const daemon = await openDaemon()
    const { id, pid } = await daemon.start("echo up; sleep 1000", { limits: { nice: 7 } })
    await daemon.printed(id, "up")
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    expect(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]).toBe("7")
  })

  it("holds sessions to what is configured, and starts them again with what they had", async () => {
    const daemon = await openDaemon({ config: { "limits.nice": 3 } })
    const first = await daemon.run("exit 0", { limits: { timeoutMs: 60_000 } })
    expect(first.session.limits).toEqual({ nice: 3, timeoutMs: 60_000 })
    const again = await daemon.call("session.resume", { session: first.session.id })
    expect(again.limits).toEqual({ nice: 3, timeoutMs: 60_000 })
    const { events } = await daemon.call("event.list", { session: again.id })
    expect(events[0]?.body).toMatchObject({ type: "session.started", limits: { nice: 3, timeoutMs: 60_000 } })
  })

  it("refuses limits that no session can live with", async () => {
    const daemon = await openDaemon()
    for (const limits of [
      { memoryBytes: 1000 },
      { nice: 20 },
      { tasks: 0 },
      { cpuPercent: 1.5 },
      { ioWeight: 10_001 }
    ]) {
      expect((await refusal(daemon.start("true", { limits }))).tag).toBe("InvalidParams")
    }
  })
})
