/** The decisions of synchronisation, each by itself: what lies where, what a file holds, what is a secret, what git has said. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { addressOf } from "../../src/sync/Address.ts"
import {
  ofConnection,
  ofDamage,
  ofSize,
  parseBatch,
  parseChanges,
  parseSizes,
  rejection,
  sentence
} from "../../src/sync/gitAnswers.ts"
import { mergeFile } from "../../src/sync/mergeFile.ts"
import { outgoing } from "../../src/sync/Outgoing.ts"
import { scrub } from "../../src/sync/Secrets.ts"
import { encodeLine, parseFile, parseLine, type ShardEvent } from "../../src/sync/ShardLine.ts"
import { parsePath, pathOf, placeOf } from "../../src/sync/ShardPath.ts"

const ORIGIN = "ins_000000000000000000AB"
const event = (seq: number, text = "x"): ShardEvent => ({
  id: `evt_${String(seq).padStart(26, "0")}`,
  at: 1_000 + seq,
  type: "t",
  body: JSON.stringify({ type: "t", text }),
  origin: ORIGIN,
  seq,
  clock: seq.toString(16).padStart(16, "0")
})
const someEvent = fc
  .tuple(fc.integer({ min: 1, max: 10 ** 12 }), fc.string({ unit: "binary" }))
  .map(([n, text]) => event(n, text))

describe("a line", () => {
  it("is read as it was written, whatever is in it", () => {
    fc.assert(
      fc.property(someEvent, (one) => {
        const line = encodeLine(one)
        expect(line).not.toContain("\n")
        expect(parseLine(line)).toMatchObject({ _tag: "event", event: one })
      })
    )
  })

  it("with any character changed, added or missing is not read", () => {
    fc.assert(
      fc.property(someEvent, fc.nat(), fc.string({ maxLength: 2 }), (one, at, other) => {
        const line = encodeLine(one)
        const index = at % line.length
        const changed = line.slice(0, index) + other + line.slice(index + 1)
        fc.pre(changed !== line)
        expect(parseLine(changed)._tag).toBe("unreadable")
      })
    )
  })

  it("that is anything at all is data, and never a failure", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseFile(bytes)))
  })
})

describe("a path", () => {
  it("is where a line belongs, and nothing else is one", () => {
    fc.assert(
      fc.property(someEvent, fc.boolean(), (one, long) => {
        const place = placeOf(ORIGIN, one.seq, long ? "x".repeat(40_000) : "x")
        expect(parsePath(pathOf(place))).toEqual(place)
      })
    )
    for (const wrong of [
      "v1/../x.jsonl",
      `v1/${ORIGIN}/000001/000001.jsonl`,
      `v1/${ORIGIN}/000000/1.jsonl`,
      `v1/${ORIGIN}/000000/000000-65.jsonl`,
      `v2/${ORIGIN}/000000/000000.jsonl`
    ]) {
      expect(parsePath(wrong), wrong).toBeNull()
    }
  })
})

describe("a file", () => {
  const place = { origin: ORIGIN, segment: 0, seq: null }
  const ofSegment = fc.uniqueArray(fc.integer({ min: 1, max: 64 })).map((numbers) => numbers.map((n) => event(n)))
  const empty = new Uint8Array()
  const merged = (there: Uint8Array, ours: ReadonlyArray<ShardEvent>) => mergeFile(place, there, ours).content ?? there

  it("is the same whoever writes first, and a second time changes nothing", () => {
    fc.assert(
      fc.property(ofSegment, ofSegment, (a, b) => {
        const [ab, ba] = [merged(merged(empty, a), b), merged(merged(empty, b), a)]
        expect(Buffer.from(ab)).toEqual(Buffer.from(ba))
        expect(mergeFile(place, ab, [...a, ...b]).content).toBeNull()
      })
    )
  })

  it("keeps every line that lies there, also what nobody can read", () => {
    fc.assert(
      fc.property(ofSegment, fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 64 }), (a, junk, n) => {
        const before = Buffer.concat([Buffer.from(merged(empty, a)), Buffer.from(junk)])
        const after = Buffer.from(merged(before, [event(n)]))
          .toString("latin1")
          .split("\n")
        for (const line of before.toString("latin1").split("\n")) if (line !== "") expect(after).toContain(line)
      })
    )
  })

  it("leaves a number that another event has taken to that one, and says so", () => {
    const there = merged(empty, [event(3)])
    const other = { ...event(3), id: `evt_${"7".repeat(26)}` }
    expect(mergeFile(place, there, [other])).toEqual({ content: null, added: 0, conflicts: [3] })
  })
})

describe("what leaves", () => {
  it.each([
    `ghp_${"a1".repeat(18)}`,
    "AKIAIOSFODNN7EXAMPLE",
    "postgres://ada:hunter2@db/x",
    "password=correct1horse2",
    'DB_TOKEN: "8d7f6a5s4d3f2g1h"',
    "Authorization: Bearer abc123def456ghi",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----"
  ])("%j is held", (secret) => {
    const { kinds, text } = scrub(`look: ${secret} .`)
    expect(kinds).not.toEqual([])
    expect(scrub(text).kinds).toEqual([])
    const body = JSON.stringify({ type: "message.sent", text: `look: ${secret}`, key: "k", recipients: [] })
    expect(outgoing("message.sent", body)).toMatchObject({ do: "hold" })
  })

  it.each([
    "please look at 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "the token: it is missing; auth: done, key: value",
    "git@github.com:o/r.git and ssh://git@host/x and https://host/path",
    "msg_01AKIAQ4V6T9W2X5Y7Z0A3B6C9 and ses_01JZ8Q4V6T9W2X5Y7Z0A3B6C9D",
    "password is in the safe",
    "Basic understanding of bearer tokens"
  ])("%j is not", (text) => expect(scrub(text)).toEqual({ text, kinds: [] }))

  it("is nothing but what is listed", () => {
    const stored = { type: "agent.registered", name: "a", worktree: "/secret/path", later: "unknown" }
    expect(outgoing("agent.registered", JSON.stringify(stored))).toEqual({
      do: "send",
      body: JSON.stringify({ type: "agent.registered", name: "a", worktree: null, later: null })
    })
    expect(outgoing("session.started", "{}")).toEqual({ do: "keep" })
  })
})

describe("an address", () => {
  it.each([
    ["https://host/o/r.git", "https://host/o/r.git"],
    ["git@host:o/r.git", "git@host:o/r.git"],
    ["host:r", "host:r"],
    ["/srv/r.git", "/srv/r.git"],
    ["../r.git", "/home/ada/r.git"]
  ])("%j is %j", (url, ok) => expect(addressOf(url, "/home/ada/work")).toEqual({ ok }))

  it.each(["ext::sh -c id", "https://ada:secret@host/r", "-oProxyCommand=id", "fd::3", "foo://x", "a\nb"])(
    "%j is refused, without repeating what is secret",
    (url) => {
      const { refused } = addressOf(url, "/") as { refused: string }
      expect(refused).toBeTruthy()
      expect(refused).not.toContain("secret")
    }
  )
})

describe("what git says", () => {
  it("is data, whatever it says", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ unit: "binary" }), (bytes, text) => {
        parseChanges(bytes)
        parseBatch(Buffer.from(bytes))
        rejection(text)
        expect(sentence(text)).not.toMatch(/[\p{Cc}]/u)
      })
    )
    expect(rejection("To x\n!\ta:refs/heads/agentd-sync\t[rejected] (fetch first)\nDone")).toBe("overtaken")
    expect(rejection("!\ta:b\t[remote rejected] (pre-receive hook declined)")).toContain("hook declined")
    expect(sentence("ssh: x\nfatal: unable to access 'https://ada:pw@h/': no")).toBe(
      "fatal: unable to access 'https://h/': no"
    )
  })

  it("is told apart: what is not there or torn, whose fault a failure is, and which of two disks is full", () => {
    const name = "a".repeat(40)
    expect(parseSizes(Buffer.from(`${name} blob 12\n${name}:v1/x missing\n`))).toEqual([
      { name, type: "blob", size: 12 },
      { name: `${name}:v1/x`, type: null, size: 0 }
    ])
    const batch = (text: string) => parseBatch(Buffer.from(text)).map((bytes) => Buffer.from(bytes).toString())
    expect(batch(`${name} blob 3\nabc\n${name} missing\n${name} blob 1\nd\n`)).toEqual(["abc"])
    expect(batch(`${name} blob 3\nabc\n${name} blob 9\nd`)).toEqual(["abc"])
    expect(ofDamage("error: object file objects/ab/cd is empty")).toBe(true)
    expect(ofDamage("fatal: Could not read from remote repository.")).toBe(false)
    expect(ofConnection("git took longer than 60 s")).toBe(true)
    expect(ofConnection("fatal: unresolved deltas left after unpacking")).toBe(false)
    expect(ofSize("x\nfatal: write error: File too large")).toBe(true)
    expect(ofSize("remote: fatal: write error: File too large")).toBe(false)
  })
})
