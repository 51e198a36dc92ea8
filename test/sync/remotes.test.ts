/** Remotes that will not do as one would like: public, read-only, gone, full. What was said stays, and the reason is told. */
import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { beforeEach, expect, it, onTestFinished } from "vitest"
import { refusal } from "../sessions/support.ts"
import { hasGitHttp, serveGit } from "./GitHttp.ts"
import { cloneOf, House, projectRemote } from "./house.ts"
import { git, temporary } from "./support.ts"

let house: House
beforeEach(async () => {
  house = await House.open()
})

/** Messages on the branch, none without one. */
const published = (remote: string): number =>
  git(remote, "for-each-ref", "refs/heads/agentd-sync") === ""
    ? 0
    : git(remote, "grep", "-h", "message.sent", "agentd-sync").split("\n").length

const viaHttp = async (remote: string, options = {}) => {
  const clone = cloneOf(remote)
  git(clone, "remote", "set-url", "origin", `${await serveGit(dirname(remote), options)}/${basename(remote)}`)
  return clone
}

if (!hasGitHttp) console.warn("skipped: remotes over HTTP (no git-http-backend)")

it.skipIf(!hasGitHttp)(
  "one that anybody can read takes nothing until a person says that everybody may know",
  async () => {
    const remote = projectRemote()
    git(remote, "config", "http.receivepack", "true")
    const clone = await viaHttp(remote)
    await house.say(clone, "hello")
    expect(await house.plan(clone)).toMatchObject({ enabled: false, public: true })
    expect(await refusal(house.enable(clone))).toMatchObject({ tag: "NeedsConfirmation", data: { field: "public" } })
    expect(await house.refusedSync(clone)).toContain("local-only")
    expect(published(remote)).toBe(0)
    await house.enable(clone, { public: true })
    await house.sync(clone)
    expect(published(remote)).toBe(1)
  }
)

it.skipIf(!hasGitHttp)("one that asks who is there is not public; without an answer that is the reason", async () => {
  const clone = await viaHttp(projectRemote(), { login: true })
  await house.say(clone, "hello")
  await house.enable(clone)
  expect(await house.status(clone)).toMatchObject({ mode: "on", reason: null })
  expect(await house.refusedSync(clone)).toMatch(/could not read Username|Authentication failed/)
  expect(await house.status(clone)).toMatchObject({ error: expect.any(String), unpublished: expect.any(Number) })
})

const refuse = (remote: string) => {
  const hook = join(remote, "hooks", "pre-receive")
  writeFileSync(hook, "#!/bin/sh\necho 'this project is archived' >&2\nexit 1\n")
  chmodSync(hook, 0o755)
  return () => rmSync(hook)
}

it.each([
  {
    how: "by what the server says",
    prepare: async (remote: string) => {
      const clone = cloneOf(remote)
      return { clone, allow: refuse(remote), reason: /the remote does not take it: .*pre-receive hook declined/ }
    }
  },
  {
    how: "over HTTP",
    prepare: async (remote: string) => {
      const clone = await viaHttp(remote)
      return { clone, allow: () => git(remote, "config", "http.receivepack", "true"), reason: /403/ }
    }
  }
])(
  "one that is read-only $how brings what others say, and gets what was said here once it may be written",
  async ({ prepare, how }) => {
    if (how === "over HTTP" && !hasGitHttp) return
    const remote = projectRemote()
    const { allow, clone, reason } = await prepare(remote)
    await house.enable(clone, { public: true })
    const other = await House.open()
    const theirs = join(temporary(), "theirs")
    git("/", "clone", "--quiet", remote, theirs)
    await house.say(clone, "from here")
    expect(await house.refusedSync(clone)).toMatch(reason)
    const refused = await house.status(clone)
    expect(refused).toMatchObject({ mode: "on", error: expect.stringMatching(reason) })
    expect(refused.unpublished).toBeGreaterThan(0)
    expect(published(remote)).toBe(0)

    allow()
    await other.say(theirs, "from there")
    await other.enable(theirs)
    await other.sync(theirs)
    await house.sync(clone)
    expect(await house.status(clone)).toMatchObject({ error: null, unpublished: 0 })
    expect(new Set(await house.heard(clone))).toEqual(new Set(["from here", "from there"]))
    expect(published(remote)).toBe(2)
  }
)

it("one that is gone loses nothing: what was said meanwhile is there once it is back, or another in its place", async () => {
  const remote = projectRemote()
  const clone = cloneOf(remote)
  await house.enable(clone)
  await house.say(clone, "one")
  await house.sync(clone)
  renameSync(remote, `${remote}.away`)
  await house.say(clone, "two")
  expect(await house.refusedSync(clone)).toMatch(/does not appear to be a git repository|could not read/i)
  expect(await house.status(clone)).toMatchObject({ mode: "on", error: expect.any(String), unpublished: 1 })
  renameSync(`${remote}.away`, remote)
  await house.sync(clone)
  expect(published(remote)).toBe(2)
  rmSync(remote, { recursive: true })
  projectRemote(remote)
  await house.sync(clone)
  expect(published(remote)).toBe(2)
  expect(await house.heard(clone)).toEqual(["one", "two"])
})

const MiB = 1024 * 1024
const mount = (path: string) => spawnSync("mount", ["-t", "tmpfs", "-o", `size=${MiB},mode=700`, "tmpfs", path])

it("one whose disk is full is told with that reason, and takes everything once there is space", async ({ skip }) => {
  const disk = join(temporary(), "disk")
  mkdirSync(disk)
  const mounted = process.platform === "linux" ? mount(disk) : null
  if (mounted?.status !== 0) return skip(`no small file system can be mounted: ${mounted?.stderr}`)
  onTestFinished(() => void spawnSync("umount", [disk]))
  const remote = projectRemote(join(disk, "remote.git"))
  const clone = cloneOf(remote)
  await house.enable(clone)
  await house.say(clone, "small")
  await house.sync(clone)
  // What does not become smaller by compression.
  await house.say(clone, Array.from({ length: 60_000 }, (_, n) => ((n * 2654435761) % 2 ** 32).toString(36)).join(""))
  const filler = join(disk, "filler")
  spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4096"])
  expect(await house.refusedSync(clone)).toMatch(/No space left|unpack|disk quota/i)
  const full = await house.status(clone)
  expect(full).toMatchObject({ mode: "on", error: expect.any(String), unpublished: 1 })
  rmSync(filler)
  await house.sync(clone)
  expect(await house.status(clone)).toMatchObject({ error: null, unpublished: 0 })
  expect(published(remote)).toBe(2)
})
