/** What leaves is what a person was shown, and nothing leaves where the configuration keeps it. */
import { expect, it } from "vitest"
import { refusal } from "../sessions/support.ts"
import { cloneOf, House, projectRemote } from "./house.ts"
import { git, temporary } from "./support.ts"

const texts = ({ messages }: { readonly messages: ReadonlyArray<{ readonly text: string }> }) =>
  messages.map(({ text }) => text)

it("what was exchanged through one remote is shown again before it goes to another, also what others have said", async () => {
  const [one, two] = [projectRemote(), projectRemote()]
  const [house, other] = [await House.open(), await House.open()]
  const [here, there] = [cloneOf(one), cloneOf(one)]
  await house.say(here, "ours")
  await other.say(there, "theirs")
  await other.enable(there)
  await other.sync(there)
  const plan = await house.plan(here)
  expect(texts(plan)).toEqual(["ours"])
  await house.enable(here)
  await house.sync(here)
  expect(await house.plan(here)).toMatchObject({ leaves: [], messages: [] })

  git(here, "remote", "set-url", "origin", two)
  const again = await house.plan(here)
  expect(texts(again).toSorted()).toEqual(["ours", "theirs"])
  expect(again.leaves.find(({ type }) => type === "message.sent")).toEqual({
    type: "message.sent",
    events: 2,
    others: 1
  })
  // Shown is all of it: as many events as have arrived there afterwards.
  const shown = again.leaves.reduce((sum, { events }) => sum + events, 0)
  await house.enable(here)
  await house.sync(here)
  expect(git(two, "grep", "-h", "hash", "agentd-sync", "--", "v1").split("\n")).toHaveLength(shown)
})

it("where the configuration keeps everything here that is said first, and what was agreed to before holds once it does no more", async () => {
  const directory = temporary()
  const clone = cloneOf(projectRemote())
  const before = await House.open(directory)
  await before.enable(clone)
  await before.daemon.close()

  const closed = await House.open(directory, { "sync.local_only": "always" })
  const reason = expect.stringMatching(/keeps everything on this machine.*config show --origin/)
  expect(await closed.status(clone)).toMatchObject({ mode: "stopped", reason })
  expect(await closed.refusedSync(clone)).toEqual(reason)
  expect(await refusal(closed.plan(clone))).toMatchObject({ tag: "NotAllowed", message: reason })
  const other = cloneOf(projectRemote())
  await closed.say(other, "stays")
  expect(await closed.status(other)).toMatchObject({ mode: "local-only", reason })
  await closed.daemon.close()

  const after = await House.open(directory)
  expect(await after.status(clone)).toMatchObject({ mode: "on", reason: null })
})
