/** Files of the branch that are small to send and large to read: what they cost the daemon is bounded, and the others are read. */
import { beforeEach, expect, it } from "vitest"
import { MAX_TEXT_BYTES } from "../../src/contract/Limits.ts"
import { MAX_LINES } from "../../src/sync/ShardLine.ts"
import { pathOf, placeOf } from "../../src/sync/ShardPath.ts"
import { MAX_FILE_BYTES } from "../../src/sync/SyncTransport.ts"
import { registered } from "../agents/support.ts"
import { numbered, STRANGER, shard, stranger } from "./stranger.ts"
import { bareRemote, Clone, Meddler, said, settle } from "./support.ts"

const mallory = numbered("agt", 1)

let remote: string
let ada: Clone
let bob: Clone
let meddler: Meddler
beforeEach(async () => {
  remote = bareRemote()
  ada = await Clone.open("ada", remote)
  bob = await Clone.open("bob", remote)
  await ada.send("true")
  await ada.sync()
  meddler = new Meddler(remote)
})

const reasons = async () => (await bob.quarantine()).map(({ path, reason }) => ({ path, reason }))
const TOO_MANY = "it has more lines than any file of events"

it("a file of eight million lines is one entry of the report, and none of them is looked at", async () => {
  meddler.write(shard, Buffer.alloc(MAX_FILE_BYTES, "x\n"))
  meddler.push()
  await bob.sync()
  expect(await bob.texts()).toEqual(["true"])
  expect(await reasons()).toEqual([{ path: shard, reason: TOO_MANY }])
})

it("as many lines as may be are each reported; one's own events are put back where others have buried them", async () => {
  meddler.write(shard, "x\n".repeat(MAX_LINES))
  const [own] = meddler.files()
  meddler.write(own!, `${"\n".repeat(MAX_LINES)}${meddler.read(own!)}`)
  meddler.push()
  await bob.sync()
  expect(await bob.texts()).toEqual([])
  const found = await reasons()
  expect(found.filter(({ path }) => path === shard)).toHaveLength(MAX_LINES)
  expect(found.filter(({ path }) => path === own)).toEqual([{ path: own, reason: TOO_MANY }])
  await settle(ada, bob)
  expect(await bob.texts()).toEqual(["true"])
  expect((await reasons()).filter(({ path }) => path === own)).toEqual([])
})

it("an event that holds more than one may, or text that is none, is left aside, and what follows it is not", async () => {
  const body = (text: string, more: object = {}) => JSON.stringify({ ...said(mallory, "mallory", text), ...more })
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`
  const events = [
    registered("mallory"),
    body("x".repeat(2 * MAX_TEXT_BYTES + 1)),
    body("deep").replace('"data":null', `"data":${deep}`),
    body("a\0b"),
    body("\ud800"),
    { ...registered("mallory"), host: "h".repeat(100_000) },
    body("with \u001b[2J in it")
  ]
  const files = new Map<string, string>()
  for (const [index, text] of events.entries()) {
    const line = stranger(index + 1, text)
    const path = pathOf(placeOf(STRANGER, index + 1, line))
    files.set(path, `${files.get(path) ?? ""}${line}\n`)
  }
  for (const [path, text] of files) meddler.write(path, text)
  meddler.push()
  await bob.sync()
  expect([...(await bob.texts())].toSorted()).toEqual(["true", "with \u001b[2J in it"])
  expect(new Set((await reasons()).map(({ reason }) => reason))).toEqual(
    new Set(["it holds more than an event may, or text that is none"])
  )
  expect(await reasons()).toHaveLength(5)
})
