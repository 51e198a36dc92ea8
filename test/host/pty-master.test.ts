/** What a program prints, as the master of its terminal reads it. */
import { closeSync } from "node:fs"
import { describe, expect, it, onTestFinished } from "vitest"
import { spawningLibc } from "../../src/host/Libc.ts"
import { loadPtyAddon } from "../../src/host/pty/PtyAddon.ts"
import { HeldSlave, masterOf, type ReceiveSlot } from "../../src/host/pty/PtyMaster.ts"
import { awaitExit, spawn } from "../../src/host/pty/Spawn.ts"

/** What the kernel gives at a time. */
const FULL = 4_095

/** All that the script prints, and each chunk's buffer. */
const printed = (script: string, slot?: ReceiveSlot) => {
  const { addon } = loadPtyAddon()
  const { master: fd, pty, slave } = addon.open(80, 24)
  const master = masterOf(fd, addon, new HeldSlave(null), slot)
  onTestFinished(() => master.close())
  const buffers: Array<Buffer> = []
  let text = ""
  const ended = new Promise<void>((resolve) =>
    master.start((chunk) => {
      buffers.push(chunk)
      text += chunk.toString("latin1")
    }, resolve)
  )
  const argv = ["sh", "-c", `stty -opost; ${script}`]
  const pid = spawn(spawningLibc()!, { file: "/bin/sh", argv, cwd: "/", env: { PATH: "/usr/bin:/bin" }, terminal: pty })
  awaitExit(pid, () => closeSync(slave))
  return ended.then(() => ({ text, buffers }))
}

const LINES = 20_000
const expected = Array.from({ length: LINES }, (_, at) => `${at + 1}\n`).join("")

describe.runIf(process.platform === "linux")("the master of a terminal", () => {
  it("reads every byte, and makes no view of a buffer that is full", async () => {
    const { buffers, text } = await printed(`seq ${LINES}`)
    expect(text).toBe(expected)
    const full = buffers.filter(({ length }) => length === FULL)
    expect(new Set(full).size).toBeLessThanOrEqual(1)
  })

  it("reads into a slot, no more than the kernel gives at a time, and says when a chunk has been handled", async () => {
    const buffer = Buffer.alloc(4 * FULL)
    const handled: Array<number> = []
    const { buffers, text } = await printed(`seq ${LINES}`, { buffer, handled: (length) => handled.push(length) })
    expect(text).toBe(expected)
    expect(handled).toEqual(buffers.map(({ length }) => length))
    for (const chunk of buffers) {
      expect(chunk.buffer === buffer.buffer && chunk.byteOffset === buffer.byteOffset).toBe(true)
      expect(chunk.length).toBeLessThanOrEqual(FULL)
    }
    // Room that no read fills would have each of them followed by another that finds nothing.
    expect(new Set(buffers.filter(({ length }) => length === FULL)).size).toBeLessThanOrEqual(1)
  })
})
