/**
 * What a power cut makes of git's files: empty, torn or gone. Our own copy of the branch is made anew, whatever is wrong with it; of the
 * remote's repository people are told what to do.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeEach, expect, it, onTestFinished } from "vitest"
import { bareRemote, Clone, git, settle, temporary, WORKSPACE } from "./support.ts"

let remote: string
let ada: Clone
let bob: Clone
/** Bob's copy of the branch. */
let copy: string
beforeEach(async () => {
  remote = bareRemote()
  ada = await Clone.open("ada", remote)
  bob = await Clone.open("bob", remote)
  copy = join(bob.directory, "sync", `${WORKSPACE}.git`)
  await ada.send("one")
  await bob.send("two")
  await settle(ada, bob)
})

const objectPath = (name: string): string => join("objects", name.slice(0, 2), name.slice(2))

const objectsOf = (repository: string): ReadonlyArray<string> =>
  readdirSync(join(repository, "objects"), { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : []
  )

/** As versions before, and git by itself, have them: each object in a file of its own. */
const loosen = (repository: string) => {
  const packs = join(repository, "objects", "pack")
  for (const name of readdirSync(packs).filter((name) => name.endsWith(".pack"))) {
    const pack = readFileSync(join(packs, name))
    for (const suffix of ["pack", "idx", "rev"]) rmSync(join(packs, name.replace(/pack$/, suffix)), { force: true })
    execFileSync("git", ["unpack-objects", "-q"], { cwd: repository, input: pack })
  }
}

const packs = (): ReadonlyArray<string> => readdirSync(join(copy, "objects", "pack"))

/** git's objects are read-only, and of those who run tests not everybody is root. */
const put = (path: string, content: string | Buffer) => {
  rmSync(path)
  writeFileSync(path, content)
}

const reasonOf = (exchange: Promise<unknown>): Promise<string | null> =>
  exchange.then(
    () => null,
    (error: { reason: string }) => error.reason
  )

const expectAll = async (...texts: ReadonlyArray<string>) => {
  expect((await bob.texts()).toSorted()).toEqual(texts.toSorted())
  expect((await ada.texts()).toSorted()).toEqual(texts.toSorted())
  expect(await bob.state()).toBe(await ada.state())
  expect(await bob.quarantine()).toEqual([])
}

const FETCHED = "refs/agentd/remote/agentd-sync"

it.each([
  { what: "the reference of what was fetched", file: () => FETCHED, how: "empty" },
  // git fetches it again by itself.
  { what: "the pack that came", file: (came: string) => came, how: "torn", told: false },
  { what: "a file of the branch", file: () => objectPath(blobOf("three")), how: "gone" },
  { what: "the configuration", file: () => "config", how: "torn" }
])(
  "where $what is $how, the copy is made anew, that is said, and nothing is missed",
  async ({ file, how, told = true }) => {
    await ada.send("three")
    await ada.sync()
    const before = new Set(packs())
    // It has come, and the power goes out before anything is made of it.
    await bob.dieAt("fetched")
    const came = packs().find((name) => name.endsWith(".pack") && !before.has(name))
    const path = join(copy, file(join("objects", "pack", came!)))
    const content = readFileSync(path)
    if (how === "gone") rmSync(path)
    else put(path, how === "empty" ? "" : content.subarray(0, content.length >> 1))
    const reason = await reasonOf(bob.sync())
    if (told || reason !== null) expect(reason).toMatch(/agentd's own copy of the branch is damaged .* nothing is lost/)
    await settle(bob, ada)
    await expectAll("one", "two", "three")
  }
)

/** The object that holds what somebody said. */
const blobOf = (text: string): string => {
  loosen(copy)
  const [path] = git(copy, "grep", "-l", text, FETCHED).split("\n")
  return git(copy, "rev-parse", path!)
}

it("what was made for a push that never came about, and is empty now, keeps nobody from pushing the same again", async () => {
  const before = new Set(objectsOf(copy))
  const hook = join(remote, "hooks", "pre-receive")
  mkdirSync(join(remote, "hooks"), { recursive: true })
  writeFileSync(hook, "#!/bin/sh\nexit 1\n", { mode: 0o755 })
  await bob.send("three")
  expect(await reasonOf(bob.sync())).toContain("hook declined")
  rmSync(hook)
  const made = objectsOf(copy).filter((path) => !before.has(path))
  expect(made.length).toBeGreaterThan(2)
  for (const path of made) put(path, "")
  expect(await reasonOf(bob.sync())).toContain("own copy of the branch is damaged")
  await settle(bob, ada)
  await expectAll("one", "two", "three")
})

it("a remote whose repository is damaged is told as that, with a way out that works, and our copy stays", async () => {
  await bob.send("three")
  await bob.sync()
  const tip = git(remote, "rev-parse", "agentd-sync:v1")
  put(join(remote, objectPath(tip)), "")
  writeFileSync(join(copy, "kept"), "")
  const said = await reasonOf(ada.sync())
  expect(said).toMatch(/remote's own repository is damaged .*git fsck.*remove these, then its branch agentd-sync/)
  await bob.send("four")
  await bob.sync().catch(() => {})
  expect(readdirSync(copy)).toContain("kept")
  // The way out.
  rmSync(join(remote, objectPath(tip)))
  git(remote, "update-ref", "-d", "refs/heads/agentd-sync")
  await settle(bob, ada)
  await expectAll("one", "two", "three", "four")
})

it("a lock that a cut has left on the remote's branch is named, with what to do, and keeps nothing back once it is gone", async () => {
  const lock = join(remote, "refs/heads/agentd-sync.lock")
  writeFileSync(lock, "")
  await bob.send("three")
  expect(await reasonOf(bob.sync())).toMatch(/branch is locked by .*agentd-sync\.lock.*remove it there/)
  rmSync(lock)
  await settle(bob, ada)
  await expectAll("one", "two", "three")
})

it("what was exchanged is on the disk before anybody writes down that it is, on a remote of this machine too", async ({
  skip
}) => {
  const version = git("/", "--version")
  if (!/ (2\.(3[6-9]|[4-9]\d)|[3-9]\.)/.test(version)) return skip(`${version} cannot be told to, nor tell: 2.36 can`)
  const home = temporary()
  const traces = join(home, "traces")
  mkdirSync(traces)
  writeFileSync(join(home, ".gitconfig"), `[trace2]\n\teventTarget = ${traces}\n`)
  const before = process.env.HOME
  process.env.HOME = home
  onTestFinished(() => {
    process.env.HOME = before
  })
  // Which makes the branch anew, with its reference.
  git(remote, "update-ref", "-d", "refs/heads/agentd-sync")
  await ada.send("three")
  await ada.sync()
  // git tells at its end how often it has waited for the disk (api-trace2, since 2.36).
  const flushed = (command: string) =>
    readdirSync(traces)
      .map((name) => readFileSync(join(traces, name), "utf8"))
      .filter((trace) => new RegExp(`"event":"start".*"argv":\\[[^\\]]*"${command}"`).test(trace))
      .map((trace) => Number(/"key":"fsync\/hardware-flush","value":"?(\d+)/.exec(trace)?.[1] ?? 0))
  // Its own reference and objects, by fast-import; the remote's objects and its reference.
  expect(Math.max(...flushed("fast-import"))).toBeGreaterThan(0)
  expect(Math.max(...flushed("receive-pack"))).toBeGreaterThan(0)
  expect(Math.max(...flushed("unpack-objects"))).toBeGreaterThan(2)
})
