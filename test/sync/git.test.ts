/** Installations that exchange events through a bare git repository on disk: real git, real event logs. */
import { execFileSync } from "node:child_process"
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { bareRemote, Clone, git, settle, WORKSPACE } from "./support.ts"

const DAY_MS = 86_400_000

it("three installations that talk at once end up with the same, through git alone", async () => {
  const remote = bareRemote()
  const [ada, bob, eve] = [
    await Clone.open("ada", remote),
    await Clone.open("bob", remote),
    await Clone.open("eve", remote)
  ]
  const first = await ada.send("one")
  await bob.send("two")
  await eve.send("three")
  await Promise.all([ada.sync(), bob.sync(), eve.sync()])
  await ada.edit(first, "one, edited")
  await bob.send("four")
  await settle(ada, bob, eve)
  expect(await ada.texts()).toEqual(["one, edited", "two", "three", "four"])
  expect(await bob.state()).toBe(await ada.state())
  expect(await eve.state()).toBe(await ada.state())
  expect(git(remote, "for-each-ref", "--format=%(refname)")).toBe("refs/heads/agentd-sync")
})

it("no commit says that it was made before the one it stands on, whatever the clocks say; one of no clock is not followed", async () => {
  const remote = bareRemote()
  const [ada, bob] = [await Clone.open("ada", remote), await Clone.open("bob", remote)]
  bob.ahead = 40 * DAY_MS
  ada.ahead = -40 * DAY_MS
  for (const clone of [bob, ada, bob]) {
    await clone.send("said")
    await clone.sync()
  }
  const dates = () => git(remote, "log", "--format=%ct", "agentd-sync").split("\n").map(Number)
  const made = dates()
  expect(made).toHaveLength(3)
  expect(made).toEqual(made.toSorted((a, b) => b - a))
  expect(made[2]! * 1_000).toBeGreaterThan(Date.now() + 39 * DAY_MS)
  // Later than every git can read.
  const base = git(remote, "rev-parse", "agentd-sync")
  const who = `committer t <t@example.org> ${2 ** 33} +0000`
  const input = `commit refs/heads/agentd-sync\n${who}\ndata 1\nx\nfrom ${base}\n`
  execFileSync("git", ["fast-import", "--quiet"], { cwd: remote, input })
  expect(dates()[0]).toBe(2 ** 33)
  await ada.send("and on")
  await ada.sync()
  expect(dates()[0]).toBeLessThan(made[0]!)
  await bob.sync()
  expect(await bob.texts()).toContain("and on")
})

it("a copy of the branch that is damaged is made anew, and nothing is lost by it", async () => {
  const remote = bareRemote()
  const ada = await Clone.open("ada", remote)
  const bob = await Clone.open("bob", remote)
  await ada.send("one")
  await settle(ada, bob)
  const copy = join(bob.directory, "sync", `${WORKSPACE}.git`)
  for (const entry of readdirSync(join(copy, "objects"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    rmSync(join(entry.parentPath, entry.name))
    writeFileSync(join(entry.parentPath, entry.name), "no object")
  }
  await bob.send("two")
  // It may fail once, to notice.
  await bob.sync().catch(() => {})
  await settle(bob, ada)
  expect(await ada.texts()).toEqual(["one", "two"])
  expect(await bob.state()).toBe(await ada.state())
})

it("the copy of the branch does not become thousands of little files", async () => {
  const remote = bareRemote()
  const ada = await Clone.open("ada", remote)
  // Each is too long to lie with others.
  const long = "text ".repeat(8_000)
  for (let n = 0; n < 200; n++) await ada.send(`${n} ${long}`)
  await ada.sync()
  const copy = join(ada.directory, "sync", `${WORKSPACE}.git`)
  const loose = () => Number.parseInt(git(copy, "count-objects"), 10)
  for (const name of readdirSync(join(copy, "objects", "pack"))) {
    if (!name.endsWith(".pack")) continue
    const pack = join(ada.directory, name)
    renameSync(join(copy, "objects", "pack", name), pack)
    execFileSync("git", ["unpack-objects", "-q"], { cwd: copy, input: readFileSync(pack) })
  }
  expect(loose()).toBeGreaterThan(200)
  await ada.send("one more")
  await ada.sync()
  expect(loose()).toBeLessThan(20)
  const bob = await Clone.open("bob", remote)
  await bob.sync()
  expect(await bob.texts()).toHaveLength(201)
})

it("nor of little packs, of which each exchange that brings something makes one", async () => {
  const remote = bareRemote()
  const ada = await Clone.open("ada", remote)
  await ada.send("one")
  await ada.sync()
  const copy = join(ada.directory, "sync", `${WORKSPACE}.git`)
  const pack = join(copy, "objects", "pack", "pack")
  for (let n = 0; n < 45; n++) {
    const input = execFileSync("git", ["hash-object", "-w", "--stdin"], { cwd: copy, input: `of exchange ${n}` })
    execFileSync("git", ["pack-objects", "-q", pack], { cwd: copy, input, stdio: ["pipe", "ignore", "pipe"] })
  }
  const packs = () => readdirSync(join(copy, "objects", "pack")).filter((name) => name.endsWith(".pack")).length
  expect(packs()).toBe(45)
  await ada.send("two")
  await ada.sync()
  expect(packs()).toBeLessThan(10)
})

it("what a database put back from a copy has forgotten comes back, and what is said then has numbers of its own", async () => {
  const remote = bareRemote()
  const ada = await Clone.open("ada", remote)
  const bob = await Clone.open("bob", remote)
  await ada.send("before the copy")
  await ada.sync()
  await ada.stop()
  const file = join(ada.directory, "agentd.db")
  cpSync(file, `${file}.copy`)
  await ada.start()
  await ada.send("after it")
  await settle(ada, bob)
  await ada.stop()
  for (const name of readdirSync(ada.directory)) {
    if (name.startsWith("agentd.db") && !name.endsWith(".copy")) rmSync(join(ada.directory, name))
  }
  cpSync(`${file}.copy`, file)
  await ada.start()
  expect(await ada.texts()).toEqual(["before the copy"])
  // As the daemon does when it starts.
  await ada.sync()
  await ada.send("and on")
  await settle(ada, bob)
  expect(await bob.texts()).toEqual(["before the copy", "after it", "and on"])
  expect(await ada.state()).toBe(await bob.state())
  expect(await bob.quarantine()).toEqual([])
})

it("what a git that was killed has left behind is gone after the next exchange", async () => {
  const remote = bareRemote()
  const ada = await Clone.open("ada", remote)
  await ada.send("one")
  await ada.sync()
  const copy = join(ada.directory, "sync", `${WORKSPACE}.git`)
  const left = ["objects/tmp_obj_a1", "objects/pack/tmp_pack_a1", "objects/pack/tmp_idx_a1", "refs/agentd/next.lock"]
  for (const path of left) writeFileSync(join(copy, path), "half of it")
  await ada.send("two")
  await ada.sync()
  expect(left.filter((path) => existsSync(join(copy, path)))).toEqual([])
  const bob = await Clone.open("bob", remote)
  await bob.sync()
  expect(await bob.texts()).toEqual(["one", "two"])
})
