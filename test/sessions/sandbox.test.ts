/** Sandboxes: which profile a session gets, what it opens, and how that becomes properties of a unit. */
import { execFileSync } from "node:child_process"
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseProfile } from "../../src/config/Profiles.ts"
import { workspace } from "../../src/contract/session/Sandbox.ts"
import { type Confinement, decideSandbox } from "../../src/sessions/sandbox/Confinement.ts"
import { probeOf, readProbe } from "../../src/sessions/sandbox/Probe.ts"
import { quoted, sandboxProperties } from "../../src/sessions/sandbox/Properties.ts"
import { findWorkTree } from "../../src/sessions/sandbox/WorkTree.ts"
import { openDaemon, refusal, temporary } from "./support.ts"

const confinement = (changes: Partial<Confinement> = {}): Confinement => ({
  name: "workspace",
  profile: workspace,
  home: "/home/me",
  runtime: "/run/user/7",
  socket: "/run/user/7/agentd/api.sock",
  tree: {
    root: "/home/me/project",
    git: null,
    orders: ["/home/me/project/.git/hooks"],
    own: "/home/me/project/.git"
  },
  ...changes
})

describe("the profile of a session", () => {
  it("is what it asks for, else what is configured, and only that when it is locked", () => {
    expect(decideSandbox(undefined, "open", false, false)).toEqual({ name: "open" })
    expect(decideSandbox("workspace", "open", false, false)).toEqual({ name: "workspace" })
    expect(decideSandbox("open", "workspace", false, false)).toEqual({ name: "open" })
    expect(decideSandbox("open", "workspace", true, false)).toEqual({ lockedAt: "workspace" })
    expect(decideSandbox("workspace", "workspace", true, false)).toEqual({ name: "workspace" })
    // Locked open keeps nobody from a sandbox.
    expect(decideSandbox("workspace", "open", true, false)).toEqual({ name: "workspace" })
    // One that is started again has what is locked now.
    expect(decideSandbox("open", "workspace", true, true)).toEqual({ name: "workspace" })
  })

  it("is refused by a daemon that cannot make one, and nothing is started or recorded", async () => {
    const daemon = await openDaemon()
    const { message, tag } = await refusal(daemon.start("true", { sandbox: "workspace", cwd: temporary() }))
    expect(tag).toBe("NotEnforceable")
    expect(message).toContain("only systemd can make one")
    expect(message).toContain('"--sandbox open"')
    const unknown = await refusal(daemon.start("true", { sandbox: "nothing" }))
    expect(unknown.message).toContain("there are open, workspace")
    expect((await refusal(daemon.start("true", { sandbox: "../x" }))).tag).toBe("InvalidParams")
    expect((await daemon.call("session.list", { all: true })).sessions).toEqual([])
    expect((await daemon.start("true", { sandbox: "open" })).sandbox).toBe("open")
  })
})

describe("a profile's file", () => {
  const parse = (text: string) => Effect.runPromise(parseProfile(text, "/etc/p.toml"))

  it("opens only what it names", async () => {
    expect(await parse("")).toEqual({ ...workspace, description: "" })
    expect(await parse('network = true\nread_write = ["~/.cache", "/srv"]\n')).toEqual({
      ...workspace,
      description: "",
      network: true,
      read_write: ["~/.cache", "/srv"]
    })
  })

  it("is refused with line, key and what was expected", async () => {
    const cases = [
      ["\nnetwork = 1", "/etc/p.toml:2: network: expected true or false, found 1"],
      ['home = "shut"', 'expected "open", "read-only" or "empty", found "shut"'],
      ["netwrok = true", "unknown key; a profile has description, home"],
      ['read_write = ["cache"]', 'begin with "/" or "~/"'],
      ['read_write = ["/srv/../etc"]', 'hold no ".."'],
      ["hidden = ['~/a\"b']", "and no quotes"],
      ['hidden = ["~user/x"]', 'begin with "/" or "~/"'],
      ["network =", "not valid TOML"]
    ] as const
    for (const [text, said] of cases) await expect(parse(text), text).rejects.toThrow(said)
  })
})

describe("the working tree", () => {
  const make = () => {
    const home = realpathSync(temporary())
    const git = (cwd: string, ...args: ReadonlyArray<string>) =>
      execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@y", ...args], { cwd, stdio: "pipe" })
    const repository = join(home, "repository")
    mkdirSync(join(repository, "sub"), { recursive: true })
    git(repository, "init", "-q")
    git(repository, "commit", "-q", "--allow-empty", "-m", "first")
    git(repository, "worktree", "add", "-q", "../linked")
    return { home, repository, linked: join(home, "linked") }
  }

  it("is the one around the directory, with what git takes orders from", () => {
    const { home, repository } = make()
    expect(findWorkTree(join(repository, "sub"), [home])).toEqual({
      root: repository,
      git: null,
      orders: [join(repository, ".git/hooks"), join(repository, ".git/config")],
      own: join(repository, ".git")
    })
  })

  it("has its git directory with it when that lies elsewhere and knows of it", () => {
    const { home, linked, repository } = make()
    expect(findWorkTree(linked, [home])).toEqual({
      root: linked,
      git: join(repository, ".git"),
      orders: [join(linked, ".git"), join(repository, ".git/hooks"), join(repository, ".git/config")],
      own: null
    })
  })

  it("is not let out by a file that a session has written into it", () => {
    const { home, linked, repository } = make()
    const outside = join(home, "precious")
    mkdirSync(join(outside, "worktrees/linked"), { recursive: true })
    // Points outside; what is there does not know of this tree.
    writeFileSync(join(linked, ".git"), `gitdir: ${outside}/worktrees/linked\n`)
    expect(findWorkTree(linked, [home])?.git).toBeNull()
    // All of it made up inside the tree, but for the directory it is to open.
    const fake = join(linked, "fake/worktrees/linked")
    mkdirSync(fake, { recursive: true })
    writeFileSync(join(linked, ".git"), `gitdir: ${fake}\n`)
    writeFileSync(join(fake, "gitdir"), `${linked}/.git\n`)
    writeFileSync(join(fake, "commondir"), `${outside}\n`)
    expect(findWorkTree(linked, [home])?.git).toBeNull()
    // The same with a link, so that the names agree.
    symlinkSync(outside, join(linked, "link"))
    writeFileSync(join(fake, "commondir"), `${linked}/link\n`)
    expect(findWorkTree(linked, [home])?.git).toBeNull()
    writeFileSync(join(linked, ".git"), `gitdir: ${repository}\n`)
    expect(findWorkTree(linked, [home])?.git).toBeNull()
  })

  it("is never a home or what holds one: then only the directory itself counts, or nothing", () => {
    const { home, repository } = make()
    execFileSync("git", ["init", "-q"], { cwd: home })
    const plain = join(home, "plain")
    mkdirSync(plain)
    expect(findWorkTree(plain, [home])?.root).toBe(plain)
    expect(findWorkTree(home, [home])).toBeNull()
    expect(findWorkTree("/", [home])).toBeNull()
    expect(findWorkTree(repository, [join(repository, "state")])).toBeNull()
  })
})

describe("the properties of a sandbox", () => {
  it("shut the home, the system and the network off, and open the working tree", () => {
    const properties = sandboxProperties(confinement())
    expect(properties).toEqual(
      expect.arrayContaining([
        "PrivateUsers=yes",
        "NoNewPrivileges=yes",
        "ProtectHome=read-only",
        "ProtectSystem=strict",
        "ProtectControlGroups=yes",
        "PrivateNetwork=yes",
        "PrivateTmp=yes",
        'TemporaryFileSystem="/run/user/7":mode=0700',
        'ReadWritePaths="/home/me/project"',
        'BindPaths="/home/me/project/.git"',
        'ReadOnlyPaths="-/home/me/project/.git/hooks"',
        'InaccessiblePaths="-/run/docker.sock"'
      ])
    )
    expect(properties.join()).not.toContain("api.sock")
  })

  it("bring back what something empty lies over, and keep a home elsewhere read-only", () => {
    const empty = sandboxProperties(confinement({ profile: { ...workspace, home: "empty", daemon: true } }), [
      "/run/user/7/x"
    ])
    expect(empty).toContain('BindPaths="/home/me/project"')
    expect(empty).toContain('BindReadOnlyPaths="-/run/user/7/agentd/api.sock"')
    expect(empty).toContain('BindPaths="/run/user/7/x"')
    const inTmp = sandboxProperties(
      confinement({ tree: { root: "/tmp/project", git: "/srv/git", orders: [], own: null } })
    )
    expect(inTmp).toContain('BindPaths="/tmp/project"')
    expect(inTmp).toContain('ReadWritePaths="/srv/git"')
    // The session's own /tmp is its working directory then.
    expect(sandboxProperties(confinement({ tree: { root: "/tmp", git: null, orders: [], own: null } }))).not.toContain(
      'BindPaths="/tmp"'
    )
    expect(sandboxProperties(confinement({ home: "/srv/me" }))).toContain('ReadOnlyPaths="/srv/me"')
  })

  it("name any path as one word", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', "\\", " ", "a", ":", "%", "$", "'") }), (path) => {
        const word = quoted(path)
        expect(word.slice(1, -1).replaceAll(/\\(.)/gs, "$1")).toBe(path)
        expect(/^"(?:[^"\\]|\\.)*"$/s.test(word)).toBe(true)
      })
    )
  })
})

describe("the probe of a sandbox", () => {
  it("looks for what the profile shuts off", () => {
    expect(probeOf(confinement(), "net:[1]").slice(3)).toEqual([
      ...["probe", "net:[1]", "/run/user/7", "/home/me", "home-read-only", "system", "network", "tmp"]
    ])
    const open = { ...workspace, home: "open", system: "open", network: true, private_tmp: false } as const
    expect(probeOf(confinement({ profile: open }), "net:[1]").slice(7)).toEqual([])
  })

  it("finds everything open when it runs in no sandbox at all", () => {
    const home = temporary()
    mkdirSync(join(home, "bus"))
    const network = execFileSync("readlink", ["/proc/self/ns/net"], { encoding: "utf8" }).trim()
    const [shell, ...args] = probeOf(confinement({ home, runtime: home }), network)
    const stdout = execFileSync(shell!, args, { encoding: "utf8" })
    expect(stdout.split("\n")).toEqual(expect.arrayContaining(["bus", "home", "network", "tmp", "done"]))
    expect(readProbe({ code: 0, stdout, stderr: "" })).toContain("it has no network of its own")
  })

  it("counts only when it has run to its end", () => {
    expect(readProbe({ code: 0, stdout: "done\n", stderr: "" })).toBeNull()
    expect(readProbe({ code: 0, stdout: "network\ndone\n", stderr: "" })).toBe("it has no network of its own")
    expect(readProbe({ code: 0, stdout: "", stderr: "" })).toContain("systemd could not make it")
    expect(readProbe({ code: 217, stdout: "", stderr: "" })).toContain("217/USER: no user namespace")
    expect(readProbe({ code: 1, stdout: "", stderr: "x\nUnknown assignment: Foo\n" })).toContain(
      "Unknown assignment: Foo"
    )
  })
})
