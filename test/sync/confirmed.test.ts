/** What installations say they have of each other's events, over real git. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { beforeEach, expect, it } from "vitest"
import { statusText } from "../../src/cli/words/SyncText.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"
import { ALONE_MS, confirmationPath, encodeConfirmation, MAX_CONFIRMATION_BYTES } from "../../src/sync/Confirmation.ts"
import { ConfirmationStore } from "../../src/sync/ConfirmationStore.ts"
import { receive } from "../../src/sync/Receive.ts"
import { SyncStore } from "../../src/sync/SyncStore.ts"
import { cloneOf, House, projectRemote } from "./house.ts"
import { STRANGER } from "./stranger.ts"
import { bareRemote, Clone, git, Meddler, settle, WORKSPACE } from "./support.ts"

let remote: string
let ada: Clone
let bob: Clone
beforeEach(async () => {
  remote = bareRemote()
  ada = await Clone.open("ada", remote)
  bob = await Clone.open("bob", remote)
})

const DAY_MS = 86_400_000
const head = () => git(remote, "rev-parse", "agentd-sync")
/** Files that the newest commit has changed. */
const changed = () => git(remote, "show", "--format=", "--name-only", "agentd-sync").split("\n")

/** What an installation knows of how far another is with its events; null: that has never said. */
const lag = async (of: Clone, peer: Clone) => {
  const origin = await peer.origin
  return of.run(
    Effect.gen(function* () {
      const store = yield* ConfirmationStore
      const said = (yield* store.confirmed(WORKSPACE)).get(origin)
      return said === undefined ? null : yield* store.lacking(WORKSPACE, (yield* EventLog).origin, said.has)
    })
  )
}
const lacks = async (of: Clone, peer: Clone) => (await lag(of, peer))?.events ?? null
const reasons = async (clone: Clone) => (await clone.quarantine()).map(({ reason }) => reason)
/** When it said the last of what it has said. */
const newest = (of: Clone) =>
  of.run(
    Effect.gen(function* () {
      const { origin } = yield* EventLog
      return (yield* (yield* SyncStore).events(WORKSPACE, origin, 0, 1_000, 1_000)).at(-1)!
    })
  )
/** As `settle`, and nobody holds back what it has to say. */
const settleSlowly = async (...clones: ReadonlyArray<Clone>) => {
  for (let round = 0; round < 2; round++) {
    for (const clone of clones) {
      clone.ahead += ALONE_MS
      await clone.sync()
    }
  }
}

it("three installations know how much of theirs each of the others has, and are silent once they do", async () => {
  const eve = await Clone.open("eve", remote)
  const clones = [ada, bob, eve]
  for (const clone of clones) await clone.agent()
  await ada.send("one")
  await ada.sync()
  await bob.agent()
  await bob.sync()
  await ada.sync()
  // bob has said so with his own; eve has not been there.
  expect([await lacks(ada, bob), await lag(ada, eve)]).toEqual([0, null])
  await settleSlowly(...clones)
  for (const one of clones) for (const other of clones) if (one !== other) expect(await lacks(one, other)).toBe(0)

  const before = head()
  for (const clone of clones) clone.ahead += DAY_MS
  await settle(...clones)
  expect(head()).toBe(before)

  await ada.send("two")
  const { at } = await newest(ada)
  await ada.send("three")
  expect(await lag(ada, bob)).toEqual({ events: 2, oldestAt: at })
  for (const clone of [ada, bob, ada]) await clone.sync()
  expect([await lacks(ada, bob), await lacks(ada, eve)]).toEqual([0, 2])
})

it("who only listens confirms at once what comes after a silence, and what follows no sooner than it may", async () => {
  await bob.agent()
  await settle(bob, ada)
  await ada.send("one")
  await ada.sync()
  await bob.sync()
  expect(changed()).toEqual([confirmationPath(await bob.origin)])
  for (const text of ["two", "three"]) {
    await ada.send(text)
    await ada.sync()
    const said = head()
    await bob.sync()
    expect(head()).toBe(said)
  }
  expect(await lacks(ada, bob)).toBe(2)
  // What he says himself takes it along.
  await bob.send("four")
  await settle(bob, ada)
  expect(await lacks(ada, bob)).toBe(0)
})

it("a remote that takes nothing of who only listens is no failure of the exchange, and is not tried each time", async () => {
  await bob.agent()
  await settle(bob, ada)
  await ada.send("one")
  await ada.sync()
  const tried = join(bob.directory, "tried")
  writeFileSync(join(remote, "hooks", "pre-receive"), `#!/bin/sh\necho >> ${tried}\nexit 1\n`, { mode: 0o755 })
  const tries = () => (existsSync(tried) ? readFileSync(tried).length : 0)
  for (let n = 0; n < 3; n++) expect(await bob.sync()).toMatchObject({ sent: 0 })
  expect(await bob.texts()).toEqual(["one"])
  expect(tries()).toBe(1)
  // Again and again, later and later, and one day no more.
  for (let day = 0; day < 9; day++) {
    bob.ahead += DAY_MS
    await bob.sync()
  }
  expect(tries()).toBe(8)
})

it("what is held back is nothing that others lack, until it leaves", async () => {
  await bob.agent()
  await ada.send(`use ghp_${"a1".repeat(18)} for it`)
  await ada.send("harmless")
  await ada.sync()
  await settleSlowly(bob, ada)
  expect(await lacks(ada, bob)).toBe(0)
  const [held] = await ada.run(Effect.flatMap(SyncStore, (store) => store.held(WORKSPACE)))
  const { body } = (
    await ada.run(
      Effect.gen(function* () {
        const { origin } = yield* EventLog
        return yield* (yield* SyncStore).events(WORKSPACE, origin, held!.seq - 1, held!.seq, 1)
      })
    )
  )[0]!
  const origin = await ada.origin
  await ada.run(Effect.flatMap(SyncStore, (store) => store.release(WORKSPACE, origin, held!.seq, body)))
  expect(await lacks(ada, bob)).toBe(1)
  await settleSlowly(ada, bob)
  expect(await lacks(ada, bob)).toBe(0)
})

it("versions that know nothing of it pass over it", async () => {
  await ada.send("one")
  await bob.send("two")
  await settle(ada, bob)
  const path = confirmationPath(await ada.origin)
  expect(git(remote, "ls-tree", "-r", "--name-only", "agentd-sync").split("\n")).toContain(path)
  // They look at what lies among the events, and at nothing else.
  const seen = await bob.run(receive({ workspace: WORKSPACE, url: remote }, head(), [{ path, size: 100 }]))
  expect(seen).toMatchObject({ events: 0, quarantine: [] })
})

it("what others say in an installation's name, too much or wrongly, is left aside, and it says the truth again", async () => {
  await ada.send("one")
  await bob.agent()
  await settleSlowly(ada, bob)
  await ada.send("two")
  const [a, b] = [await ada.origin, await bob.origin]
  const path = confirmationPath(b)
  const meddler = new Meddler(remote)
  const all = JSON.stringify({ [a]: "1-900" })
  const put = async (bytes: string | Uint8Array, at = path) => {
    meddler.catchUp()
    meddler.write(at, Buffer.from(bytes))
    meddler.push()
    await ada.sync()
    return (await reasons(ada)).toSorted()
  }
  const two = () => lacks(ada, bob)
  expect(await put(encodeConfirmation({ origin: a, at: 1, have: all }))).toEqual([
    "it lies in the place of another installation than the one that it names"
  ])
  const torn = "it does not say what an installation has, or was changed"
  expect(await put("no such thing\n")).toEqual([torn])
  expect(await put(Buffer.from(encodeConfirmation({ origin: b, at: 1, have: all })).subarray(1))).toEqual([torn])
  expect(await put("x".repeat(MAX_CONFIRMATION_BYTES + 1))).toEqual([
    "it is larger than what any installation says it has"
  ])
  expect(await put(encodeConfirmation({ origin: b, at: 1, have: JSON.stringify({ [a]: "2,1" }) }))).toEqual([
    "the numbers in it are none"
  ])
  // None of it has counted.
  expect(await two()).toBe(1)
  expect(await put(encodeConfirmation({ origin: b, at: 1, have: JSON.stringify({ [a]: "2-900" }) }))).toEqual([
    "it confirms events that this installation has never given; the others of it count"
  ])
  expect(await two()).toBe(1)
  await settleSlowly(bob, ada)
  expect(await reasons(ada)).toEqual([])
  expect(await two()).toBe(0)

  const others = await put(encodeConfirmation({ origin: STRANGER, at: 1, have: all }), confirmationPath(STRANGER))
  expect(others).toEqual(["nobody has told of the installation it speaks for yet"])
  expect(await put("x", "confirmed/v1/README.md")).toEqual(["no agentd writes a file of this name", ...others])
})

it("who was exchanged before there was any of this knows of the others after the next exchanges", async () => {
  await bob.send("two")
  await ada.send("one")
  await settle(ada, bob)
  const meddler = new Meddler(remote)
  git(meddler.directory, "rm", "-r", "--quiet", "confirmed")
  meddler.push()
  for (const clone of [ada, bob]) {
    await clone.sync()
    // As an upgrade finds it.
    await clone.run(
      Effect.flatMap(Sqlite, ({ transaction }) =>
        transaction((sql) => Effect.all([sql`DELETE FROM sync_stated`, sql`DELETE FROM sync_confirmed`]))
      )
    )
  }
  await settle(ada, bob)
  expect([await lacks(ada, bob), await lacks(bob, ada)]).toEqual([0, 0])
})

it("another remote knows nothing of what was said on the one before", async () => {
  await bob.agent()
  await ada.send("one")
  await settleSlowly(ada, bob)
  expect(await lacks(ada, bob)).toBe(0)
  const url = bareRemote()
  await ada.run(Effect.flatMap(SyncStore, (store) => store.enable(WORKSPACE, { remote: "origin", url }, 1)))
  expect(await lag(ada, bob)).toBeNull()
})

it("a daemon tells what each peer has confirmed, and says so where it does not know", async () => {
  const project = projectRemote()
  const [here, there] = [await House.open(), await House.open()]
  const [mine, theirs] = [cloneOf(project), cloneOf(project)]
  await here.say(mine, "one")
  await there.say(theirs, "two")
  await here.enable(mine)
  await there.enable(theirs)
  await here.sync(mine)
  const peer = async () => (await here.status(mine)).peers.find((one) => !one.here)!
  const own = async () => (await here.status(mine)).peers.find((one) => one.here)!
  await there.sync(theirs)
  // Here had nothing to confirm yet when it was there.
  expect(statusText(await there.status(theirs))).toContain("has not said what it has of ours")
  await here.sync(mine)
  expect(await own()).toMatchObject({ unconfirmed: null, unconfirmedSince: null, confirmedAt: null })
  const text = async () => statusText(await here.status(mine))
  expect(await text()).toMatch(/last event \d+s ago, has all of ours \(said \d+s ago\)/)
  const status = await here.status(mine)
  const earlier = status.peers.map(({ confirmedAt, unconfirmed, unconfirmedSince, ...peer }) => peer)
  expect(statusText({ ...status, peers: earlier as never })).toContain("has not said what it has of ours")
  const { confirmedAt, ...before } = await peer()
  expect(before).toMatchObject({ unconfirmed: 0, unconfirmedSince: null })
  expect(confirmedAt).toBeGreaterThan(0)
  await here.say(mine, "three")
  const after = await peer()
  expect(after).toMatchObject({ unconfirmed: 1, confirmedAt })
  expect(after.unconfirmedSince).toBeGreaterThanOrEqual(confirmedAt!)
  expect(await text()).toMatch(/has not confirmed 1 event of ours, the oldest of \d+s ago \(last said \d+s ago\)/)
})
