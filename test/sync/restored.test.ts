/** Installations whose database is put back from a backup, as a restore does it, with others over real git that remember more. */
import { join } from "node:path"
import { Effect } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { apply, asideName, commit } from "../../src/backup/Apply.ts"
import * as Restored from "../../src/backup/Restored.ts"
import { Directories, type Places } from "../../src/host/files/Directories.ts"
import { SyncStore } from "../../src/sync/SyncStore.ts"
import { backUp, run, stageJob } from "../backup/support.ts"
import { placesUnder } from "../sessions/support.ts"
import { bareRemote, Clone, settle, temporary, WORKSPACE } from "./support.ts"

const vaultOf = ({ backups }: Places) => join(backups, "full")

const openAt = async (places: Places, name: string, url: string) => {
  const clone = new Clone(name, url, places.state)
  await clone.start()
  onTestFinished(() => clone.stop())
  await clone.run(Effect.flatMap(SyncStore, (store) => store.enable(WORKSPACE, { remote: "origin", url }, 1)))
  return clone
}

let moment = 1_700_000_000_000

/** As the daemon does it: put in place before the store is opened, told to the log before anything is said. */
const restore = async (clone: Clone, places: Places, backup: string, vault = vaultOf(places)) => {
  await clone.stop()
  await run(stageJob({ vault }, backup, places))
  const saved = `bak_${"1".repeat(26)}`
  commit(places.state, { backup, madeAt: 1, saved, config: false, aside: asideName(moment++) })
  apply(places)
  await clone.start()
  await clone.run(
    Effect.void.pipe(
      Effect.provide(Restored.layer),
      Effect.provideService(Directories, places as Directories["Service"])
    )
  )
}

it("what a restored installation says at once reaches the others, and what it has forgotten comes back, time after time", async () => {
  const remote = bareRemote()
  const places = placesUnder(temporary())
  const ada = await openAt(places, "ada", remote)
  const bob = await Clone.open("bob", remote)
  const said = ["1", "2"]
  for (const text of said) await ada.send(text)
  await ada.sync()
  const { backup } = await backUp({ places, vault: vaultOf(places) })
  for (const text of ["3", "4", "5"]) await ada.send(text)
  said.push("3", "4", "5")
  await settle(ada, bob)
  for (const round of ["first", "second", "third"]) {
    await restore(ada, places, backup.id)
    expect(await ada.texts()).toEqual(["1", "2"])
    // Before any exchange, as without a network.
    for (const text of [`${round} news`, `more of the ${round}`]) await ada.send(text)
    said.push(`${round} news`, `more of the ${round}`)
    await settle(ada, bob)
    expect(await bob.texts()).toEqual(said)
    expect(await ada.texts()).toEqual(said)
    expect(await ada.state()).toBe(await bob.state())
    expect([...(await ada.quarantine()), ...(await bob.quarantine())]).toEqual([])
  }
  await bob.send("an answer")
  await settle(bob, ada)
  expect(await ada.state()).toBe(await bob.state())
})

it("also on new machines, where nothing is left of those that were restored from the same backup before", async () => {
  const remote = bareRemote()
  const places = placesUnder(temporary())
  const ada = await openAt(places, "ada", remote)
  const bob = await Clone.open("bob", remote)
  await ada.send("old")
  await settle(ada, bob)
  const { backup } = await backUp({ places, vault: vaultOf(places) })
  await ada.send("forgotten")
  await ada.sync()
  await ada.stop()
  const agent = await ada.agent()
  const said = ["old", "forgotten"]
  for (const machine of ["second", "third", "fourth"]) {
    const elsewhere = placesUnder(temporary())
    const clone = new Clone("ada", remote, elsewhere.state, agent)
    onTestFinished(() => clone.stop())
    await restore(clone, elsewhere, backup.id, vaultOf(places))
    await clone.send(`from the ${machine}`)
    said.push(`from the ${machine}`)
    await settle(clone, bob)
    expect(await bob.texts()).toEqual(said)
    expect(await clone.state()).toBe(await bob.state())
    expect([...(await clone.quarantine()), ...(await bob.quarantine())]).toEqual([])
  }
})
