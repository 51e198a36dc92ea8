/** What arrives before that which it speaks of. */
import { expect, it } from "vitest"
import { encodeLine } from "../../src/sync/ShardLine.ts"
import { pathOf, placeOf } from "../../src/sync/ShardPath.ts"
import { bareRemote, Clone, Meddler, said } from "./support.ts"

const STRANGER = "ins_00000000000000000BAD"
const numbered = (prefix: string, seq: number) => `${prefix}_${String(seq).padStart(26, "0")}`
const line = (seq: number, body: object) =>
  encodeLine({
    id: numbered("evt", seq),
    at: seq,
    origin: STRANGER,
    seq,
    clock: seq.toString(16).padStart(16, "0"),
    body: JSON.stringify(body)
  })

it("an edit, a deletion and an answer wait for the message they are about, and count once it is there", async () => {
  const remote = bareRemote()
  const ada = await Clone.open("ada", remote)
  await ada.send("hello")
  await ada.sync()
  const meddler = new Meddler(remote)
  const author = numbered("agt", 1)
  const about = { author, format: "plain", data: null }
  const none = { role: null, module: null, display: null, worktree: null, by: null }
  const answer = { ...said(author, "zoe", "answer"), thread: numbered("msg", 2), replyTo: numbered("msg", 2) }
  const early = [
    line(1, { type: "agent.registered", name: "zoe", kind: "agent", host: "h", ...none }),
    line(4, { type: "message.edited", message: numbered("msg", 2), text: "edited", ...about }),
    line(5, { type: "message.deleted", message: numbered("msg", 3), author, reason: null }),
    line(6, answer)
  ]
  meddler.write(pathOf({ origin: STRANGER, segment: 0, seq: null }), `${early.join("\n")}\n`)
  meddler.push()
  await ada.sync()
  expect([...(await ada.texts())].toSorted()).toEqual(["answer", "hello"])
  expect(await ada.quarantine()).toEqual([])
  meddler.catchUp()
  // Long ones have a file of their own, which may come later than the others.
  for (const seq of [2, 3]) {
    const original = line(seq, said(author, "zoe", `original ${"x".repeat(40_000)}`))
    meddler.write(pathOf(placeOf(STRANGER, seq, original)), `${original}\n`)
  }
  meddler.push()
  await ada.sync()
  expect([...(await ada.texts())].toSorted()).toEqual(["", "answer", "edited", "hello"])
  expect(await ada.quarantine()).toEqual([])
})
