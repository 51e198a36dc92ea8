import { expect, it } from "vitest"
import { ownUnit, parseProperties } from "../../src/host/service/ServiceManager.ts"
import { KeptTerminals } from "../../src/sessions/launching/KeptTerminals.ts"

const said = (count: number, limit: number) =>
  parseProperties(`NFileDescriptorStore=${count}\nFileDescriptorStoreMax=${limit}\n`)

it("knows that the store is full once it has been told the limit", () => {
  const kept = new KeptTerminals(["a", "b"])
  expect(kept.full).toBe(false)
  expect(kept.agrees(said(2, 3))).toBe(true)
  kept.add("c")
  expect(kept.full).toBe(true)
  kept.delete("a")
  expect(kept.full).toBe(false)
})

it("notices that fewer are kept than were given", () => {
  const kept = new KeptTerminals([])
  kept.add("a")
  kept.add("b")
  expect(kept.agrees(said(1, 100))).toBe(false)
  expect(kept.agrees(said(2, 100))).toBe(true)
})

it("suspects nothing when the service manager does not say", () => {
  const kept = new KeptTerminals(["a"])
  expect(kept.agrees({})).toBe(true)
  expect(kept.limit).toBe(Number.POSITIVE_INFINITY)
})

it("finds the unit of a process in its control groups", () => {
  const user = "/user.slice/user-1000.slice/user@1000.service"
  expect(ownUnit(`0::${user}/app.slice/app-agentd.slice/agentd.service\n`)).toBe("agentd.service")
  expect(ownUnit(`2:cpu:/\n1:name=systemd:${user}/app.slice/x.service\n0::/\n`)).toBe("x.service")
  expect(ownUnit(`0::${user}/session.slice/some.scope\n`)).toBe(null)
  expect(ownUnit("0::/\n")).toBe(null)
})
