/** Installations that exchange events through a bare git repository on disk: real git, real event logs. */
import { readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { bareRemote, Clone, git, settle, WORKSPACE } from "./support.ts"

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
