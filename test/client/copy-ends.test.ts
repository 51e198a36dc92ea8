/** The two ends of a copy, joined in this process, with what the other one may do wrong. */
import { createHash, randomBytes } from "node:crypto"
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join, relative, resolve } from "node:path"
import { PassThrough } from "node:stream"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Channel } from "../../src/client/files/Channel.ts"
import { partialName } from "../../src/client/files/Destination.ts"
import { checkEntries } from "../../src/client/files/Entries.ts"
import { receiveFiles } from "../../src/client/files/receiveFiles.ts"
import { sendFiles } from "../../src/client/files/sendFiles.ts"
import { CopyFrame, type Entry } from "../../src/contract/CopyFrames.ts"

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "agentd-copy-"))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const nothing = async () => {}
const at = (path: string) => join(root, path)

const ends = () => {
  const [there, back] = [new PassThrough(), new PassThrough()]
  return { reader: new Channel(back, there), writer: new Channel(there, back) }
}

/** Both to their end; what each threw. */
const copied = async (record: () => Promise<void> = nothing, force = false) => {
  const { reader, writer } = ends()
  const end = async <A>(channel: Channel, work: Promise<A>) => {
    try {
      return await work
    } catch (error) {
      await channel.fail(error)
      throw error
    }
  }
  const [sent, received] = await Promise.allSettled([
    end(reader, sendFiles({ channel: reader, source: at("source"), base: null, skip: false, record })),
    end(
      writer,
      receiveFiles({ channel: writer, wanted: { path: at("copy"), base: null, name: "n", force }, record: nothing })
    )
  ])
  return { sent, received }
}

/** What the writing end says to a reader that sends these frames. */
const toldBy = async (frames: ReadonlyArray<readonly [CopyFrame, unknown]>) => {
  const { reader, writer } = ends()
  const working = receiveFiles({
    channel: writer,
    wanted: { path: at("copy"), base: null, name: "n", force: true },
    record: nothing
  })
  for (const [type, value] of frames) {
    if (value instanceof Uint8Array) await reader.send(type, value)
    else await reader.sendJson(type, value)
  }
  return working.then(
    () => "done",
    (error: Error) => error.message
  )
}

const listing = (...entries: ReadonlyArray<Partial<Entry>>) =>
  [
    [CopyFrame.Entries, entries],
    [CopyFrame.Listed, new Uint8Array()]
  ] as const
const file = (path: string, size = 1) => ({ path, type: "file", mode: 0o600, size }) as const
const directory = (path: string) => ({ path, type: "directory", mode: 0o700, size: 0 }) as const
const link = (path: string, target: string) => ({ path, type: "link", mode: 0o777, size: 0, target }) as const

describe("a copy", () => {
  it("whose source changes while it is read puts nothing in place", async () => {
    writeFileSync(at("source"), randomBytes(3_000_000))
    // Between the listing and the reading: the one moment that is the same on every machine.
    const { received, sent } = await copied(async () => appendFileSync(at("source"), "more"))
    for (const { reason } of [sent, received] as ReadonlyArray<PromiseRejectedResult>) {
      expect(reason.message).toMatch(/was changed while it was copied/)
    }
    expect(existsSync(at("copy"))).toBe(false)
  })

  it("takes up what an attempt before has left, if it is the beginning of the same", async () => {
    const bytes = randomBytes(1_000_000)
    writeFileSync(at("source"), bytes)
    writeFileSync(at(partialName("copy")), bytes.subarray(0, 600_000), { mode: 0o400 })
    expect((await copied()).received).toMatchObject({ status: "fulfilled", value: { resumed: 600_000 } })
    expect(readFileSync(at("copy")).equals(bytes)).toBe(true)
  })

  it("begins anew where it is not", async () => {
    const bytes = randomBytes(1_000_000)
    writeFileSync(at("source"), bytes)
    writeFileSync(at(partialName("copy")), randomBytes(600_000))
    expect((await copied()).received).toMatchObject({ status: "fulfilled", value: { resumed: 0 } })
    expect(readFileSync(at("copy")).equals(bytes)).toBe(true)
  })

  it("that cannot be written down is not made", async () => {
    writeFileSync(at("source"), "x")
    const { received, sent } = await copied(async () => {
      throw new Error("the store is full")
    })
    expect([sent.status, received.status]).toEqual(["rejected", "rejected"])
    expect(existsSync(at("copy"))).toBe(false)
  })

  it("replaces a file that is there only with force, and never a link", async () => {
    writeFileSync(at("source"), "new")
    writeFileSync(at("copy"), "old")
    expect((await copied()).sent).toMatchObject({ reason: { tag: "Conflict", message: /--force/ } })
    expect(readFileSync(at("copy"), "utf8")).toBe("old")
    expect((await copied(nothing, true)).sent).toMatchObject({ status: "fulfilled" })
    expect(readFileSync(at("copy"), "utf8")).toBe("new")
    rmSync(at("copy"))
    symlinkSync("source", at("copy"))
    expect((await copied(nothing, true)).sent).toMatchObject({ reason: { tag: "NotAllowed" } })
  })

  it("of what is not there says so at both ends", async () => {
    const { received, sent } = await copied()
    for (const one of [sent, received]) expect(one).toMatchObject({ reason: { tag: "BadDirectory" } })
  })

  it("into a directory replaces files there, keeps others, and with a refusal leaves all as it was", async () => {
    mkdirSync(at("source/sub"), { recursive: true })
    writeFileSync(at("source/sub/a"), "new")
    writeFileSync(at("source/b"), "new")
    mkdirSync(at("copy/n/sub"), { recursive: true })
    writeFileSync(at("copy/n/sub/a"), "old")
    writeFileSync(at("copy/n/sub/other"), "other")
    mkdirSync(at("copy/n/b"))
    expect((await copied(nothing, true)).received).toMatchObject({ status: "rejected" })
    expect(readFileSync(at("copy/n/sub/a"), "utf8")).toBe("old")
    rmSync(at("copy/n/b"), { recursive: true })
    expect((await copied(nothing, true)).received).toMatchObject({ status: "fulfilled" })
    expect(readFileSync(at("copy/n/sub/a"), "utf8")).toBe("new")
    expect(readdirSync(at("copy"))).toEqual(["n"])
    expect(readdirSync(at("copy/n"), { recursive: true }).sort()).toEqual(["b", "sub", "sub/a", "sub/other"])
  })
})

describe("the end that writes", () => {
  it.each([
    ["a path that leads up", listing(directory(""), file("../x")), /leads elsewhere/],
    ["an absolute path", listing(directory(""), file("/etc/x")), /leads elsewhere|not in a directory/],
    ["a file below a link", listing(directory(""), link("l", "d"), file("l/x")), /not in a directory that is copied/],
    ["a link that leads out", listing(directory(""), link("l", "../../etc")), /leads out/],
    ["a link alone", listing(link("", "x")), /not below what is copied/],
    ["the same twice", listing(directory(""), file("a"), file("a")), /listed twice/],
    ["no list at all", [[CopyFrame.Entries, "nothing"]] as const, /not asked for/],
    ["an oversize list", listing({ path: "", type: "file", mode: 0, size: -1 }), /neither file, directory nor link/]
  ])("refuses %s", async (_, frames, why) => {
    expect(await toldBy(frames as ReadonlyArray<readonly [CopyFrame, unknown]>)).toMatch(why)
    expect(readdirSync(root)).toEqual([])
  })

  it.each([
    ["other bytes than their checksum", "b", createHash("sha256").update("a").digest("hex")],
    ["more bytes than were listed", "ab", createHash("sha256").update("ab").digest("hex")],
    ["no checksum", "a", null]
  ])("puts nothing in place for %s", async (_, data, sha256) => {
    const frames = [
      ...listing(file("")),
      [CopyFrame.File, { index: 0, offset: 0 }],
      [CopyFrame.Data, Buffer.from(data)],
      [CopyFrame.End, { sha256 }]
    ] as const
    expect(await toldBy(frames)).toMatch(/checksum of the copy is not what/)
    expect(existsSync(at("copy"))).toBe(false)
  })

  it("never takes a list that reaches outside of what is copied", () => {
    const part = fc.constantFrom("a", "b", "..", ".", "", "c/d", "\0")
    const path = fc.array(part, { maxLength: 4 }).map((parts) => parts.join("/"))
    const entry = fc.oneof(
      path.map((it) => file(it)),
      path.map((it) => directory(it)),
      fc.tuple(path, path).map(([it, target]) => link(it, target))
    )
    const taken = (entries: ReadonlyArray<Entry>) => {
      try {
        return checkEntries(entries)
      } catch {
        return []
      }
    }
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const list = taken([directory(""), ...entries])
        const links = list.filter(({ type }) => type === "link")
        const inside = (way: string) => !relative("/root", resolve("/root", way)).startsWith("..")
        for (const one of list) {
          expect(inside(one.path)).toBe(true)
          expect(links.some(({ path: above }) => one.path.startsWith(`${above}/`))).toBe(false)
        }
        for (const { path: from, target } of links) expect(inside(join(from, "..", target!))).toBe(true)
      })
    )
  })
})
