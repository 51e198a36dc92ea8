import { execFileSync } from "node:child_process"
import { chmodSync, chownSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { check, renderCheck } from "../../src/config/Check.ts"
import { Settings } from "../../src/config/Settings.ts"
import type { ConfigInvalid } from "../../src/contract/errors/Errors.ts"
import { Machine } from "./fixture.ts"

const problemOf = (machine: Machine): Promise<ConfigInvalid> =>
  machine.run(Settings).then(
    () => expect.fail("the configuration was taken"),
    (problem: ConfigInvalid) => problem
  )

const asRoot = process.getuid!() === 0

describe("a bad configuration file is refused with file, line, key and what was expected", () => {
  const cases: ReadonlyArray<[what: string, text: string, line: number, key: string, reason: string]> = [
    ["a syntax error", '[session]\nterm = "a\n', 2, "", "not valid TOML"],
    ["a key written twice", "[session]\ncols = 1\ncols = 2\n", 3, "", "not valid TOML"],
    ["an unknown section", "\n[sesion]\ncols = 1\n", 2, "sesion", "unknown section, expected one of daemon, session"],
    ["an unknown key", "[session]\ncolumns = 1\n", 2, "session.columns", "this section has grace, shell, term"],
    ["a nice value there is none of", "[limits]\nnice = 20\n", 2, "limits.nice", "from -20 to 19, found 20"],
    ["a key outside of any section", "cols = 1\n", 1, "cols", "unknown section"],
    ["a section that is none", "session = 1\n", 1, "session", "expected a table ([session]), found 1"],
    ["a section written as a list", "[[session]]\ncols = 1\n", 1, "session", "expected a table"],
    ["a wrong type", '[session]\n\ncols = "80"\n', 3, "session.cols", 'a whole number from 1 to 10000, found "80"'],
    ["a fraction", "session = { rows = 24,\n cols = 80.5 }\n", 2, "session.cols", "found 80.5"],
    ["a number out of range", "session.cols = 10001\n", 1, "session.cols", "from 1 to 10000, found 10001"],
    ["a duration without a unit", "[daemon]\ndrain = 5\n", 2, "daemon.drain", "one of ms, s, m, h, d, found 5"],
    ["a duration nobody can mean", '[daemon]\ndrain = "5 s"\n', 2, "daemon.drain", 'found "5 s"'],
    ["a duration out of range", '[daemon]\nidle_exit = "2d"\n', 2, "daemon.idle_exit", 'from "1s" to "1d"'],
    ["a size in powers of ten", '[transcript]\nkeep_bytes = "8MB"\n', 2, "transcript.keep_bytes", "KiB, MiB, GiB, TiB"],
    [
      "a word that is no choice",
      '[transcript]\non_disk_full = "wait"\n',
      2,
      "transcript.on_disk_full",
      '"drop", "hold"'
    ],
    ["a date", "[session]\nterm = 2026-01-01\n", 2, "session.term", "the name of a terminal type"],
    ["an escape key that is none", '[attach]\nescape = "ctrl-]]"\n', 2, "attach.escape", '"ctrl-" and one of'],
    ["a relative shell", '[session]\nshell = "bash"\n', 2, "session.shell", "the absolute path of a shell"],
    ["a lock outside of /etc", '[lock]\nkeys = ["session.cols"]\n', 1, "lock", "only the administrator's files"],
    ["a key that hides as another's property", "[session]\n__proto__ = 1\n", 2, "session.__proto__", "unknown key"]
  ]
  it.each(cases)("%s", async (_, text, line, key, reason) => {
    using machine = new Machine()
    const path = machine.write("user", text)
    const problem = await problemOf(machine)
    expect(problem).toMatchObject({ _tag: "ConfigInvalid", file: path, line, key })
    expect(problem.message).toContain(reason)
    expect(problem.message).toContain(`${path}:${line}: `)
  })

  it("a lock of a key that does not exist, or that is no list", async () => {
    using machine = new Machine()
    machine.write("admin", '[lock]\nkeys = [\n  "session.columns"\n]\n')
    expect(await problemOf(machine)).toMatchObject({ file: machine.files.admin, line: 2, key: "lock.keys" })
    machine.write("admin", '[lock]\nkeys = "session.cols"\n')
    expect((await problemOf(machine)).reason).toContain('expected a list of keys such as ["transcript.keep_for"]')
    machine.write("admin", "[lock]\nkey = []\nkeys = []\n")
    expect(await problemOf(machine)).toMatchObject({ line: 2, key: "lock.key" })
  })

  it("control characters of a file never reach the message", async () => {
    using machine = new Machine()
    machine.write("user", '["\\u001b[31mred"]\nx = 1\n')
    expect((await problemOf(machine)).message).not.toContain("\u001b")
  })
})

describe("a locked key", () => {
  const locking = '[transcript]\nkeep_for = "7d"\n\n[lock]\nkeys = ["transcript.keep_for"]\n'

  it.each([
    ["the user's file", (m: Machine) => m.write("user", '[transcript]\nkeep_for = "1d"\n')],
    ["a later drop-in", (m: Machine) => m.write("conf.d/50-x.toml", '[transcript]\nkeep_for = "1d"\n')]
  ])("cannot be set by %s: the error names both places", async (_, write) => {
    using machine = new Machine()
    machine.write("admin", locking)
    const path = write(machine)
    const problem = await problemOf(machine)
    expect(problem).toMatchObject({ file: path, line: 2, key: "transcript.keep_for" })
    expect(problem.message).toContain(`locked by ${machine.files.admin}:5`)
  })

  it.each([
    ["the environment", { env: { AGENTD_TRANSCRIPT_KEEP_FOR: "1d" } }, "AGENTD_TRANSCRIPT_KEEP_FOR"],
    ["a flag", { flags: { "transcript.keep_for": "1d" } }, "flag"]
  ] as const)("cannot be set by %s", async (_, options, file) => {
    using machine = new Machine()
    machine.write("admin", locking)
    await expect(machine.run(Settings, options)).rejects.toMatchObject({ file, key: "transcript.keep_for" })
  })

  it("may be locked by a drop-in that comes before", async () => {
    using machine = new Machine()
    const lock = machine.write("conf.d/00-policy.toml", '[lock]\nkeys = ["session.shell"]\n')
    machine.write("user", 'session.shell = "/bin/zsh"\n')
    expect((await problemOf(machine)).reason).toContain(`locked by ${lock}:2`)
  })
})

describe("a file that cannot be trusted or read is refused with the way out", () => {
  it("writable by others", async () => {
    using machine = new Machine()
    const path = machine.write("user", "")
    for (const mode of [0o664, 0o646]) {
      chmodSync(path, mode)
      expect((await problemOf(machine)).message).toContain(`chmod go-w ${path}`)
    }
  })

  it.runIf(asRoot)("owned by somebody else (giving a file away takes root)", async () => {
    using machine = new Machine()
    const path = machine.write("user", "")
    chownSync(path, 65_534, 65_534)
    expect((await problemOf(machine)).message).toContain("belongs to uid 65534, not to you, uid 0")
    expect((await problemOf(machine)).message).toContain(`chown 0 ${path}`)
  })

  it("behind a link to such a file", async () => {
    using machine = new Machine()
    const target = machine.write("vendor", "")
    chmodSync(target, 0o666)
    mkdirSync(machine.roots.user, { recursive: true })
    symlinkSync(target, machine.files.user)
    expect((await problemOf(machine)).message).toContain("others may write")
  })

  it("unreadable, although it is there", async () => {
    using machine = new Machine()
    const path = machine.write("admin", "")
    chmodSync(path, 0)
    // Root reads everything; so the check is made as the user nobody is.
    if (asRoot) {
      chmodSync(machine.directory, 0o755)
      process.seteuid!(65_534)
    }
    try {
      expect(await problemOf(machine)).toMatchObject({
        file: path,
        reason: expect.stringContaining("permission denied")
      })
    } finally {
      if (asRoot) process.seteuid!(0)
    }
  })

  it.each([
    ["a directory", (path: string) => mkdirSync(path, { recursive: true })],
    ["a FIFO, which would make the daemon wait", (path: string) => void execFileSync("/usr/bin/mkfifo", [path])]
  ])("%s", async (_, make) => {
    using machine = new Machine()
    rmSync(machine.write("user", ""))
    make(machine.files.user)
    expect(await problemOf(machine)).toMatchObject({ file: machine.files.user, reason: "this is not a regular file" })
  })

  it("too large, or not text", async () => {
    using machine = new Machine()
    machine.write("user", `#${"x".repeat(1024 * 1024)}\n`)
    expect((await problemOf(machine)).reason).toContain("larger than 1048576 bytes")
    machine.write("user", Uint8Array.of(0x23, 0xff, 0x0a))
    expect((await problemOf(machine)).reason).toBe("the file is not UTF-8 text")
  })

  it("a drop-in directory that is a file", async () => {
    using machine = new Machine()
    machine.write("admin", "")
    machine.write("conf.d" as "user", "")
    expect(await problemOf(machine)).toMatchObject({ file: join(machine.roots.admin, "conf.d") })
  })
})

describe("checking a sandbox profile", () => {
  const checked = (machine: Machine, name: string, text: string) => {
    const file = join(machine.roots.admin, "sandbox.d", name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { mode: 0o644 })
    return machine.run(check(file, machine.roots)).then((problems) => renderCheck(file, problems))
  }

  it("says what is wrong in it, and what it may not be called", async () => {
    using machine = new Machine()
    if (asRoot) expect(await checked(machine, "online.toml", "network = true\n")).toMatch(/online\.toml: valid\n$/)
    else
      expect(await checked(machine, "online.toml", "network = true\n")).toContain(
        "only an administrator's profile counts"
      )
    if (asRoot)
      expect(await checked(machine, "odd.toml", "\nnetwrok = true\n")).toContain("odd.toml:2: netwrok: unknown key")
    expect(await checked(machine, "workspace.toml", "")).toContain('the profile "workspace" is built in')
    expect(await machine.run(check("/nowhere/sandbox.d/x.toml", machine.roots))).toHaveLength(1)
  })

  it("is done whenever a session asks for it, so that a file put there counts at once", async () => {
    using machine = new Machine()
    const profile = (name: string) => Effect.flatMap(Settings, (settings) => settings.profile(name))
    expect(await machine.run(profile("open"))).toBeNull()
    expect(await machine.run(profile("workspace"))).toMatchObject({ home: "read-only", network: false })
    await expect(machine.run(profile("online"))).rejects.toThrow(
      'there is no profile "online"; there are open, workspace'
    )
    await checked(machine, "online.toml", "network = true\n")
    if (asRoot) expect(await machine.run(profile("online"))).toMatchObject({ home: "read-only", network: true })
  })
})

describe("checking one file", () => {
  const problemsIn = (machine: Machine, file: string) =>
    machine.run(check(file, machine.roots)).then((problems) => renderCheck(file, problems))

  it("says that it is valid", async () => {
    using machine = new Machine()
    const file = machine.write("conf.d/draft.txt", "[session]\ncols = 100\n")
    expect(await problemsIn(machine, file)).toBe(`${file}: valid\n`)
  })

  it("names every problem at once, in the order of the file", async () => {
    using machine = new Machine()
    const file = machine.write("conf.d/draft.txt", '[session]\ncols = 0\n[nothing]\n[daemon]\ndrain = "x"\n')
    expect(
      (await problemsIn(machine, file))
        .trimEnd()
        .split("\n")
        .map((line) => line.slice(file.length))
    ).toEqual([
      expect.stringMatching(/^:2: session\.cols: /),
      expect.stringMatching(/^:3: nothing: /),
      expect.stringMatching(/^:5: daemon\.drain: /)
    ])
  })

  it("holds a user's file against the administrator's locks, and nobody to another file's faults", async () => {
    using machine = new Machine()
    machine.write("admin", '[lock]\nkeys = ["session.cols"]\n')
    const draft = join(machine.directory, "draft.toml")
    machine.write("vendor", "[session]\ncols = 90\n")
    copyFileSync(machine.files.vendor, draft)
    chmodSync(draft, 0o644)
    expect(await problemsIn(machine, draft)).toContain(`locked by ${machine.files.admin}:2`)
    expect(await problemsIn(machine, machine.files.admin)).toContain("valid")
  })

  it("says that there is no such file", async () => {
    using machine = new Machine()
    const missing = join(machine.directory, "missing.toml")
    expect(await problemsIn(machine, missing)).toMatch(/there is no such file/)
  })
})
