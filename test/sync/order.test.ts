/** What arrives before that which it speaks of. */
import { expect, it } from "vitest"
import { pathOf, placeOf } from "../../src/sync/ShardPath.ts"
import { registered } from "../agents/support.ts"
import { numbered, STRANGER, shard, stranger } from "./stranger.ts"
import { bareRemote, Clone, Meddler, said } from "./support.ts"

it("an edit, a deletion and an answer wait for the message they are about, and count once it is there", async () => {
  const remote = bareRemote()
  const ada = await Clone.open("ada", remote)
  await ada.send("hello")
  await ada.sync()
  const meddler = new Meddler(remote)
  const author = numbered("agt", 1)
  const about = { author, format: "plain", data: null }
  const answer = { ...said(author, "zoe", "answer"), thread: numbered("msg", 2), replyTo: numbered("msg", 2) }
  const early = [
    stranger(1, registered("zoe")),
    stranger(4, { type: "message.edited", message: numbered("msg", 2), text: "edited", ...about }),
    stranger(5, { type: "message.deleted", message: numbered("msg", 3), author, reason: null }),
    stranger(6, answer)
  ]
  meddler.write(shard, `${early.join("\n")}\n`)
  meddler.push()
  await ada.sync()
  expect([...(await ada.texts())].toSorted()).toEqual(["answer", "hello"])
  expect(await ada.quarantine()).toEqual([])
  meddler.catchUp()
  // Long ones have a file of their own, which may come later than the others.
  for (const seq of [2, 3]) {
    const original = stranger(seq, said(author, "zoe", `original ${"x".repeat(40_000)}`))
    meddler.write(pathOf(placeOf(STRANGER, seq, original)), `${original}\n`)
  }
  meddler.push()
  await ada.sync()
  expect([...(await ada.texts())].toSorted()).toEqual(["", "answer", "edited", "hello"])
  expect(await ada.quarantine()).toEqual([])
})
