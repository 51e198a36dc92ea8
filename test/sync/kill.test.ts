/** A cycle that ends in the middle, at each of its named moments, and what the next one makes of it. */
import { expect, it } from "vitest"
import type { MilestoneName } from "../../src/sync/Milestone.ts"
import { bareRemote, Clone, settle } from "./support.ts"

/** The simulator tries all of them, again and again; these two with real git. */
const moments: ReadonlyArray<MilestoneName> = ["taken", "published"]

it.each(moments)("killed at %s, nothing is lost and nothing is there twice", async (moment) => {
  const remote = bareRemote()
  const ada = await Clone.open("ada", remote)
  const bob = await Clone.open("bob", remote)
  const first = await ada.send("one")
  await ada.sync()
  await bob.send("two")
  await ada.edit(first, "one, edited")
  await ada.sync()
  await bob.dieAt(moment)
  await bob.send("three")
  await settle(bob, ada)
  expect(await ada.texts()).toEqual(["one, edited", "two", "three"])
  expect(await bob.state()).toBe(await ada.state())
})
