/** What `agentctl mcp` decides without asking anybody: texts, pieces, and which resources an event changes. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, it, onTestFinished } from "vitest"
import { answer, refused, visibleJson } from "../../src/cli/mcp/Answer.ts"
import { cut } from "../../src/cli/mcp/reading.ts"
import { findRuntimeDirectory } from "../../src/cli/mcp/surroundings.ts"
import { isResource, touchedBy } from "../../src/cli/mcp/Updates.ts"
import { AgentdError } from "../../src/client/AgentdError.ts"
import type { EventBody } from "../../src/contract/Event.ts"
import { agentId, messageId } from "../agents/support.ts"

describe("a text for a model", () => {
  const anything = fc.string({ unit: "binary" })

  it("says the same as it would unescaped, and hides nothing", () => {
    fc.assert(
      fc.property(fc.dictionary(anything, anything), (value) => {
        const text = visibleJson(value)
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      })
    )
  })

  it("is what programs are given too", () => {
    expect(answer({ text: "a\u200bb" })).toEqual({
      content: [{ type: "text", text: '{"text":"a\\u200bb"}' }],
      structuredContent: { text: "a\u200bb" }
    })
  })

  it("names an expected error; a defect is none", () => {
    const error = new AgentdError("Busy", "Too busy.", { code: -32000, data: { limit: 1 } })
    expect(refused(error)).toMatchObject({ isError: true, content: [{ text: "Busy: Too busy." }] })
    expect(() => refused(new TypeError("x"))).toThrow(TypeError)
  })
})

it("pieces of a text are never larger than asked for, cut no character in two, and are the text together", () => {
  const text = fc.string({ unit: "grapheme" })
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 9 }), (whole, limit) => {
      const pieces: Array<string> = []
      for (let at = 0; at < whole.length; at += pieces.at(-1)!.length) pieces.push(cut(whole.slice(at), limit))
      expect(pieces.join("")).toBe(whole)
      for (const piece of pieces) {
        expect(piece.isWellFormed()).toBe(true)
        expect(piece.length).toBeGreaterThan(0)
        expect(piece.length).toBeLessThanOrEqual(Math.max(2, limit))
      }
    })
  )
})

describe("an event changes", () => {
  const me = agentId(1)
  const id = `evt_${messageId(7).slice("msg_".length)}`
  const touched = (body: EventBody) => touchedBy({ id, body }, me)
  const recipient = (n: number) => ({ id: agentId(n), name: `a${n}`, delivered: true })
  const sent = {
    type: "message.sent",
    author: { id: agentId(2), name: "a2" },
    to: [],
    thread: null,
    replyTo: null,
    scopes: [],
    refs: [],
    format: "plain",
    text: "",
    data: null,
    key: null
  } as const
  const thread = (n: number) => `agentd://thread/${messageId(n)}`

  it("the thread of a message that was sent, and the inbox of whom it went to", () => {
    expect(touched({ ...sent, recipients: [recipient(1)] })).toEqual({ uris: ["agentd://inbox", thread(7)] })
    expect(touched({ ...sent, recipients: [recipient(3)], thread: messageId(5) })).toEqual({ uris: [thread(5)] })
    expect(touchedBy({ id, body: { ...sent, recipients: [recipient(1)] } }, null)).toEqual({ uris: [thread(7)] })
  })

  it("what its message says, when that was edited or deleted; of receipts only one's own inbox; nothing else", () => {
    const body = { type: "message.deleted", message: messageId(5), author: agentId(2), reason: null } as const
    expect(touched(body)).toEqual({ uris: [], message: messageId(5) })
    const read = { type: "message.received", kind: "read", messages: [messageId(5)] } as const
    expect(touched({ ...read, agent: me })).toEqual({ uris: ["agentd://inbox"] })
    expect(touched({ ...read, agent: agentId(2) })).toEqual({ uris: [] })
    expect(touched({ type: "daemon.stopped", reason: "x" })).toEqual({ uris: [] })
  })

  it("only what may be subscribed to", () => {
    expect([thread(5), "agentd://inbox"].every(isResource)).toBe(true)
    expect(["agentd://thread/x", "agentd://inbox/", "file:///etc/passwd", ""].some(isResource)).toBe(false)
  })
})

it("a runtime directory that the client left out is found where it is, if it is the user's own and no daemon is elsewhere", () => {
  const users = mkdtempSync(join(tmpdir(), "agentd-users-"))
  onTestFinished(() => rmSync(users, { recursive: true }))
  const uid = process.getuid!()
  mkdirSync(join(users, String(uid)))
  symlinkSync(join(users, String(uid)), join(users, "0x"))
  const found = { XDG_RUNTIME_DIR: join(users, String(uid)) }
  const nowhere = join(users, "none.sock")
  expect(findRuntimeDirectory({}, uid, users, nowhere)).toEqual(found)
  // A daemon that was started without the variable.
  expect(findRuntimeDirectory({}, uid, users, users)).toEqual({})
  expect(findRuntimeDirectory({ XDG_RUNTIME_DIR: "/elsewhere" }, uid, users)).toEqual({})
  expect(findRuntimeDirectory({ AGENTD_SOCKET: "/elsewhere" }, uid, users)).toEqual({})
  expect(findRuntimeDirectory({}, uid + 1, users, nowhere)).toEqual({})
  expect(findRuntimeDirectory({}, uid, "/nowhere", nowhere)).toEqual({})
})
