/** Where things are kept: what systemd says, then XDG, then the platform's habit. */
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { decideBases, ensurePrivate, placesIn } from "../../src/host/files/Directories.ts"

const nothing = {
  runtime: undefined,
  state: undefined,
  config: undefined,
  xdgRuntime: undefined,
  xdgState: undefined,
  xdgConfig: undefined,
  socket: undefined
}

describe("the base directories", () => {
  it("are the platform's when nothing says otherwise", () => {
    expect(decideBases(nothing, "linux", "/home/ada", 1000)).toEqual({
      runtime: "/tmp/agentd-1000",
      state: "/home/ada/.local/state/agentd",
      config: "/home/ada/.config/agentd"
    })
    const mac = decideBases(nothing, "darwin", "/Users/ada", 501)
    expect(mac.state).toBe("/Users/ada/Library/Application Support/agentd")
    expect(mac.config).toBe(mac.state)
  })

  it("follow XDG", () => {
    const xdg = { ...nothing, xdgRuntime: "/run/user/1000", xdgState: "/s", xdgConfig: "/c" }
    const bases = { runtime: "/run/user/1000/agentd", state: "/s/agentd", config: "/c/agentd" }
    expect(decideBases(xdg, "linux", "/home/ada", 1000)).toEqual(bases)
    expect(decideBases(xdg, "darwin", "/Users/ada", 501)).toEqual(bases)
  })

  it("are where systemd made them, but not where an old systemd puts a user's state", () => {
    const unit = { ...nothing, runtime: "/run/agentd", state: "/var/lib/agentd" }
    expect(decideBases(unit, "linux", "/root", 0)).toMatchObject({ runtime: "/run/agentd", state: "/var/lib/agentd" })
    const user = { ...nothing, runtime: "/run/user/1000/agentd", state: "/home/ada/.config/agentd" }
    expect(decideBases(user, "linux", "/home/ada", 1000)).toMatchObject({
      runtime: "/run/user/1000/agentd",
      state: "/home/ada/.local/state/agentd"
    })
  })
})

describe("the places in them", () => {
  const bases = { runtime: "/r", state: "/s", config: "/c" }

  it("are the same for everybody, with the socket where one asks for it", () => {
    expect(placesIn(bases, undefined)).toEqual({
      ...bases,
      socket: "/r/api.sock",
      lock: "/s/agentd.lock",
      pidFile: "/r/agentd.pid",
      database: "/s/agentd.db",
      backups: "/s/backups",
      transcripts: "/s/transcripts"
    })
    expect(placesIn(bases, "/else/where.sock").socket).toBe("/else/where.sock")
  })
})

describe("a private directory", () => {
  let root = ""
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "agentd-test-"))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))
  const uid = process.getuid!()
  const ensure = (name: string, owner = uid) =>
    Effect.runSync(
      ensurePrivate(join(root, name), owner).pipe(
        Effect.as("good"),
        Effect.catch(({ reason }) => Effect.succeed(reason))
      )
    )
  const mode = (name: string) => lstatSync(join(root, name)).mode & 0o777

  it("is made, with those above it, for its owner alone", () => {
    expect([ensure("a/b"), mode("a/b"), mode("a")]).toEqual(["good", 0o700, 0o700])
    expect(ensure("a/b")).toBe("good")
  })

  it("that others could only read is closed", () => {
    mkdirSync(join(root, "open"), { mode: 0o755 })
    expect([ensure("open"), mode("open")]).toEqual(["good", 0o700])
  })

  it("is refused when others may write to it, and left as it is", () => {
    mkdirSync(join(root, "wide"))
    chmodSync(join(root, "wide"), 0o777)
    expect([ensure("wide"), mode("wide")]).toEqual(["others may write to it", 0o777])
  })

  it("is refused when it is a link, a file, or somebody else's", () => {
    mkdirSync(join(root, "real"), { mode: 0o700 })
    symlinkSync(join(root, "real"), join(root, "link"))
    symlinkSync(join(root, "nowhere"), join(root, "broken"))
    writeFileSync(join(root, "file"), "")
    expect(ensure("link")).toBe("it is a symbolic link")
    expect(ensure("broken")).toBe("it is a symbolic link")
    expect(ensure("file")).toBe("it is not a directory")
    expect(ensure("real", uid + 1)).toContain("belongs to uid")
    expect(ensure("file/below")).toContain("cannot be made")
  })
})
