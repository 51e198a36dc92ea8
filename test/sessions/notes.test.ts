/** A note that outlives whoever writes it, wherever the writing was cut off. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { NOTES_BYTES, notesIn } from "../../src/sessions/running/Notes.ts"
import { openMemory } from "../../src/sessions/running/SessionMemory.ts"
import { temporary } from "./support.ts"

const text = fc.string({ unit: "binary", minLength: 1, maxLength: 2_000 })

describe("a note", () => {
  it("is the last one that was written, for whoever reads it then or later", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), (texts) => {
        const memory = Buffer.alloc(NOTES_BYTES)
        for (const one of texts) notesIn(memory).write(one)
        const notes = notesIn(memory)
        expect(notes.read()).toBe(texts.at(-1) ?? null)
        for (const one of texts) {
          notes.write(one)
          expect(notes.read()).toBe(one)
        }
      })
    )
  })

  it("is whole, it or the one before it, wherever a write was cut off", () => {
    fc.assert(
      fc.property(text, text, text, fc.nat({ max: NOTES_BYTES }), fc.boolean(), (first, before, last, cut, forward) => {
        const memory = Buffer.alloc(NOTES_BYTES)
        const notes = notesIn(memory)
        notes.write(first)
        notes.write(before)
        const old = Buffer.from(memory)
        notes.write(last)
        // Some of it has come to the memory, from the front or from the end: no order is promised.
        const torn = Buffer.concat(
          forward ? [memory.subarray(0, cut), old.subarray(cut)] : [old.subarray(0, cut), memory.subarray(cut)]
        )
        expect([before, last]).toContain(notesIn(torn).read())
      })
    )
  })

  it("that is too long is not kept, and the one before it neither; of memory that holds anything nothing is read", () => {
    const memory = Buffer.alloc(NOTES_BYTES)
    const notes = notesIn(memory)
    notes.write("before")
    notes.write("ä".repeat(NOTES_BYTES / 4))
    expect(notes.read()).toBeNull()
    notes.write("after")
    expect(notes.read()).toBe("after")
    fc.assert(
      fc.property(fc.uint8Array({ minLength: NOTES_BYTES, maxLength: NOTES_BYTES }), (bytes) => {
        expect(notesIn(Buffer.from(bytes)).read()).toBeNull()
      }),
      { numRuns: 20 }
    )
  })

  it("outlives a process that is killed while it writes", async () => {
    const path = join(temporary(), "memory")
    const program = `
      import { openMemory } from ${JSON.stringify(new URL("../../src/sessions/running/SessionMemory.ts", import.meta.url).href)}
      const { notes } = openMemory(${JSON.stringify(path)})
      for (let n = 1; ; n++) {
        notes.write(JSON.stringify({ n, text: "x".repeat(n % 3000) }))
        if (n % 1000 === 0) process.send(n)
      }`
    const child = fork("-", {
      execArgv: ["--input-type=module", "-e", program],
      stdio: ["ignore", "inherit", "inherit", "ipc"]
    })
    let told = 0
    child.on("message", (n) => {
      told = n as number
    })
    while (told < 5_000) await once(child, "message")
    child.kill("SIGKILL")
    await once(child, "close")
    const { n, text: kept } = JSON.parse(openMemory(path).notes.read()!) as {
      readonly n: number
      readonly text: string
    }
    expect(n).toBeGreaterThanOrEqual(told)
    expect(kept).toBe("x".repeat(n % 3000))
  })
})
