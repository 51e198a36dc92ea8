/** What is known of each client's input, in memory that outlives a daemon that is killed between any two of its stores. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Typing } from "../../src/sessions/input/Typing.ts"
import { TYPISTS_LENGTH, Typists } from "../../src/sessions/input/Typists.ts"
import { openMemory } from "../../src/sessions/running/SessionMemory.ts"
import { temporary } from "./support.ts"

const token = (n: number) => n.toString(16).padStart(24, "0")

describe("the typists of a session", () => {
  it("are known again by the daemon that comes next, to the byte", () => {
    const numbers = new Float64Array(TYPISTS_LENGTH)
    const before = new Typists(numbers).of(token(7), 1)
    before.wrote(1, 3, 3)
    before.wrote(2, 5, 9)
    const after = new Typists(numbers).of(token(7), 2)
    expect([after.taken, after.partly, after.received, after.unsure]).toEqual([1, 5, 1, 0])
    expect(new Typists(numbers).of(token(8), 2).taken).toBe(0)
  })

  it("whose daemon was killed in the middle of a write count that as taken, and say so", () => {
    const numbers = new Float64Array(TYPISTS_LENGTH)
    const before = new Typists(numbers).of(token(1), 1)
    before.wrote(1, 2, 2)
    before.tries(4)
    const after = new Typists(numbers).of(token(1), 2)
    expect([after.taken, after.partly, after.unsure]).toEqual([1, 4, 4])
    const written: Array<string> = []
    const typing = new Typing(
      after,
      (bytes, taken) => {
        written.push(bytes.toString())
        taken()
        return true
      },
      () => {}
    )
    typing.frame(1, Buffer.from("ab"))
    typing.frame(2, Buffer.from("cdefgh"))
    typing.frame(3, Buffer.from("ij"))
    expect(written).toEqual(["gh", "ij"])
    typing.close()
  })

  it("are as many as there is room for: who has been away longest is forgotten, who is here never is", () => {
    const typists = new Typists()
    const here = typists.of(token(1), 1)
    here.attached = 1
    here.wrote(5, 1, 1)
    typists.of(token(2), 2).wrote(5, 1, 1)
    for (let n = 100; n < 163; n++) typists.of(token(n), n)
    expect([typists.of(token(1), 500).taken, typists.of(token(2), 501).taken]).toEqual([5, 0])
  })

  it("take every byte once, whatever is sent again and wherever a daemon is killed between two stores", () => {
    const kill = new Error("killed")
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.record({ after: fc.integer({ min: 1, max: 12 }), resend: fc.nat(8) }), { maxLength: 6 }),
        (lengths, kills) => {
          const frames = lengths.map((length, n) => Buffer.alloc(length, 97 + n))
          const numbers = new Float64Array(TYPISTS_LENGTH)
          let terminal = ""
          /** One daemon: takes the frames, a byte or two at each write, until it is killed at its n-th store. */
          const daemon = (killAt: number, resend: number) => {
            let stores = 0
            const store = () => {
              stores += 1
              if (stores === killAt) throw kill
            }
            const typist = new Typists(numbers).of(token(3), 1)
            const typing = new Typing(
              typist,
              (bytes, _, notes) => {
                let at = 0
                do {
                  const part = bytes.subarray(at, at + 2)
                  store()
                  // The kernel takes it, and in this model a kill never falls between that and the store after it.
                  notes.tries(part.length)
                  terminal += part.toString()
                  at += part.length
                  notes.wrote(at)
                } while (at < bytes.length)
                return true
              },
              () => {}
            )
            try {
              for (let n = Math.max(0, Math.min(resend, typist.taken)); n < frames.length; n++)
                typing.frame(n + 1, frames[n]!)
            } catch (error) {
              if (error !== kill) throw error
            }
            typing.close()
          }
          for (const { after, resend } of kills) daemon(after, resend)
          daemon(Number.POSITIVE_INFINITY, 0)
          expect(terminal).toBe(Buffer.concat(frames).toString())
        }
      )
    )
  })

  it("outlive a process that is killed while it stores them", async () => {
    const path = join(temporary(), "memory")
    const program = `
      import { openMemory } from ${JSON.stringify(new URL("../../src/sessions/running/SessionMemory.ts", import.meta.url).href)}
      const memory = openMemory(${JSON.stringify(path)})
      memory.fresh(0)
      const typist = memory.typists.of("${token(9)}", 1)
      for (let n = 1; ; n++) {
        typist.tries(2)
        typist.wrote(n, 2, 2)
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
    while (told < 20_000) await once(child, "message")
    child.kill("SIGKILL")
    await once(child, "close")
    const { restore, typists } = openMemory(path)
    expect(restore()).not.toBeNull()
    const after = typists.of(token(9), 2)
    expect(after.taken * 2 + after.partly).toBeGreaterThanOrEqual(told * 2)
    expect(after.unsure === 0 || after.unsure === 2).toBe(true)
  })
})
