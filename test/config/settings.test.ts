import { chmodSync, rmSync } from "node:fs"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { renderShow } from "../../src/config/Check.ts"
import { Settings } from "../../src/config/Settings.ts"
import { Machine } from "./fixture.ts"

const origins = Effect.map(
  Effect.flatMap(Settings, (settings) => settings.show),
  ({ values }) => Object.fromEntries(values.map(({ key, line, origin, value }) => [key, { value, origin, line }]))
)

describe("settings", () => {
  it("come from the layers in their order, the later one winning key by key", async () => {
    using machine = new Machine()
    const { files } = machine
    const setting = (...grace: ReadonlyArray<string>) => `[session]\n${grace.join("\n")}\n`
    machine.write("vendor", setting('grace = "1s"', "rows = 11", "cols = 11", 'term = "a"', 'shell = "/a"'))
    machine.write("admin", setting('grace = "2s"', "rows = 12", "cols = 12", 'term = "b"'))
    machine.write("conf.d/20-late.toml", setting('grace = "4s"', "rows = 14"))
    const early = machine.write("conf.d/10-early.toml", setting('grace = "3s"', "rows = 13", "cols = 13"))
    machine.write("user", 'session.grace = "5s"\nattach.escape = "ctrl-a"\n')
    const shown = await machine.run(origins, {
      env: { AGENTD_ATTACH_ESCAPE: "ctrl-b", AGENTD_DAEMON_DRAIN: "9s", AGENTD_SESSION: "ses_x", AGENTD_SOCKET: "/x" },
      flags: { "daemon.drain": "8s" }
    })
    expect(shown).toMatchObject({
      "session.shell": { value: "/a", origin: files.vendor, line: 6 },
      "session.term": { value: "b", origin: files.admin, line: 5 },
      "session.cols": { value: 13, origin: early, line: 4 },
      "session.rows": { value: 14, origin: `${machine.roots.admin}/conf.d/20-late.toml`, line: 3 },
      "session.grace": { value: "5s", origin: files.user, line: 1 },
      "attach.escape": { value: "ctrl-b", origin: "AGENTD_ATTACH_ESCAPE", line: null },
      "daemon.drain": { value: "8s", origin: "flag", line: null },
      "daemon.idle_exit": { value: "30s", origin: "built-in", line: null }
    })
  })

  it("are the built-in ones on a machine without a file", async () => {
    using machine = new Machine()
    const values = await machine.run(Effect.flatMap(Settings, (settings) => settings.current))
    expect(values.session).toEqual({
      grace: 5_000,
      shell: null,
      term: "xterm-256color",
      cols: 80,
      rows: 24,
      access: "own",
      restart: "never",
      hooks: "auto",
      sandbox: "open"
    })
    const { files } = await machine.run(Effect.flatMap(Settings, (settings) => settings.show))
    expect(files.map((file) => file.exists)).toEqual([false, false, false])
  })

  it("take numbers from the environment, and refuse what is none, naming the variable", async () => {
    using machine = new Machine()
    expect(await machine.run(origins, { env: { AGENTD_SESSION_COLS: "132" } })).toMatchObject({
      "session.cols": { value: 132 }
    })
    const refused = machine.run(origins, { env: { AGENTD_SESSION_COLS: "wide" } })
    await expect(refused).rejects.toMatchObject({ _tag: "ConfigInvalid", file: "AGENTD_SESSION_COLS" })
    await expect(refused).rejects.toThrow('expected a whole number from 1 to 10000, found "wide"')
  })

  it("show which keys are locked, and where each value comes from", async () => {
    using machine = new Machine()
    machine.write("admin", '[transcript]\nkeep_for = "7d"\n[lock]\nkeys = ["transcript.keep_for", "session.term"]\n')
    const shown = await machine.run(Effect.flatMap(Settings, (settings) => settings.show))
    const locked = shown.values.filter((value) => value.locked).map((value) => value.key)
    expect(locked).toEqual(["session.term", "transcript.keep_for"])
    const lines = renderShow(shown, true).split("\n")
    expect(lines).toContainEqual(
      expect.stringMatching(/^transcript\.keep_for = "7d" +# .*etc\/agentd\/agentd\.toml:2 \(locked\)$/)
    )
    expect(lines).toContainEqual(expect.stringMatching(/^session\.shell = \(not set\) +# built-in$/))
    expect(renderShow(shown, false)).not.toContain("#")
  })
})

describe("a reload", () => {
  it("takes every change and says which of them need a restart", async () => {
    using machine = new Machine()
    machine.write("user", "[session]\ncols = 100\n")
    await machine.run(
      Effect.gen(function* () {
        const settings = yield* Settings
        machine.write("user", '[session]\nrows = 50\n[daemon]\nidle_exit = "1m"\n')
        expect(yield* settings.reload).toEqual({
          changed: ["daemon.idle_exit", "session.cols", "session.rows"],
          restart: ["daemon.idle_exit"]
        })
        expect((yield* settings.current).session).toMatchObject({ cols: 80, rows: 50 })
        expect(yield* settings.reload).toEqual({ changed: [], restart: [] })
      })
    )
  })

  it("takes nothing at all from a bad configuration, and recovers once it is good again", async () => {
    using machine = new Machine()
    machine.write("user", "[session]\ncols = 100\n")
    await machine.run(
      Effect.gen(function* () {
        const settings = yield* Settings
        machine.write("admin", "[session]\nrows = 50\n")
        const path = machine.write("user", "[session]\ncols = 120\nrows = 0\n")
        const problem = yield* Effect.flip(settings.reload)
        expect(problem).toMatchObject({ file: path, line: 3, key: "session.rows" })
        expect((yield* settings.current).session).toMatchObject({ cols: 100, rows: 24 })
        machine.write("user", "[session]\ncols = 120\n")
        expect((yield* settings.reload).changed).toEqual(["session.cols", "session.rows"])
      })
    )
  })

  it("goes back to what is built in when a file disappears", async () => {
    using machine = new Machine()
    const path = machine.write("user", "[session]\ncols = 100\n")
    await machine.run(
      Effect.gen(function* () {
        const settings = yield* Settings
        rmSync(path)
        expect((yield* settings.reload).changed).toEqual(["session.cols"])
      })
    )
  })

  it("refuses a file whose permissions have become too wide", async () => {
    using machine = new Machine()
    const path = machine.write("user", "[session]\ncols = 100\n")
    await machine.run(
      Effect.gen(function* () {
        const settings = yield* Settings
        chmodSync(path, 0o666)
        expect((yield* Effect.flip(settings.reload)).message).toContain(`chmod go-w ${path}`)
        expect((yield* settings.current).session.cols).toBe(100)
      })
    )
  })
})
