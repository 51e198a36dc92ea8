/** One set-up of a tree at a time, whatever became of the one before. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { withSetupLock } from "../../packaging/build/setupLock.mjs"

let folder = ""
let file = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agentd-lock-"))
  file = join(folder, "dist", "lock")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A lock as its holder would have left it when it was killed. */
const leftBy = async (holder: string): Promise<void> => {
  await withSetupLock(file, async () => {})
  writeFileSync(file, `${holder}\n`)
}

test("the second waits until the first has ended, and nothing is left behind", async () => {
  const order: Array<string> = []
  const release = Promise.withResolvers<void>()
  const entered = Promise.withResolvers<void>()
  const first = withSetupLock(file, async () => {
    order.push("first in")
    entered.resolve()
    await release.promise
    order.push("first out")
  })
  await entered.promise
  const second = withSetupLock(file, async () => order.push("second in"))
  release.resolve()
  await Promise.all([first, second])
  expect(order).toEqual(["first in", "first out", "second in"])
  expect(existsSync(file)).toBe(false)
})

test("is given back when the work fails", async () => {
  await expect(withSetupLock(file, () => Promise.reject(new Error("no network")))).rejects.toThrow("no network")
  expect(existsSync(file)).toBe(false)
})

test("of a process that was killed is taken over", async () => {
  const child = spawn("true")
  await once(child, "exit")
  await leftBy(`pid ${child.pid} started 1`)
  await expect(withSetupLock(file, async () => "mine")).resolves.toBe("mine")
})

test.runIf(process.platform === "linux")("of a process whose pid is another's by now is taken over", async () => {
  await leftBy(`pid ${process.pid} started 1`)
  await expect(withSetupLock(file, async () => "mine")).resolves.toBe("mine")
})

test("of a killed process is still held while the npm it ran lives", async () => {
  const npm = spawn("sleep", ["60"])
  await once(npm, "spawn")
  let written = ""
  await withSetupLock(file, async (alsoHeldBy) => {
    alsoHeldBy(npm.pid!)
    written = readFileSync(file, "utf8").split("\n")[1] ?? ""
  })
  await leftBy(`pid 999999999 started 1\n${written}`)
  let entered = false
  const second = withSetupLock(file, async () => {
    entered = true
    expect(npm.signalCode).toBe("SIGKILL")
  })
  expect(entered).toBe(false)
  npm.kill("SIGKILL")
  await second
  expect(entered).toBe(true)
})
