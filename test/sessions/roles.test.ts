/** Several clients of one session: who may type, whose size counts, whose terminal answers. */
import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"
import type { LastingAttachment, LastingMessage } from "../../src/client/index.ts"
import type { AttachParams } from "../../src/contract/session/SessionTerminal.ts"
import { decideAnswerer, decideSize, type Role } from "../../src/sessions/attachment/Roles.ts"
import { openDaemon, type User } from "./support.ts"

const role = (id: string, fields: Partial<Role> = {}): Role => ({
  id,
  mode: "write",
  size: { cols: 80, rows: 24 },
  came: 1,
  active: 1,
  took: false,
  ...fields
})

const size = (cols: number, rows: number) => ({ cols, rows })

describe("the size of a session", () => {
  const one = role("one", { size: size(100, 20), came: 1, active: 5 })
  const two = role("two", { size: size(90, 40), came: 2, active: 7 })
  const roles = [
    one,
    two,
    role("viewer", { mode: "view", size: size(10, 10), active: 9 }),
    role("pipe", { size: null })
  ]

  it.each([
    ["latest", size(90, 40)],
    ["smallest", size(90, 20)],
    ["owner", size(100, 20)]
  ] as const)("is that of the %s", (policy, expected) => {
    expect(decideSize(policy, roles)).toEqual(expected)
  })

  it("is that of who took the session, for the owner", () => {
    expect(decideSize("owner", [one, { ...two, took: true }])).toEqual(size(90, 40))
  })

  it("stays as it is when nobody has a say", () => {
    for (const policy of ["latest", "smallest", "owner"] as const) expect(decideSize(policy, roles.slice(2))).toBeNull()
  })
})

describe("the terminal that answers", () => {
  it("is always one of those that may type, as long as there is one, and stays the same while it can", () => {
    const any = fc.record({
      id: fc.constantFrom<Array<string>>("a", "b", "c"),
      mode: fc.constantFrom("write" as const, "view" as const),
      size: fc.constantFrom(null, size(80, 24)),
      came: fc.nat(),
      active: fc.nat(),
      took: fc.boolean()
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(any, { selector: ({ id }) => id, maxLength: 3 }),
        fc.constantFrom(null, "a", "b", "c", "gone"),
        (roles, current) => {
          const able = roles.filter(({ mode, size }) => mode === "write" && size !== null).map(({ id }) => id)
          const chosen = decideAnswerer(current, roles)
          if (able.length === 0) expect(chosen).toBeNull()
          else expect(able).toContain(chosen)
          if (current !== null && able.includes(current)) expect(chosen).toBe(current)
        }
      )
    )
  })
})

/** Reads everything it is sent, and remembers what is not output. */
const open = async (user: User, params: AttachParams) => {
  const attachment = await user.client.attachLasting(params)
  onTestFinished(() => attachment[Symbol.asyncDispose]())
  const said: Array<LastingMessage> = []
  let look = () => {}
  void (async () => {
    for await (const message of attachment) {
      if (message.type !== "output") said.push(message)
      look()
    }
  })().catch(() => {})
  const told = <T extends LastingMessage["type"]>(type: T, wanted: (one: LastingMessage & { type: T }) => boolean) =>
    new Promise<void>((resolve) => {
      look = () => {
        const last = said.findLast((one): one is LastingMessage & { type: T } => one.type === type)
        if (last !== undefined && wanted(last)) resolve()
      }
      look()
    })
  return { attachment, said, told }
}

const modes = async (user: User, session: string) =>
  (await user.call("session.get", { session })).clients.map(({ mode }) => mode)

describe("taking a session", () => {
  const taken = async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty raw -echo; printf ready; cat")
    await daemon.printed(id, "ready")
    const first = await open(daemon, { session: id, cols: 80, rows: 24 })
    const second = await open(daemon, { session: id, cols: 90, rows: 30, mode: "take" })
    return { daemon, id, first, second }
  }

  it("makes everybody else a viewer, who is told so and cannot type any more", async () => {
    const { daemon, first, id, second } = await taken()
    await first.told("role", ({ mayType }) => !mayType)
    await first.told("notice", ({ text }) => /only watch/.test(text))
    expect(await modes(daemon, id)).toEqual(["view", "write"])
    await first.attachment.input(Buffer.from("not me"))
    await second.attachment.input(Buffer.from("me"))
    await daemon.printed(id, "readyme")
    expect((await daemon.call("session.get", { session: id })).cols).toBe(90)
  })

  it("can be answered in kind", async () => {
    const { daemon, first, id, second } = await taken()
    await first.told("role", ({ mayType }) => !mayType)
    first.attachment.take()
    await second.told("role", ({ mayType }) => !mayType)
    await first.told("role", ({ mayType }) => mayType)
    expect(await modes(daemon, id)).toEqual(["write", "view"])
  })

  it("lasts: whoever was away then comes back as a viewer, and whoever took it does not take it again", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["sleep", "60"])
    const token = (digit: string) => digit.repeat(24)
    const attach = async (params: Omit<AttachParams, "session">) => {
      const attachment = await daemon.client.attach({ session: id, cols: 80, rows: 24, ...params })
      onTestFinished(() => attachment[Symbol.asyncDispose]())
      return attachment
    }
    const away = await attach({ token: token("a") })
    await away.detach()
    await attach({ token: token("b"), mode: "take" })
    await attach({ token: token("a"), mode: "write" })
    expect(await modes(daemon, id)).toEqual(["write", "view"])
    // Somebody new may type beside.
    await attach({ token: token("c") })
    expect(await modes(daemon, id)).toEqual(["write", "view", "write"])
  })
})

describe("size policies", () => {
  const sized = async (policy: "latest" | "smallest" | "owner") => {
    const daemon = await openDaemon({ config: { "attach.size": policy } })
    const { id } = await daemon.start("stty raw -echo; printf ready; cat")
    await daemon.printed(id, "ready")
    const open = async (cols: number, rows: number): Promise<LastingAttachment> => {
      const attachment = await daemon.client.attachLasting({ session: id, cols, rows, from: "end" })
      onTestFinished(() => attachment[Symbol.asyncDispose]())
      return attachment
    }
    const now = async () => {
      const { cols, rows } = await daemon.call("session.get", { session: id })
      return [cols, rows]
    }
    return { open, now }
  }

  it("latest: who came, typed or changed its size last; and when that one leaves, who did before", async () => {
    const { now, open } = await sized("latest")
    const one = await open(100, 20)
    const two = await open(90, 40)
    expect(await now()).toEqual([90, 40])
    await one.input(Buffer.from("x"))
    expect(await now()).toEqual([100, 20])
    two.resize(91, 41)
    await expect.poll(now).toEqual([91, 41])
    await two.detach()
    await expect.poll(now).toEqual([100, 20])
    await one.detach()
    expect(await now()).toEqual([100, 20])
  })

  it("smallest: everybody sees all of it", async () => {
    const { now, open } = await sized("smallest")
    await open(100, 20)
    const two = await open(90, 40)
    expect(await now()).toEqual([90, 20])
    await two.detach()
    await expect.poll(now).toEqual([100, 20])
  })

  it("owner: who has been there longest", async () => {
    const { now, open } = await sized("owner")
    const one = await open(100, 20)
    await open(90, 40)
    expect(await now()).toEqual([100, 20])
    await one.detach()
    await expect.poll(now).toEqual([90, 40])
  })
})

describe("a question of the program", () => {
  it("is for one terminal only, from the first byte that no other was to answer", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("stty raw -echo; printf '0123456789'; cat")
    await daemon.printed(id, "9")
    const viewer = await open(daemon, { session: id, cols: 80, rows: 24, mode: "view", from: "start" })
    await viewer.told("role", ({ answers, mayType }) => !answers && !mayType)
    // Printed before anybody who answers was there: it is the first one's.
    const first = await open(daemon, { session: id, cols: 80, rows: 24, from: "start" })
    await first.told("role", ({ answers, from }) => answers && from === 0)
    const second = await open(daemon, { session: id, cols: 80, rows: 24, from: "start" })
    await second.told("role", ({ answers, mayType }) => !answers && mayType)
    await first.attachment.input(Buffer.from("abc"))
    await daemon.printed(id, "abc")
    await first.attachment.detach()
    await second.told("role", ({ answers, from }) => answers && from === 13)
  })
})
