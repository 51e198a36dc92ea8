import { expect, it } from "vitest"
import { ownUnit, parseProperties } from "../../src/host/service/ServiceManager.ts"
import { KeptTerminals } from "../../src/sessions/launching/KeptTerminals.ts"

const said = (count: number, limit: number) =>
  parseProperties(`NFileDescriptorStore=${count}\nFileDescriptorStoreMax=${limit}\n`)

it("knows that the store is full once it has been told the limit", () => {
  const kept = new KeptTerminals(["a", "b"])
  expect(kept.full).toBe(false)
  expect(kept.agrees(said(2, 3), kept.given)).toBe(true)
  kept.add("c")
  expect(kept.full).toBe(true)
  kept.delete("a")
  expect(kept.full).toBe(false)
})

it("notices that fewer are kept than were given", () => {
  const kept = new KeptTerminals([])
  kept.add("a")
  kept.add("b")
  expect(kept.agrees(said(1, 100), kept.given)).toBe(false)
  expect(kept.agrees(said(2, 100), kept.given)).toBe(true)
})

// A program that at once started another session was killed: the second terminal was missing in an answer from before it was given.
it("does not miss what was given, nor what was taken back, while the service manager answered", () => {
  const kept = new KeptTerminals(["a", "b"])
  const { given } = kept
  kept.add("c")
  expect(kept.agrees(said(2, 100), given)).toBe(true)
  expect(kept.agrees(said(2, 100), kept.given)).toBe(false)
  kept.delete("a")
  expect(kept.agrees(said(1, 100), given)).toBe(true)
})

it("suspects nothing when the service manager does not say", () => {
  const kept = new KeptTerminals(["a"])
  expect(kept.agrees({}, kept.given)).toBe(true)
  expect(kept.limit).toBe(Number.POSITIVE_INFINITY)
})

it("finds the unit of a process in its control groups", () => {
  const user = "/user.slice/user-1000.slice/user@1000.service"
  expect(ownUnit(`0::${user}/app.slice/app-agentd.slice/agentd.service\n`)).toBe("agentd.service")
  expect(ownUnit(`2:cpu:/\n1:name=systemd:${user}/app.slice/x.service\n0::/\n`)).toBe("x.service")
  expect(ownUnit(`0::${user}/session.slice/some.scope\n`)).toBe(null)
  expect(ownUnit("0::/\n")).toBe(null)
})
