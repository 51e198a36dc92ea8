/** What git says agents work on, with real repositories, kind ones and hostile ones. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { parseNumbers, parseStatus, touches } from "../../src/agents/Work.ts"
import { Git, withoutFilters } from "../../src/host/git/Git.ts"
import { openDaemon, refusal, temporary } from "../sessions/support.ts"
import { git } from "./support.ts"

const repository = () => {
  const path = temporary()
  git(path, "init", "-q")
  writeFileSync(join(path, "a"), "1\n2\n")
  git(path, "add", ".")
  git(path, "commit", "-q", "-m", "first")
  return path
}

describe("who has a file", () => {
  it("is told by branch, uncommitted or committed, with lines, also of files that are new or lie below", async () => {
    const daemon = await openDaemon()
    const main = repository()
    const tree = join(temporary(), "tree")
    git(main, "worktree", "add", "-q", "-b", "topic", tree)
    await daemon.start("sleep 1000", { agent: "ant", cwd: main })
    await daemon.start("sleep 1000", { agent: "bee", cwd: tree })
    await daemon.start("sleep 1000", { agent: "far", cwd: repository() })
    writeFileSync(join(tree, "a"), "1\n2\n3\n")
    git(tree, "commit", "-q", "-a", "-m", "more")
    mkdirSync(join(main, "new"))
    writeFileSync(join(main, "new/b c"), "x")
    const holders = async (path: string) => {
      const found = await daemon.call("agent.whoHas", { path, directory: main })
      expect(found.problems).toEqual([])
      return found.holders.map(({ agent, branch, files, state }) => [agent?.name, branch, state, files[0]])
    }
    expect(await holders(join(main, "a"))).toEqual([["bee", "topic", "committed", { path: "a", added: 1, removed: 0 }]])
    expect(await holders(join(main, "new/b c"))).toEqual([
      ["ant", "main", "uncommitted", { path: "new/", added: null, removed: null }]
    ])
    writeFileSync(join(tree, "a"), "1\n")
    expect(await holders(join(tree, "a"))).toContainEqual([
      "bee",
      "topic",
      "uncommitted",
      { path: "a", added: 0, removed: 2 }
    ])
    const { contexts } = await daemon.call("agent.context", { agent: "@bee", directory: main })
    expect(contexts).toMatchObject([{ branch: "topic", base: "main", unmerged: 1, problem: null }])
    expect(await refusal(daemon.call("agent.whoHas", { path: "/etc/passwd", directory: main }))).toMatchObject({
      tag: "InvalidParams"
    })
  })

  it("says what it could not find out: no commit yet, a working tree that is gone", async () => {
    const daemon = await openDaemon()
    const empty = temporary()
    git(empty, "init", "-q")
    await daemon.start("sleep 1000", { agent: "ant", cwd: empty })
    await daemon.start("sleep 1000", { agent: "bee", cwd: "/" })
    const at = (directory: string) => daemon.call("agent.context", { directory })
    expect((await at(empty)).contexts).toMatchObject([{ branch: "main", base: null, unmerged: 0, problem: null }])
    expect((await at("/")).contexts).toMatchObject([{ worktree: null, branch: null, problem: null }])
    writeFileSync(join(empty, ".git/index"), "this is no index")
    expect((await at(empty)).contexts).toMatchObject([{ problem: expect.stringContaining("index") }])
  })
})

describe("a hostile repository", () => {
  it("runs nothing: no hook, monitor, filter, diff driver, pager or transport of its own", async () => {
    const path = repository()
    const proof = join(temporary(), "proof")
    mkdirSync(proof)
    const trap = (name: string) => `touch ${join(proof, name)};cat`
    const settings = {
      "core.fsmonitor": trap("fsmonitor"),
      "core.pager": trap("pager"),
      "pager.status": "true",
      "diff.external": trap("external"),
      "diff.evil.textconv": trap("textconv"),
      "diff.evil.command": trap("command"),
      "filter.evil.clean": trap("clean"),
      "filter.evil.smudge": trap("smudge"),
      "filter.e=v.il.process": trap("process"),
      "filter.evil.required": "true",
      "core.sshCommand": trap("ssh"),
      "remote.origin.url": `ext::sh -c ${trap("ext")}`
    }
    for (const [key, value] of Object.entries(settings)) git(path, "config", key, value)
    writeFileSync(join(path, ".gitattributes"), "a filter=evil diff=evil\nb filter=e=v.il\n")
    const hooks = join(path, ".git/hooks")
    mkdirSync(hooks, { recursive: true })
    for (const hook of ["post-index-change", "reference-transaction", "fsmonitor-watchman"]) {
      writeFileSync(join(hooks, hook), `#!/bin/sh\n${trap(hook)}\n`, { mode: 0o755 })
    }
    writeFileSync(join(path, "a"), "changed\n")
    writeFileSync(join(path, "b"), "new\n")
    const ask = (...args: ReadonlyArray<string>) =>
      Effect.runPromise(Effect.flatMap(Git, (service) => service.ask(path, args)).pipe(Effect.provide(Git.layer)))
    const daemon = await openDaemon()
    await daemon.start("sleep 1000", { agent: "ant", cwd: path })
    const { contexts } = await daemon.call("agent.context", { directory: path })
    expect(contexts).toMatchObject([{ problem: null, uncommitted: expect.arrayContaining([expect.anything()]) }])
    await ask("diff", "--no-ext-diff", "--no-textconv", "HEAD")
    expect(existsSync(proof) && readdirSync(proof)).toEqual([])
    // The trap is one: git as people call it walks into it.
    git(path, "diff", "--stat")
    expect(readdirSync(proof)).toContain("clean")
  })

  it("has settings of any name listed, so that each can be emptied", () => {
    const settings = withoutFilters("filter.a.b.clean\0filter.x=y.process\0filter.x=y.required\0")
    expect(settings.map(([key]) => key)).toEqual(
      ["a.b", "x=y"].flatMap((name) => ["clean", "smudge", "process", "required"].map((key) => `filter.${name}.${key}`))
    )
  })
})

describe("what git prints", () => {
  it("is read with any name a file can have", () => {
    expect(parseNumbers("1\t2\ta\tb\nc\0-\t-\tbinary\0")).toEqual([
      { path: "a\tb\nc", added: 1, removed: 2 },
      { path: "binary", added: null, removed: null }
    ])
    const status = "# branch.oid (initial)\0# branch.head (detached)\x001 .M N... 1 1 1 a b x\0? new\nline\0"
    expect(parseStatus(status)).toEqual({
      branch: null,
      commit: null,
      untracked: [{ path: "new\nline", added: null, removed: null }]
    })
  })
  it("touches a file by its own name, its directory, or everything", () => {
    const file = { path: "src/a.ts", added: 1, removed: 1 }
    expect(["src/a.ts", "src", "", "src/a", "a.ts"].map((wanted) => touches(wanted, file))).toEqual([
      true,
      true,
      true,
      false,
      false
    ])
  })
})
