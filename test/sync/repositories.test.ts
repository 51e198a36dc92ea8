/** Repositories of every shape, and what becomes of them: each is exchanged, or says why it is not and what to do. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { beforeEach, expect, it } from "vitest"
import { refusal } from "../sessions/support.ts"
import { cloneOf, gitAllowing, House, projectRemote } from "./house.ts"
import { git, temporary } from "./support.ts"

let remote: string
let house: House
beforeEach(async () => {
  remote = projectRemote()
  house = await House.open()
})

/** What the branch says, in the order it was said. */
const published = (): ReadonlyArray<string> =>
  git(remote, "grep", "-h", "message.sent", "agentd-sync")
    .split("\n")
    .map((line) => (JSON.parse(line) as { readonly body: { readonly text: string } }).body.text)

it("one that was moved stops, and goes on once it was asked about where it lies now", async () => {
  const clone = cloneOf(remote)
  await house.say(clone, "before")
  await house.enable(clone)
  await house.sync(clone)
  const moved = join(temporary(), "moved")
  renameSync(clone, moved)
  const stopped = (await house.daemon.call("sync.status", { all: true })).workspaces
  expect(stopped).toMatchObject([{ mode: "stopped", reason: expect.stringMatching(/not at .*agentctl sync status/) }])
  // What the reason says to do is enough.
  expect(await house.status(moved)).toMatchObject({
    mode: "on",
    reason: null,
    workspace: { path: join(moved, ".git") }
  })
  await house.say(moved, "after")
  await house.sync(moved)
  expect(published()).toEqual(["before", "after"])
})

it("one that was deleted stops, keeps what was said, and is exchanged again when it is cloned anew in its place", async () => {
  const clone = cloneOf(remote)
  await house.say(clone, "said here")
  await house.enable(clone)
  await house.sync(clone)
  const { workspace } = await house.status(clone)
  rmSync(clone, { recursive: true })
  expect((await house.daemon.call("sync.status", { all: true })).workspaces).toMatchObject([{ mode: "stopped" }])
  expect(await house.refusedSync("/")).toMatch(/no git repository/)
  git("/", "clone", "--quiet", remote, clone)
  const again = await house.status(clone)
  expect(again).toMatchObject({ workspace: { id: workspace.id }, mode: "on" })
  await house.sync(clone)
  expect(await house.heard(clone)).toEqual(["said here"])
})

it("a working tree that was deleted takes nothing with it: the others of its repository go on", async () => {
  const clone = cloneOf(remote)
  const tree = join(temporary(), "tree")
  git(clone, "worktree", "add", "--quiet", tree)
  await house.say(tree, "in the tree")
  await house.enable(tree)
  rmSync(tree, { recursive: true })
  await house.sync(clone)
  expect(await house.heard(clone)).toEqual(["in the tree"])
  expect(published()).toEqual(["in the tree"])
})

it.each(["shallow", "bare", "a submodule's working tree", "behind a link"])(
  "a clone that is %s is exchanged as any other, and nothing in it is touched",
  async (shape) => {
    const clone = join(temporary(), "clone")
    let where = clone
    if (shape === "shallow") git("/", "clone", "--quiet", "--depth=1", `file://${remote}`, clone)
    else if (shape === "bare") git("/", "clone", "--quiet", "--bare", remote, clone)
    else if (shape === "behind a link") {
      const real = cloneOf(remote)
      git(temporary(), "init", "--quiet", "--separate-git-dir", join(temporary(), "elsewhere"), real)
      where = real
    } else {
      git("/", "clone", "--quiet", projectRemote(), clone)
      gitAllowing(clone, "submodule", "--quiet", "add", remote, "part")
      where = join(temporary(), "tree")
      git(join(clone, "part"), "worktree", "add", "--quiet", where)
    }
    const before = git(where, "for-each-ref")
    await house.say(where, "hello")
    await house.enable(where)
    await house.sync(where)
    expect(git(where, "for-each-ref")).toBe(before)
    expect(published()).toEqual(["hello"])
  }
)

it("a submodule is one workspace, and the repository around it another", async () => {
  const around = cloneOf(projectRemote())
  gitAllowing(around, "submodule", "--quiet", "add", remote, "part")
  await house.say(around, "outside")
  await house.say(join(around, "part"), "inside")
  await house.enable(join(around, "part"))
  await house.sync(join(around, "part"))
  expect(published()).toEqual(["inside"])
  expect(await house.refusedSync(around)).toContain("local-only")
})

it("several in one daemon keep to themselves, each on its own remote", async () => {
  const other = projectRemote()
  const [one, two] = [cloneOf(remote), cloneOf(other)]
  for (const clone of [one, two]) await house.enable(clone)
  await house.say(one, "for one")
  await house.say(two, "for two")
  for (const clone of [one, two]) await house.sync(clone)
  expect(published()).toEqual(["for one"])
  expect(git(other, "grep", "-h", "for ", "agentd-sync")).not.toContain("for one")
  expect([await house.heard(one), await house.heard(two)]).toEqual([["for one"], ["for two"]])
  // One that cannot be exchanged holds up no other.
  git(one, "remote", "set-url", "origin", `${remote}.gone`)
  await house.enable(one)
  expect(await house.refusedSync(one)).toContain("does not appear to be a git repository")
  await house.say(two, "two again")
  await house.sync(two)
  const { workspaces } = await house.daemon.call("sync.status", { all: true })
  expect(workspaces.map(({ error }) => error !== null).toSorted()).toEqual([false, true])
  expect(workspaces.find(({ workspace }) => workspace.path === join(two, ".git"))).toMatchObject({ unpublished: 0 })
})

it("one without a remote of that name says how it gets one; with another name it is exchanged through that", async () => {
  const clone = cloneOf(remote)
  git(clone, "remote", "rename", "origin", "upstream")
  await house.say(clone, "hello")
  expect(await refusal(house.plan(clone))).toMatchObject({
    tag: "Conflict",
    message: expect.stringMatching(/no remote called origin.*git remote add origin URL.*stays on this machine/)
  })
  expect(await house.heard(clone)).toEqual(["hello"])
  await house.enable(clone, { remote: "upstream" })
  await house.sync(clone)
  expect(published()).toEqual(["hello"])
})

it("one whose remote was taken away, or put to something no address is made of, is not exchanged until it is back", async () => {
  const clone = cloneOf(remote)
  await house.say(clone, "one")
  await house.enable(clone)
  await house.sync(clone)
  const change = (...args: ReadonlyArray<string>) => git(clone, "remote", ...args)
  change("remove", "origin")
  await house.say(clone, "two")
  expect(await house.refusedSync(clone)).toMatch(/no remote called origin.*git remote add/)
  expect(await house.status(clone)).toMatchObject({ mode: "stopped", unpublished: 1 })
  change("add", "origin", "ext::sh -c 'touch /tmp/never'")
  expect(await house.refusedSync(clone)).toMatch(/cannot be used/)
  expect(published()).toEqual(["one"])
  change("set-url", "origin", remote)
  await house.sync(clone)
  expect(published()).toEqual(["one", "two"])
})

it("where no git is, or a .git that is none, messages are said and heard, and sync says that there is no remote", async () => {
  const broken = temporary()
  mkdirSync(join(broken, ".git"))
  for (const directory of [temporary(), broken]) {
    expect(await refusal(house.plan(directory))).toMatchObject({ message: expect.stringMatching(/no git repository/) })
    expect(await house.refusedSync(directory)).toMatch(/no git repository/)
    expect(await house.status(directory)).toMatchObject({ mode: "local-only", unpublished: 0 })
  }
  await house.say(broken, "at home")
  expect(await house.heard(temporary())).toEqual(["at home"])
  expect(existsSync(join(broken, ".git", "HEAD"))).toBe(false)
})

it("a second clone on one machine is sent to the first: two would take each other's words for their own", async () => {
  const [first, second] = [cloneOf(remote), cloneOf(remote)]
  await house.enable(first)
  const refused = async () => {
    const { message, tag } = await refusal(house.plan(second))
    expect({ message, tag }).toEqual({ message: expect.stringContaining(first), tag: "Conflict" })
    return message
  }
  expect(await refused()).toMatch(/git worktree add.*sync disable/)
  // What one has exchanged is kept with it, whether it is enabled or not, and whether it is there or not.
  await house.say(first, "one")
  await house.sync(first)
  await house.daemon.call("sync.disable", { directory: first })
  expect(await refused()).toMatch(/git worktree add\)\.$/)
  rmSync(first, { recursive: true })
  const [, command] = /"git (clone [^"]*)"/.exec(await refused())!
  git("/", ...command!.split(" "))
  await house.enable(first)
  await house.say(first, "two")
  await house.sync(first)
  expect(published()).toEqual(["one", "two"])
})

it("a second clone that could be used before the first had been exchanged is told so, and nothing is lost in either", async () => {
  const [first, second] = [cloneOf(remote), cloneOf(remote)]
  git(second, "remote", "set-url", "origin", `file://${remote}`)
  await house.enable(first)
  await house.enable(second)
  await house.say(first, "one")
  await house.sync(first)
  await house.say(second, "two")
  expect(await house.refusedSync(second)).toMatch(
    new RegExp(`kept with another repository.*${first}\\. .*git worktree`)
  )
  const { error, unpublished } = await house.status(second)
  expect(error).toContain(first)
  expect(unpublished).toBeGreaterThan(0)
  await house.say(first, "three")
  await house.sync(first)
  expect(published()).toEqual(["one", "three"])
  expect(await house.heard(second)).toEqual(["two"])
})

it("two clones that register the same name: both keep it, each is told apart, and both are written to", async () => {
  const other = await House.open()
  const [here, there] = [cloneOf(remote), cloneOf(remote)]
  await house.say(here, "here")
  await other.say(there, "there")
  await house.enable(here)
  await other.enable(there)
  for (const one of [() => house.sync(here), () => other.sync(there), () => house.sync(here)]) await one()
  const names = async (who: House, directory: string) =>
    (await who.daemon.call("agent.list", { directory })).agents
      .filter(({ name }) => name === "ant")
      .map(({ address, id }) => ({ address, id }))
  const [mine, theirs] = [await names(house, here), await names(other, there)]
  expect(new Set(mine.map(({ address }) => address)).size).toBe(2)
  expect(theirs).toEqual(mine)
  for (const { address } of mine) {
    await house.daemon.call("message.send", { to: [address], text: address, directory: here })
  }
  await house.sync(here)
  await other.sync(there)
  expect(new Set(await other.heard(there))).toEqual(new Set(["here", "there", ...mine.map(({ address }) => address)]))
})
