/** A disk without space costs what could not be written, is said, and is over once there is space again. */
import { execFileSync } from "node:child_process"
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import type { Flags } from "../../src/config/Environment.ts"
import { placesIn } from "../../src/host/files/Directories.ts"
import { openDaemon, refusal, temporary } from "./support.ts"

const MIB = 1024 * 1024

/** A daemon whose state is on a file system of its own; null where none may be mounted. */
const onSmallDisk = async (config: Flags = {}) => {
  const state = join(temporary(), "state")
  mkdirSync(state, { mode: 0o700 })
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${24 * MIB},mode=700`, "agentd-test", state], { stdio: "pipe" })
  } catch (error) {
    console.log(`Not tested with a full disk: mounting a small tmpfs was refused (${String(error).split("\n")[0]})`)
    return null
  }
  onTestFinished(() => void execFileSync("umount", ["-l", state]))
  const filler = join(state, "filler")
  const runtime = temporary()
  const daemon = await openDaemon({ places: placesIn({ runtime, state, config: runtime }, undefined), config })
  return {
    daemon,
    /** Takes all the space there is. */
    fill: () => {
      const free = () => statfsSync(state).bavail * statfsSync(state).bsize
      try {
        for (let n = 0; free() > 0; n++) writeFileSync(`${filler}${n}`, Buffer.alloc(Math.min(free(), MIB)))
      } catch {
        // Not even the last page was there.
      }
    },
    free: () => {
      for (let n = 0; n < 64; n++) rmSync(`${filler}${n}`, { force: true })
    }
  }
}

describe("a full disk", () => {
  it("during a session neither ends it nor hides what was lost, and is forgotten once there is space", {
    timeout: 60_000
  }, async () => {
    const disk = await onSmallDisk()
    if (disk === null) return
    const { daemon } = disk
    const { id } = await daemon.start([
      "bash",
      "-c",
      "stty -opost -echo; echo first; read go; seq -f %099.0f 1 300000; echo second; while ! read -t 0.05 go; do echo tick; done; echo third; exit 5"
    ])
    await daemon.printed(id, "first")
    await expect.poll(async () => (await daemon.output(id)).length).toBe(6)
    disk.fill()
    await daemon.call("session.input", { session: id, text: "\n" })
    // The program runs on: 30 MB come, though there is room for none of them.
    await expect
      .poll(async () => (await daemon.call("session.get", { session: id })).offset, { timeout: 30_000 })
      .toBeGreaterThanOrEqual(30_000_013)
    const full = await daemon.call("session.get", { session: id })
    expect(full.status).toBe("running")
    expect(full.unrecorded).toBeGreaterThan(0)
    disk.free()
    await expect
      .poll(
        () =>
          daemon.start("echo works again").then(
            () => "started",
            ({ tag }) => tag
          ),
        { timeout: 10_000 }
      )
      .toBe("started")
    // Recorded again: more comes, and no more is lost.
    let before = full
    await expect
      .poll(
        async () => {
          const now = await daemon.call("session.get", { session: id })
          const again = now.offset > before.offset && now.unrecorded === before.unrecorded
          before = now
          return again
        },
        { timeout: 15_000, interval: 200 }
      )
      .toBe(true)
    await daemon.call("session.input", { session: id, text: "\n" })
    const ended = await daemon.ended(id)
    expect(ended.exit).toMatchObject({ code: 5, by: "program" })
    expect(ended.unrecorded).toBeGreaterThan(0)
    // All of it is there, or is said to be missing.
    let [from, bytes, missing, text] = [0, 0, 0, ""]
    for (;;) {
      const page = await daemon.call("session.output", { session: id, from })
      const data = Buffer.from(page.data, "base64")
      bytes += data.length
      missing += page.missing
      text += data.toString().slice(-10)
      if (page.done) break
      from = page.next
    }
    expect([bytes + missing, missing]).toEqual([ended.offset, ended.unrecorded])
    expect(text.endsWith("third\n")).toBe(true)
  })

  it("lets nothing start that could not be recorded, and everything afterwards", { timeout: 60_000 }, async () => {
    const disk = await onSmallDisk()
    if (disk === null) return
    const { daemon } = disk
    const { id } = await daemon.start("read go; echo still here; exit 6", { name: "before" })
    disk.fill()
    let refused: Awaited<ReturnType<typeof refusal>> | undefined
    // What the store had room for already may still be taken.
    for (let n = 0; n < 2_000 && refused === undefined; n++) {
      refused = await daemon.start(["true"]).then(
        () => undefined,
        (error) => error
      )
    }
    expect(refused).toMatchObject({ tag: "StorageUnavailable", message: expect.stringContaining("free some space") })
    expect(await refusal(daemon.start(["true"], { name: "refused" }))).toMatchObject({ tag: "StorageUnavailable" })
    expect(await refusal(daemon.call("session.rename", { session: "before", name: "after" }))).toMatchObject({
      tag: "StorageUnavailable"
    })
    expect(await refusal(daemon.call("session.tag", { session: "before", add: ["x"] }))).toMatchObject({
      tag: "StorageUnavailable"
    })
    // What runs can be looked at and ends; its end is recorded as soon as that is possible.
    expect(await daemon.call("session.get", { session: id })).toMatchObject({
      name: "before",
      tags: [],
      status: "running"
    })
    await daemon.call("session.input", { session: id, text: "\n" })
    const ending = daemon.ended(id)
    await daemon.printed(id, "still here")
    disk.free()
    expect((await ending).exit).toMatchObject({ code: 6 })
    expect((await daemon.output(id)).toString()).toContain("still here")
    const session = await daemon.run("echo again", { name: "refused" })
    expect(session.output.toString()).toBe("again\r\n")
    expect(await daemon.call("session.rename", { session: id, name: "after" })).toMatchObject({ name: "after" })
    await daemon.start(["true"], { name: "before" })
  })

  it("makes the program wait where it is configured to", { timeout: 60_000 }, async () => {
    const disk = await onSmallDisk({ "transcript.on_disk_full": "hold" })
    if (disk === null) return
    const { daemon } = disk
    const { id } = await daemon.start("stty -opost -echo; echo first; read go; seq -f %099.0f 1 300000; exit 5")
    await daemon.printed(id, "first")
    disk.fill()
    await daemon.call("session.input", { session: id, text: "\n" })
    const offset = async () => (await daemon.call("session.get", { session: id })).offset
    await daemon.call("session.wait", { session: id, for: "idle", idleMs: 700 }, { timeoutMs: null })
    expect(await offset()).toBeLessThan(12_000_000)
    expect(await daemon.call("session.get", { session: id })).toMatchObject({ status: "running", unrecorded: 0 })
    rmSync(join(daemon.places.transcripts, "none"), { force: true })
    disk.free()
    await expect.poll(offset, { timeout: 20_000 }).toBeGreaterThan(14_000_000)
    await daemon.call("session.stop", { session: id })
  })
})
