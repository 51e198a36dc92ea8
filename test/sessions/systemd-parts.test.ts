import * as fc from "fast-check"
import { expect, it } from "vitest"
import { endOf, parseEnd } from "../../src/host/service/ExitRecords.ts"
import { takeInherited } from "../../src/host/service/FdStore.ts"
import { literally, parseStates } from "../../src/host/service/ServiceManager.ts"

it("reads how a unit ended from what it recorded", () => {
  expect(parseEnd("success exited 0\n")).toEqual({ result: "success", code: 0, signal: null })
  expect(parseEnd("exit-code exited 37\n")).toEqual({ result: "exit-code", code: 37, signal: null })
  expect(parseEnd("signal killed TERM\n")).toEqual({ result: "signal", code: null, signal: "SIGTERM" })
  expect(parseEnd("core-dump dumped SEGV\n")).toEqual({ result: "core-dump", code: null, signal: "SIGSEGV" })
  expect(parseEnd("oom-kill killed 9\n")).toEqual({ result: "oom-kill", code: null, signal: "SIGKILL" })
  expect(parseEnd("")).toBeNull()
})

it("reads it from a failed unit's properties when nothing was recorded", () => {
  const failed = { ActiveState: "failed", Result: "signal", ExecMainCode: "2", ExecMainStatus: "9" }
  expect(endOf(failed)).toEqual({ result: "signal", code: null, signal: "SIGKILL" })
  expect(endOf({ ...failed, Result: "exit-code", ExecMainCode: "1", ExecMainStatus: "3" })?.code).toBe(3)
  expect(endOf({ ...failed, ActiveState: "active" })).toBeNull()
  expect(endOf(undefined)).toBeNull()
})

it("takes the descriptors that are meant for this process, and no variable survives", () => {
  const env = { LISTEN_PID: "7", LISTEN_FDS: "2", LISTEN_FDNAMES: "api:", OTHER: "1" }
  expect(takeInherited(env, 7)).toEqual([
    { fd: 3, name: "api" },
    { fd: 4, name: "unknown" }
  ])
  expect(env).toEqual({ OTHER: "1" })
  for (const wrong of [{ LISTEN_PID: "8" }, { LISTEN_FDS: "x" }, { LISTEN_FDS: "-1" }, { LISTEN_FDS: "1.5" }, {}]) {
    const given: Record<string, string | undefined> = { LISTEN_PID: "7", LISTEN_FDNAMES: "api", ...wrong }
    expect(takeInherited(given, 7)).toEqual([])
  }
})

it("reads the states of units", () => {
  const text = "a.service loaded active running agentd session\n  b.service loaded failed failed x\n\n"
  expect([...parseStates(text)]).toEqual([
    ["a.service", "active"],
    ["b.service", "failed"]
  ])
})

it("writes an argument so that systemd makes the same of it", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("$", "{", "}", "a", "\\", " ") }), (argument) => {
      expect(literally(argument).replaceAll("$$", "\0").includes("$")).toBe(false)
      expect(literally(argument).replaceAll("$$", "$")).toBe(argument)
    })
  )
})
