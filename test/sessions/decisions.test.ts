/** The decisions of the sessions' room, without a process or a file. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Exit } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Process } from "../../src/host/processes/ProcessTable.ts"
import { parseStat } from "../../src/host/processes/ProcessTable.ts"
import { MAX_BEHIND_BYTES, planStep } from "../../src/sessions/attachment/PlanStep.ts"
import { selectTree } from "../../src/sessions/launching/ProcessTree.ts"
import { unitOf } from "../../src/sessions/launching/SessionUnit.ts"
import { moving, whole } from "../../src/sessions/launching/StandStill.ts"
import { remembered, sessionOf } from "../../src/sessions/reach/Membership.ts"
import { checkDirectory, resolveCommand } from "../../src/sessions/starting/Command.ts"
import { generateName } from "../../src/sessions/starting/Names.ts"
import { plainText } from "../../src/sessions/transcript/PlainText.ts"
import { wholeLength } from "../../src/sessions/transcript/WholeText.ts"
import { temporary } from "./support.ts"

const exit = { code: 0, signal: null, by: "program", took: null, at: 0 } as const

describe("what an attached client is sent next", () => {
  it("is nothing while there is nothing, and the end after the last byte", () => {
    expect(planStep(10, { start: 0, end: 10, exit: null }, "screen")).toEqual({ send: "nothing" })
    expect(planStep(10, { start: 0, end: 10, exit }, "screen")).toEqual({ send: "exit" })
  })

  it("comes from memory while it is there, else from the transcript", () => {
    expect(planStep(5, { start: 5, end: 10, exit: null }, "bytes")).toMatchObject({ send: "recent", from: 5 })
    expect(planStep(4, { start: 5, end: 10, exit }, "bytes")).toMatchObject({ send: "recorded", from: 4 })
  })

  it("is the screen for a terminal that is too far behind, and never for one that wants every byte", () => {
    const feed = { start: MAX_BEHIND_BYTES, end: MAX_BEHIND_BYTES + 1, exit: null }
    expect(planStep(0, feed, "screen")).toEqual({ send: "screen" })
    expect(planStep(1, feed, "screen")).toMatchObject({ send: "recorded" })
    expect(planStep(0, feed, "bytes")).toMatchObject({ send: "recorded" })
  })

  it("always brings it forward until the end, and the end only then", () => {
    const offsets = fc.tuple(fc.nat(1e9), fc.nat(1e9), fc.nat(1e9)).map((all) => [...all].sort((a, b) => a - b))
    fc.assert(
      fc.property(
        offsets,
        fc.boolean(),
        fc.constantFrom("screen" as const, "bytes" as const),
        ([a, b, c], ended, lossy) => {
          for (const [cursor, start] of [
            [a!, b!],
            [b!, a!]
          ] as const) {
            const step = planStep(cursor, { start, end: c!, exit: ended ? exit : null }, lossy)
            if (step.send === "nothing" || step.send === "exit") expect(cursor).toBe(c!)
            else if (step.send === "recent")
              expect([step.from, cursor >= start, step.limit > 0]).toEqual([cursor, true, true])
            else if (step.send === "recorded")
              expect([step.from, cursor < start, step.limit > 0]).toEqual([cursor, true, true])
            else expect([lossy, cursor < start]).toEqual(["screen", true])
            expect(step.send === "exit").toBe(ended && cursor === c!)
          }
        }
      )
    )
  })
})

const process = (pid: number, parent: number, session = parent, zombie = false): Process => ({
  pid,
  parent,
  group: pid,
  session,
  startTime: "1",
  zombie,
  state: "running"
})

describe("a session's process tree", () => {
  const machine = [
    process(1, 0),
    process(50, 1),
    process(100, 50, 100),
    process(101, 100, 100),
    process(102, 101, 102),
    process(103, 1, 100),
    process(104, 103, 104),
    process(105, 1, 105),
    process(106, 105, 105),
    process(107, 100, 100, true),
    process(200, 50, 200)
  ]
  const none = () => false
  const sorted = (pids: ReadonlyArray<number>) => [...pids].sort((a, b) => a - b)

  it("is its descendants, its kernel session, whoever is marked, and their descendants", () => {
    const root = { pid: 100, alive: true }
    expect(sorted(selectTree(machine, root, none))).toEqual([100, 101, 102, 103, 104])
    expect(sorted(selectTree(machine, root, (pid) => pid === 105))).toEqual([100, 101, 102, 103, 104, 105, 106])
  })

  it("is only who is marked once its root is gone, whose number may be a stranger's", () => {
    expect(selectTree(machine, { pid: 100, alive: false }, none)).toEqual([])
    expect(sorted(selectTree(machine, { pid: 200, alive: false }, (pid) => pid === 103))).toEqual([103, 104])
  })

  it("never holds a process that is neither below, nor of the session, nor marked", () => {
    const table = fc.uniqueArray(
      fc.record({ pid: fc.integer({ min: 2, max: 60 }), parent: fc.nat(60), session: fc.nat(60) }),
      {
        selector: ({ pid }) => pid,
        maxLength: 40
      }
    )
    fc.assert(
      fc.property(table, fc.array(fc.nat(60)), (rows, marks) => {
        const processes = rows.map(({ parent, pid, session }) => process(pid, parent, session))
        const [root] = processes
        if (root === undefined) return
        const tree = new Set(selectTree(processes, { pid: root.pid, alive: true }, (pid) => marks.includes(pid)))
        for (const { parent, pid, session } of processes) {
          const belongs = pid === root.pid || session === root.pid || marks.includes(pid) || tree.has(parent)
          expect(tree.has(pid)).toBe(belongs)
        }
      })
    )
  })
})

describe("a process tree that is made to stand still", () => {
  const machine = [
    process(100, 50, 100),
    { ...process(101, 100, 100), state: "stopped" as const },
    { ...process(102, 100, 100), state: "waiting" as const },
    process(103, 100, 103),
    process(104, 1, 103),
    process(105, 100, 105),
    process(200, 105, 105, true)
  ].map((one) => ({ ...one, group: one.session }))
  const tree = new Set([100, 101, 102, 103, 105])

  it("is told by its groups where nobody else living is in them, and one by one", () => {
    expect(whole(machine, tree)).toEqual({ groups: [100, 105], pids: [100, 101, 102, 103, 105] })
    const everybody = [process(7, 1, 0), process(8, 1, 1)].map((one) => ({ ...one, group: one.session }))
    expect(whole(everybody, new Set([7, 8])).groups).toEqual([])
  })

  it("stands when all are stopped, or wait in the kernel and have been told", () => {
    expect([...moving(machine, tree, new Map())]).toEqual([100, 102, 103, 105])
    const { startTime } = machine[2]!
    expect([...moving(machine, tree, new Map([[102, startTime]]))]).toEqual([100, 103, 105])
    expect([...moving(machine, tree, new Map([[102, `${startTime}1`]]))]).toEqual([100, 102, 103, 105])
  })
})

describe("the session a process runs in", () => {
  const table = new Map(
    [process(10, 1, 10), process(11, 10, 10), process(12, 11, 12), process(13, 1, 20), process(9, 1)].map((one) => [
      one.pid,
      one
    ])
  )
  const of = (pid: number) =>
    sessionOf(
      pid,
      { get: (wanted) => table.get(wanted) ?? null, units: (wanted) => (wanted === 21 ? [unitOf("c")] : []) },
      [
        { id: "a", pid: 10 },
        { id: "b", pid: 20 },
        { id: "c", pid: null }
      ]
    )

  it("is the one whose program it is or descends from, or whose kernel session it is in", () => {
    expect([10, 11, 12].map(of)).toEqual(["a", "a", "a"])
    expect(of(13)).toBe("b")
  })

  it("is the one whose control group holds it, however far it moved from its parents", () => {
    expect(of(21)).toBe("c")
  })

  it("is none for others, and for a process that is gone", () => {
    expect([9, 99].map(of)).toEqual([null, null])
  })

  it("is looked for again only while it could become another one", () => {
    let answer: string | null = null
    let looks = 0
    const entries = new Map<string, { readonly record: { pid: number | null } }>()
    let added = 0
    const add = (id: string, pid: number | null) => {
      added += 1
      const record = { pid }
      entries.set(id, { record })
      return record
    }
    const look = () => {
      looks += 1
      return answer
    }
    const ask = remembered(look, { entries, added: () => added })
    expect([ask(), ask(), looks]).toEqual([null, null, 1])
    const starting = add("a", null)
    expect([ask(), ask(), looks]).toEqual([null, null, 3])
    starting.pid = 10
    expect([ask(), ask(), looks]).toEqual([null, null, 4])
    add("b", 20)
    answer = "b"
    expect([ask(), ask(), looks]).toEqual(["b", "b", 5])
  })

  it("is none where processes are each other's parents", () => {
    const circle = { get: (pid: number) => process(pid, pid === 5 ? 6 : 5, 0), units: () => [] }
    expect(sessionOf(5, circle, [{ id: "a", pid: 10 }])).toBeNull()
  })
})

describe("finding a program", () => {
  const prepare = () => {
    const root = temporary()
    for (const name of ["a", "b", "c"]) mkdirSync(join(root, name))
    const file = (path: string, mode: number) => {
      writeFileSync(join(root, path), "#!/bin/sh\n")
      chmodSync(join(root, path), mode)
    }
    file("a/plain", 0o644)
    file("b/plain", 0o755)
    file("b/tool", 0o755)
    file("c/tool", 0o755)
    file("a/text", 0o644)
    mkdirSync(join(root, "a/folder"))
    mkdirSync(join(root, "a/tool"))
    symlinkSync(join(root, "c/tool"), join(root, "c/link"))
    symlinkSync(join(root, "nowhere"), join(root, "c/broken"))
    const path = ["a", "b", "c"].map((name) => join(root, name)).join(":")
    const find = (command: string, cwd = root, search: string | undefined = path) =>
      Effect.runSync(
        resolveCommand(command, cwd, search).pipe(
          Effect.map((found) => found.replace(`${root}/`, "")),
          Effect.catch((error) => Effect.succeed(error._tag))
        )
      )
    return { root, find }
  }

  it("takes the first in the path that can be run, as a shell does", () => {
    const { find } = prepare()
    expect(find("tool")).toBe("b/tool")
    expect(find("plain")).toBe("b/plain")
    expect(find("link")).toBe("c/link")
  })

  it("takes a name with a slash from where the program will run", () => {
    const { find, root } = prepare()
    expect(find("./tool", join(root, "c"))).toBe("c/tool")
    expect(find("c/tool")).toBe("c/tool")
    expect(find("../b/tool", join(root, "c"))).toBe("b/tool")
    expect(find(join(root, "b/tool"), "/")).toBe("b/tool")
    expect(find("tool", join(root, "c"), ".:")).toBe("c/tool")
  })

  it("tells what is not there from what cannot be run", () => {
    const { find } = prepare()
    expect(find("none")).toBe("CommandNotFound")
    expect(find("broken")).toBe("CommandNotFound")
    expect(find("")).toBe("CommandNotFound")
    expect(find("text")).toBe("CommandNotExecutable")
    expect(find("folder")).toBe("CommandNotExecutable")
    expect(find("a/text/below")).toBe("CommandNotFound")
    expect(find("x".repeat(5_000))).not.toBe("x")
  })

  it("looks where every system has its programs when there is no path", () => {
    expect(Effect.runSync(resolveCommand("sh", "/", undefined))).toMatch(/\/bin\/sh$/)
  })

  it("needs a directory to run it in", () => {
    const { root } = prepare()
    const check = (path: string) => Exit.isSuccess(Effect.runSyncExit(checkDirectory(path)))
    expect([root, join(root, "a/text"), join(root, "no"), "relative", ""].map(check)).toEqual([
      true,
      false,
      false,
      false,
      false
    ])
  })
})

describe("names made up for sessions", () => {
  it("are names, and not one that is taken, however many are", async () => {
    const taken = new Set<string>()
    for (let n = 0; n < 10_000; n++) {
      const name = Effect.runSync(generateName((one) => taken.has(one)))
      expect(name).toMatch(/^[a-z0-9][a-z0-9._-]{0,63}$/)
      taken.add(name)
    }
    expect(taken.size).toBe(10_000)
  })
})

describe("a line of /proc/PID/stat", () => {
  it("is read although the program's name has spaces and parentheses in it", () => {
    const line = "42 (a) b (c)) S 1 42 42 34816 42 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2 3"
    expect(parseStat(42, line)).toEqual({
      pid: 42,
      parent: 1,
      group: 42,
      session: 42,
      startTime: "987654",
      zombie: false,
      state: "running"
    })
    expect(parseStat(42, line.replace(" S ", " Z "))!.zombie).toBe(true)
    expect(parseStat(42, "42 (x) S 1")).toBeNull()
    expect(parseStat(42, "")).toBeNull()
  })
})

describe("cutting output for text", () => {
  const pieces = fc.constantFrom(
    "a",
    "é",
    "€",
    "😀",
    "\n",
    "\u001b[31m",
    "\u001b[38;5;1m",
    "\u001b]0;t é\u0007",
    "\u001b]8;;x\u001b\\",
    "\u001b(B",
    "\u001bM",
    "\u001bP1q\u001b\\",
    "\u001b[?25h"
  )

  it("leaves halves of nothing: the parts give the same text as the whole", () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), fc.integer({ min: 1, max: 40 }), (all, size) => {
        const bytes = Buffer.from(all.join(""))
        let text = ""
        for (let from = 0; from < bytes.length; ) {
          let limit = size
          let length = 0
          while (length === 0) {
            const part = bytes.subarray(from, from + limit)
            length = from + limit >= bytes.length ? part.length : wholeLength(part)
            limit += size
          }
          text += plainText(bytes.subarray(from, from + length))
          from += length
        }
        expect(text).toBe(plainText(bytes))
      })
    )
  })

  it("holds back little, whatever comes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const length = wholeLength(bytes)
        expect(length).toBeLessThanOrEqual(bytes.length)
        expect(length).toBeGreaterThanOrEqual(0)
      })
    )
    const endless = Buffer.concat([Buffer.from("\u001b]"), Buffer.alloc(10_000, "x")])
    expect(wholeLength(endless)).toBe(endless.length)
  })
})
