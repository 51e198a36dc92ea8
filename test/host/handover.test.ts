/** What one version leaves to the next comes back as it was, or not at all. */
import { closeSync } from "node:fs"
import { Effect } from "effect"
import fc from "fast-check"
import { expect, test } from "vitest"
import { HANDOVER_FORMATS } from "../../src/contract/Handover.ts"
import { judgeAnswer } from "../../src/host/self/Handover.ts"
import { decodeRecord, encodeRecord, keepRecord, readRecord } from "../../src/host/self/HandoverRecord.ts"

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    bytes,
    fc.integer(),
    fc.string(),
    fc.constant(null),
    tie("list"),
    tie("object")
  ),
  list: fc.array(tie("any"), { maxLength: 4 }),
  object: fc.dictionary(fc.string(), tie("any"), { maxKeys: 4 })
})).any

test("a record with bytes at any place survives", () => {
  fc.assert(
    fc.property(value, (record) => {
      expect(decodeRecord(encodeRecord({ record }))).toEqual({ record })
    })
  )
})

test("a record that is cut off anywhere is refused", () => {
  fc.assert(
    fc.property(bytes, fc.nat(), (content, cut) => {
      fc.pre(content.length > 0)
      const whole = encodeRecord({ content, more: "text" })
      expect(() => decodeRecord(whole.subarray(0, cut % whole.length))).toThrow()
    })
  )
})

test.runIf(process.platform === "linux")(
  "it lies in memory, can be read again and again, and grows with what it holds",
  () => {
    const record = encodeRecord({ content: Buffer.alloc(3_000_000, 7) })
    const fd = keepRecord(record)
    expect(readRecord(fd).equals(record)).toBe(true)
    expect(readRecord(fd).equals(record)).toBe(true)
    closeSync(fd)
  }
)

test("only a version that reads what this one writes is let take over", async () => {
  const { last } = HANDOVER_FORMATS
  const judge = (handover: object) =>
    Effect.runPromise(
      Effect.exit(judgeAnswer("/bin/agentd", JSON.stringify({ version: "2.0.0", handover, command: ["x"] })))
    )
  expect((await judge({ first: last, last: last + 3 }))._tag).toBe("Success")
  expect((await judge({ first: last + 1, last: last + 3 }))._tag).toBe("Failure")
  expect((await judge({ first: 0, last: last - 1 }))._tag).toBe("Failure")
  expect((await judge({}))._tag).toBe("Failure")
})
