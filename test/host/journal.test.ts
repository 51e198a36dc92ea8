/** The journal's native protocol, on a real datagram socket that stands in for journald's. */
import { fstatSync, mkdtempSync, openSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { encodeEntry, type Fields, isJournal, Journal, MAX_FIELD_BYTES } from "../../src/host/service/Journal.ts"
import { DatagramSocket } from "../support/DatagramSocket.ts"
import { decodeEntry } from "../support/journalEntry.ts"

let folder: string
let path: string
let fallen: Array<Fields>
const journals: Array<Journal> = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agentd-journal-"))
  path = join(folder, "socket")
  fallen = []
})
afterEach(() => {
  for (const journal of journals.splice(0)) journal.close()
  rmSync(folder, { recursive: true })
})

const open = () => {
  const journal = new Journal({
    path,
    fallback: (fields) => void fallen.push(fields),
    lost: (count) => ({ MESSAGE: `${count} lost` })
  })
  journals.push(journal)
  return journal
}

const names = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/)

describe("an entry of the journal", () => {
  it("carries any value as it is, newlines, NULs and all, and no value becomes another field", () => {
    fc.assert(
      fc.property(
        fc.dictionary(names, fc.oneof(fc.string({ unit: "binary" }), fc.constant("a\nPRIORITY=0\n"))),
        (fields) => {
          const expected = Object.entries(fields).map(([name, value]) => [name, Buffer.from(value)] as const)
          expect(decodeEntry(encodeEntry(fields))).toEqual(expected)
        }
      )
    )
  })

  it("cuts what is too long for a datagram, not in the middle of a character", () => {
    for (const offset of [0, 1, 2, 3]) {
      const [[, value] = ["", Buffer.alloc(0)]] = decodeEntry(
        encodeEntry({ MESSAGE: "x".repeat(offset) + "€".repeat(MAX_FIELD_BYTES) })
      )
      expect(value.length).toBeLessThanOrEqual(MAX_FIELD_BYTES)
      expect(value.toString()).toMatch(/^x*€+ … \(\d+ bytes\)$/)
    }
  })
})

describe("the journal", () => {
  it("is sent each entry as one datagram", () => {
    using socket = new DatagramSocket(path)
    const journal = open()
    journal.write({ MESSAGE: "one", AGENTD_SESSION: "ses_1" })
    journal.write({ MESSAGE: "two\nlines" })
    expect(socket.take().map((bytes) => decodeEntry(bytes).map(([name, value]) => [name, String(value)]))).toEqual([
      [
        ["MESSAGE", "one"],
        ["AGENTD_SESSION", "ses_1"]
      ],
      [["MESSAGE", "two\nlines"]]
    ])
    expect(fallen).toEqual([])
  })

  it("is done without where there is none: nothing is lost", () => {
    open().write({ MESSAGE: "nobody listens" })
    expect(fallen).toEqual([{ MESSAGE: "nobody listens" }])
  })

  it("is found again after it was restarted", () => {
    const journal = open()
    {
      using first = new DatagramSocket(path)
      journal.write({ MESSAGE: "first" })
      expect(first.take()).toHaveLength(1)
    }
    journal.write({ MESSAGE: "between" })
    rmSync(path)
    using second = new DatagramSocket(path)
    journal.write({ MESSAGE: "second" })
    expect(fallen).toEqual([{ MESSAGE: "between" }])
    expect(second.take().map(String)).toEqual(["MESSAGE=second\n"])
  })

  it("that takes nothing for a while holds nobody up, and gets every line in order once it does", async () => {
    using socket = new DatagramSocket(path)
    const journal = open()
    const sent = 200
    for (let line = 0; line < sent; line++) journal.write({ MESSAGE: `line ${line}` })
    const taken: Array<string> = []
    while (taken.length < sent) {
      await socket.arrived()
      taken.push(...socket.take().map(String))
    }
    expect(taken).toEqual(Array.from({ length: sent }, (_, line) => `MESSAGE=line ${line}\n`))
    expect([fallen.length, journal.lost]).toEqual([0, 0])
  })

  it("that takes nothing for too long costs lines, which are counted and told, and bounded memory", async () => {
    using socket = new DatagramSocket(path)
    const journal = open()
    const long = "x".repeat(10_000)
    for (let line = 0; line < 500; line++) journal.write({ MESSAGE: `${line} ${long}` })
    expect(journal.lost).toBeGreaterThan(0)
    const { lost } = journal
    const taken: Array<string> = []
    while (!taken.some((text) => text === `MESSAGE=${lost} lost\n`)) {
      await socket.arrived()
      taken.push(...socket.take().map(String))
    }
    expect(taken.length).toBe(500 - lost + 1)
  })

  it("that is busy when the process ends is not waited for", () => {
    using _socket = new DatagramSocket(path)
    const journal = open()
    for (let line = 0; line < 100; line++) journal.write({ MESSAGE: `line ${line}` })
    journal.flush()
    expect(fallen.at(-1)).toEqual({ MESSAGE: "line 99" })
  })
})

describe("standard error is the journal's", () => {
  it("only when device and inode are those that systemd named", () => {
    const fd = openSync("/dev/null", "r")
    const { dev, ino } = fstatSync(fd)
    expect(isJournal(`${dev}:${ino}`, fd)).toBe(true)
    for (const other of [undefined, "", `${dev}:${ino + 1}`, `${dev + 1}:${ino}`, "x:y", `${dev}`])
      expect(isJournal(other, fd)).toBe(false)
    expect(isJournal(`${dev}:${ino}`, 999)).toBe(false)
  })
})
