/** What sessions use: from control groups where they have their own, else summed over their processes. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { field, groupOf, mountPoint } from "../../src/host/processes/ControlGroups.ts"
import { parseFigures } from "../../src/host/processes/ProcessTable.ts"
import { treeUsage } from "../../src/sessions/launching/TreeUsage.ts"
import { cutAfter, usageFrom } from "../../src/sessions/launching/UnitUsage.ts"
import { openDaemon } from "./support.ts"

const MIB = 1024 * 1024

it("is told of a live session: memory, processor time and tasks of its whole tree", async () => {
  const daemon = await openDaemon()
  // Two processes that hold 30 MiB each; the parent's share is taken only once it is asked for.
  const script = 'my $x = "x" x (30 << 20); print "held $$\\n"; sleep 1000'
  const { id } = await daemon.start(`perl -e '$|=1; ${script}' & perl -e '$|=1; ${script}'; wait`)
  await daemon.printed(id, "held \\d+[^]*held \\d+")
  const { usage } = await daemon.call("session.get", { session: id })
  expect(usage?.memoryBytes).toBeGreaterThan(60 * MIB)
  expect(usage?.memoryBytes).toBeLessThan(300 * MIB)
  expect(usage?.tasks).toBe(3)
  expect(usage?.cpuMs).toBeGreaterThanOrEqual(0)
  await daemon.call("session.stop", { session: id })
  expect((await daemon.call("session.get", { session: id })).usage).toBeNull()
})

it("grows with the processor time that is used", async () => {
  const daemon = await openDaemon()
  const { id } = await daemon.start("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo spun; sleep 1000")
  await daemon.printed(id, "spun")
  expect((await daemon.call("session.get", { session: id })).usage?.cpuMs).toBeGreaterThan(10)
})

it("is listed only when asked for", async () => {
  const daemon = await openDaemon()
  const { id } = await daemon.start("echo up; sleep 1000")
  await daemon.printed(id, "up")
  const plain = await daemon.call("session.list", {})
  expect(plain.sessions.map(({ usage }) => usage)).toEqual([null])
  const { sessions } = await daemon.call("session.list", { usage: true })
  expect(sessions[0]?.usage?.tasks).toBeGreaterThanOrEqual(1)
})

it("does not take a stranger with the same pid for the session's program", () => {
  const stranger = {
    pid: 7,
    parent: 1,
    group: 7,
    session: 7,
    startTime: "200",
    zombie: false,
    state: "running" as const
  }
  const table = { list: () => [stranger], figures: () => ({ memoryBytes: 1, cpuMs: 1, threads: 1 }) }
  expect(treeUsage(table, [{ session: "a", pid: 7, startTime: "100" }]).size).toBe(0)
  expect(treeUsage(table, [{ session: "a", pid: 7, startTime: "200" }]).get("a")).toEqual({
    memoryBytes: 1,
    cpuMs: 1,
    tasks: 1
  })
})

it("reads a process's figures whatever its name is", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.nat(), (name, ticks, threads) => {
      const stat = `7 (${name}) S 1 7 7 0 -1 0 0 0 0 0 ${ticks} 2 3 4 20 0 ${threads} 0 100 0 0 0`
      expect(parseFigures(stat, "Name:\tx\nVmRSS:\t    12 kB\n")).toEqual({
        memoryBytes: 12 * 1024,
        cpuMs: (ticks + 9) * 10,
        threads
      })
    })
  )
  expect(parseFigures("7 (gone", "")).toBeNull()
})

it("finds a unit's control group, also from a program that made groups of its own below it", () => {
  const mounts = "1 2 0:1 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
  expect(mountPoint(mounts)).toBe("/sys/fs/cgroup/unified")
  expect(mountPoint("1 2 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n")).toBeNull()
  expect(groupOf("3:cpu:/x\n0::/user/a.service/b\n")).toBe("/user/a.service/b")
  expect(cutAfter("/sys/user/a.service/b", "a.service")).toBe("/sys/user/a.service")
  expect(cutAfter("/sys/user/aa.service", "a.service")).toBeNull()
})

it("counts processes where the kernel counts no memory of the group", () => {
  const group = { memoryBytes: null, cpuMs: 5, tasks: 3, oomKills: null, tasksRefused: null, processes: [1, 2] }
  const processOf = (pid: number) => (pid === 1 ? { memoryBytes: 10, cpuMs: 0, threads: 1 } : null)
  expect(usageFrom(group, processOf)).toEqual({ memoryBytes: 10, cpuMs: 5, tasks: 3 })
  expect(usageFrom({ ...group, memoryBytes: 99, oomKills: 1, tasksRefused: 2 }, processOf)).toEqual({
    memoryBytes: 99,
    cpuMs: 5,
    tasks: 3,
    oomKills: 1,
    tasksRefused: 2
  })
  expect(field("low 0\noom 3\noom_kill 2\n", "oom_kill")).toBe(2)
  expect(field(null, "oom_kill")).toBeNull()
})
