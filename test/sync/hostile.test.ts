/** What others do to the branch: by accident, by force, or in bad faith. */
import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { truncateSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { beforeEach, expect, it } from "vitest"
import { EventLog } from "../../src/store/EventLog.ts"
import { parseFile } from "../../src/sync/ShardLine.ts"
import { pathOf, placeOf } from "../../src/sync/ShardPath.ts"
import { registered } from "../agents/support.ts"
import { numbered, STRANGER, shard, stranger } from "./stranger.ts"
import { bareRemote, Clone, git, Meddler, said, settle, WORKSPACE } from "./support.ts"

let remote: string
let ada: Clone
let bob: Clone
beforeEach(async () => {
  remote = bareRemote()
  ada = await Clone.open("ada", remote)
  bob = await Clone.open("bob", remote)
})

it("a branch that was deleted, or replaced by force, is whole again once anybody who has the events comes by", async () => {
  await ada.send("one")
  await settle(ada, bob)
  git(remote, "update-ref", "-d", "refs/heads/agentd-sync")
  const eve = await Clone.open("eve", remote)
  await eve.send("from somebody new")
  await eve.sync()
  // The author stays away: bob passes on what ada said.
  await bob.sync()
  await eve.sync()
  expect(await eve.texts()).toEqual(["one", "from somebody new"])

  const before = git(remote, "rev-parse", "agentd-sync~1")
  await ada.sync()
  await ada.send("two")
  await settle(ada, bob)
  git(remote, "update-ref", "refs/heads/agentd-sync", before)
  await settle(bob, eve, ada)
  expect(await eve.texts()).toEqual(["one", "from somebody new", "two"])
  const fresh = await Clone.open("fresh", remote)
  await fresh.sync()
  expect(await fresh.texts()).toEqual(await eve.texts())
})

it("a torn or edited line is left aside and reported, kept on the branch, and replaced by the true one by whoever has it", async () => {
  await ada.send("first")
  await ada.send("second")
  await ada.sync()
  const meddler = new Meddler(remote)
  const [path] = meddler.files()
  const text = meddler.read(path!)
  const torn = text.slice(0, -30)
  meddler.write(path!, Buffer.concat([Buffer.from(torn.replace("first", "FIRST")), Buffer.from([0xff])]))
  meddler.push()
  await bob.sync()
  expect(await bob.texts()).toEqual([])
  expect((await bob.quarantine()).map(({ reason }) => reason)).toEqual([
    "it was changed: its hash is of something else",
    "it is not UTF-8"
  ])
  await ada.sync()
  await bob.sync()
  expect(await bob.texts()).toEqual(["first", "second"])
  git(meddler.directory, "pull", "--quiet")
  // What nobody can read has not been thrown away.
  expect(meddler.read(path!)).toContain("FIRST")
  expect(meddler.read(path!).split("\n").slice(0, 3).join("\n")).toBe(text.trimEnd())
})

it("events of a type that only later versions know are kept and passed on, byte for byte", async () => {
  await ada.send("one")
  await ada.sync()
  const meddler = new Meddler(remote)
  const line = stranger(1, { type: "poll.opened", big: 1, nested: { ü: [null] } })
  meddler.write(shard, `${line}\n`)
  meddler.push()
  await bob.sync()
  expect(await bob.quarantine()).toEqual([])
  git(remote, "update-ref", "-d", "refs/heads/agentd-sync")
  await bob.sync()
  const again = new Meddler(remote)
  expect(again.read(shard)).toBe(`${line}\n`)
})

it("nobody speaks for somebody else's agent, in another's place, or from the future", async () => {
  const author = await ada.agent()
  await ada.send("true")
  await settle(ada, bob)
  const origin = await ada.origin
  const meddler = new Meddler(remote)
  const unknown = numbered("agt", 99)
  const mine = numbered("agt", 1)
  const own = [
    stranger(1, registered("mallory")),
    stranger(2, said(author, "ada", "forged")),
    stranger(3, said(unknown, "nobody", "nobody said")),
    stranger(4, said(mine, "mallory", "tomorrow"), { clock: "ffffffffffff0000" }),
    stranger(5, said(mine, "mallory", "fine")),
    stranger(6, { type: "message.sent", author: 7 }),
    stranger(7, { type: "daemon.stopped", reason: "x" }),
    stranger(8, said(mine, "mallory", "an id of ada's"), { id: (await events(ada))[0]!.id }),
    stranger(900, said(mine, "mallory", "in the wrong file"))
  ]
  meddler.write(shard, `${own.join("\n")}\n`)
  const place = placeOf(origin, 9, "")
  const theirs = pathOf(place)
  meddler.write(theirs, `${meddler.read(theirs)}${stranger(9, said(mine, "mallory", "among ada's"))}\n`)
  meddler.write("v1/../../etc/passwd".replace("../../", "dots/"), "x")
  meddler.write("README.md", "what others put beside it is theirs")
  meddler.push()
  await bob.sync()
  expect((await bob.texts()).toSorted()).toEqual(["fine", "true"])
  const reasons = (await bob.quarantine()).map(({ reason }) => reason).toSorted()
  expect(reasons).toEqual(
    [
      "it speaks for an agent of another installation",
      "nobody has told of the agent it speaks for yet",
      "its clock is more than three days ahead",
      "it is no message.sent as this version knows it",
      "daemon.stopped is nothing that installations tell each other",
      "its id or its number belongs to another event already",
      "it does not belong into this file",
      "it lies among the events of another installation than the one that it names",
      "no agentd writes a file of this name"
    ].toSorted()
  )
  // None of it keeps anybody from talking.
  await bob.send("and on")
  await settle(bob, ada)
  expect(await ada.texts()).toContain("and on")
})

it("what waits for an agent to be told of comes in once it is", async () => {
  const meddler = await (async () => {
    await ada.send("true")
    await ada.sync()
    return new Meddler(remote)
  })()
  const agent = numbered("agt", 70)
  const line = stranger(1, said(agent, "late", "early"))
  meddler.write(shard, `${line}\n`)
  meddler.push()
  await bob.sync()
  expect(await bob.texts()).toEqual(["true"])
  const later = stranger(70, registered("late"))
  meddler.write(pathOf(placeOf(STRANGER, 70, later)), `${later}\n`)
  meddler.push()
  await bob.sync()
  expect([...(await bob.texts())].toSorted()).toEqual(["early", "true"])
  expect(await bob.quarantine()).toEqual([])
})

it("a line beyond every measure is not even read, and the other messages are", async () => {
  await ada.send("true")
  await ada.sync()
  const meddler = new Meddler(remote)
  // Nothing but one character, so that git stores it in little space, as an attacker would.
  meddler.write(shard, "")
  truncateSync(join(meddler.directory, shard), 40 * 1024 * 1024)
  meddler.push()
  await bob.sync()
  expect(await bob.texts()).toEqual(["true"])
  expect((await bob.quarantine()).map(({ path, reason }) => ({ path, reason }))).toEqual([
    { path: shard, reason: "it is larger than any file of events" }
  ])
})

it("a branch with more on it than messages ever are fills no disk, is told with the way out, and nothing is lost by it", async () => {
  await ada.send("one")
  await settle(ada, bob)
  await bob.stop()
  bob.maxFileBytes = 2 * 1024 * 1024
  await bob.start()
  const meddler = new Meddler(remote)
  // Nothing makes it smaller. In several pieces, each of which would be small enough.
  for (const name of ["a", "b", "c", "d"]) meddler.write(`v1/${name}`, randomBytes(1024 * 1024))
  meddler.push()
  await bob.send("two")
  const copy = join(bob.directory, "sync", `${WORKSPACE}.git`)
  for (const attempt of ["first", "second"]) {
    const reason = await bob.sync().then(
      () => "it was fetched",
      (error: { reason: string }) => error.reason
    )
    expect(reason, attempt).toMatch(/takes more than \d+ MiB.*git push REMOTE --delete agentd-sync/)
    expect(git(copy, "count-objects", "-v"), attempt).toContain("size-garbage: 0")
    expect(spawnSync("du", ["-sk", copy], { encoding: "utf8" }).stdout).toMatch(/^\d{1,3}\t/)
  }
  // Others, who have no such limit, go on meanwhile.
  await ada.send("three")
  await ada.sync()
  git(meddler.directory, "push", "--quiet", remote, "--delete", "agentd-sync")
  await settle(bob, ada)
  expect((await bob.texts()).toSorted()).toEqual(["one", "three", "two"])
  expect(await bob.state()).toBe(await ada.state())
})

const events = (clone: Clone) =>
  clone.run(Effect.flatMap(EventLog, (log) => Effect.map(log.read({ after: 0, limit: 100 }), (page) => page.events)))

it("what leaves the machine holds neither paths of it nor idempotency keys", async () => {
  await ada.send("hello")
  await ada.sync()
  const meddler = new Meddler(remote)
  const text = meddler
    .files()
    .map((path) => meddler.read(path))
    .join("")
  expect(parseFile(Buffer.from(text))?.map((line) => line._tag)).toEqual(["event", "event"])
  expect(text).toContain("hello")
  expect(text).not.toMatch(/private/)
})
