/** The picker without a terminal or a daemon: what keys do, what is shown of what, and that nothing of it steers a terminal. */
import fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { cellWidth } from "../../src/cli/fullscreen/cells.ts"
import { commandOf } from "../../src/cli/picker/commandOf.ts"
import { layoutFor, pageOf, picture } from "../../src/cli/picker/picture.ts"
import {
  type Entry,
  initial,
  type Preview,
  type State,
  step,
  visible,
  withEntries
} from "../../src/cli/picker/State.ts"

const entry = (name: string, more: Partial<Entry> = {}): Entry => ({
  reference: `ses_${name}`,
  id: `ses_${name}`,
  host: null,
  name,
  state: "working",
  asks: null,
  argv: ["sh"],
  createdAt: 0,
  words: [],
  offset: 1,
  ...more
})

const screen = (lines: ReadonlyArray<string>, more: Partial<Preview> = {}): Preview => ({
  offset: 1,
  cols: 80,
  rows: 24,
  cursor: { x: 0, y: 0 },
  title: "",
  lines,
  ...more
})

const of = (...entries: ReadonlyArray<Entry>): State => withEntries(initial, entries)
const three = of(entry("build"), entry("claude"), entry("shell"))

/** What keys make of a state, and the last thing they asked for. */
const typed = (state: State, ...keys: ReadonlyArray<string>) =>
  keys.reduce<ReturnType<typeof step>>((now, key) => step(now.state, key, 10), { state })

const look = { cols: 80, rows: 24, ascii: false, colour: false, now: 61_000 }

describe("keys", () => {
  it("choose with arrows and letters, and stop at the ends", () => {
    expect(typed(three).state.selected).toBe("ses_build")
    expect(typed(three, "down", "j").state.selected).toBe("ses_shell")
    expect(typed(three, "end", "down").state.selected).toBe("ses_shell")
    expect(typed(three, "down", "k", "up").state.selected).toBe("ses_build")
  })

  it("attach, watch and quit", () => {
    expect(typed(three, "down", "enter").request).toMatchObject({
      type: "attach",
      entry: { name: "claude" },
      view: false
    })
    expect(typed(three, "v").request).toMatchObject({ type: "attach", entry: { name: "build" }, view: true })
    expect(typed(three, "q").request).toEqual({ type: "quit" })
    expect(typed(initial, "enter").request).toBeUndefined()
  })

  it("stop only what was asked about, and only after yes", () => {
    expect(typed(three, "s").request).toBeUndefined()
    expect(typed(three, "s", "enter").request).toBeUndefined()
    expect(typed(three, "s", "n", "y").request).toBeUndefined()
    expect(typed(three, "down", "s", "y").request).toMatchObject({ type: "stop", entry: { name: "claude" } })
    // It ended by itself while it was asked about: the answer is not taken for the session that took its place.
    const asking = typed(three, "s").state
    const gone = withEntries(asking, [entry("claude"), entry("shell")])
    expect(gone).toMatchObject({ mode: { type: "list" }, selected: "ses_claude" })
    expect(typed(gone, "y").request).toBeUndefined()
  })

  it("rename from the name it has, edited, and not to nothing or the same", () => {
    const renamed = typed(three, "r", "backspace", "backspace", "X", "é", "enter")
    expect(renamed.request).toMatchObject({ type: "rename", entry: { name: "build" }, name: "buiXé" })
    expect(typed(three, "r", "erase", "q", "enter").request).toMatchObject({ name: "q" })
    expect(typed(three, "r", "enter").request).toBeUndefined()
    expect(typed(three, "r", "erase", "enter").request).toBeUndefined()
    expect(typed(three, "r", "x", "escape").state).toMatchObject({ mode: { type: "list" } })
  })

  it("start something new, also where there is no session yet", () => {
    expect(typed(initial, "n", ..."make test", "enter").request).toEqual({ type: "new", command: "make test" })
    expect(typed(initial, "n", "quit").state.mode).toEqual({ type: "list" })
  })

  it("filter while they are typed, letters that mean something else included, and choose in what is left", () => {
    const filtered = typed(three, "/", "l", "q").state
    expect(visible(filtered)).toEqual([])
    const two = typed(filtered, "backspace").state
    expect(visible(two).map(({ name }) => name)).toEqual(["build", "claude", "shell"])
    const some = typed(three, "/", ..."el", "enter", "enter")
    expect(some.request).toMatchObject({ type: "attach", entry: { name: "shell" } })
    expect(typed(some.state, "escape").state.filter).toBe("")
    expect(typed(three, "/", ..."l", "down", "enter", "v").request).toMatchObject({ entry: { name: "claude" } })
  })
})

test("a filter looks for every word, in names, machines, commands, tags and purposes, in any case", () => {
  const entries = [
    entry("a", { argv: ["make", "TEST"], words: ["ci"] }),
    entry("b", { host: "far", words: ["Fix the login"] })
  ]
  const found = (filter: string) => visible({ entries, filter }).map(({ name }) => name)
  expect(found("test ci")).toEqual(["a"])
  expect(found("LOGIN")).toEqual(["b"])
  expect(found("far")).toEqual(["b"])
  expect(found("test login")).toEqual([])
  expect(found("  ")).toEqual(["a", "b"])
})

test("the choice stays with its session when others come and go, and never points at none", () => {
  const second = typed(three, "down").state
  expect(withEntries(second, [entry("claude"), entry("new")]).selected).toBe("ses_claude")
  expect(withEntries(second, [entry("build"), entry("shell")]).selected).toBe("ses_shell")
  expect(withEntries(second, [entry("build")]).selected).toBe("ses_build")
  expect(withEntries(second, []).selected).toBeNull()
  expect(withEntries(withEntries(second, []), [entry("late")]).selected).toBe("ses_late")
})

test("what is typed is run as it stands where no shell is needed, else by one", () => {
  expect(commandOf("")).toBeNull()
  expect(commandOf("  claude --resume  x ")).toEqual(["claude", "--resume", "x"])
  expect(commandOf("make test | tee log")).toEqual(["/bin/sh", "-c", "make test | tee log"])
  expect(commandOf("A=1 env")).toEqual(["/bin/sh", "-c", "A=1 env"])
  expect(commandOf("echo 'a  b'")).toEqual(["/bin/sh", "-c", "echo 'a  b'"])
})

describe("the picture", () => {
  const shown = (state: State, where: Partial<typeof look> = {}) => picture(state, { ...look, ...where })

  it("has sessions with state, age and last line above, and the chosen one's screen below", () => {
    const state = {
      ...of(entry("build", { argv: ["make", "test all"] }), entry("idle", { host: "far", state: "interrupted" })),
      previews: new Map([["ses_build", screen(["first", "", "  last words", "", ""], { cols: 120, rows: 40 })]])
    }
    const lines = shown(state)
    expect(lines[0]).toMatch(/^ 2 sessions/)
    expect(lines[1]).toMatch(/^>build +working +1m last words +$/)
    expect(lines[2]).toMatch(/^ far:idle interrupted +1m sh/)
    expect(lines[4]).toMatch(/^─ build ─ make 'test all' ─ 120x40 ─+$/)
    expect(lines.slice(5, 8)).toEqual(["first", "", "  last words"])
    expect(lines.at(-1)).toMatch(/^enter attach .* q quit *$/)
    expect(lines).toHaveLength(24)
  })

  it("marks who waits for somebody, and shows what they ask", () => {
    const state = of(entry("a"), entry("b", { state: "permission", asks: "Run rm -rf /tmp/x?" }), entry("c"))
    const lines = shown(state, { colour: true })
    expect(lines[2]).toMatch(/^\x1b\[33m b +permission +1m Run rm -rf \/tmp\/x\? +\x1b\[0m$/)
    expect(lines[3]).not.toContain("\x1b[33m")
  })

  it("asks, explains and tells in its last line", () => {
    expect(shown(typed(three, "s").state).at(-1)).toMatch(/^Stop build, and everything it started\? \[y\/N\]/)
    expect(shown(typed(three, "r").state).at(-1)).toMatch(/^New name of build: build_/)
    expect(shown(typed(three, "n", "x").state).at(-1)).toMatch(/^Command \(empty: your shell\): x_/)
    const long = shown(typed(three, "n", ..."abcdefgh".repeat(20)).state).at(-1)!
    expect(long.trimEnd()).toMatch(/^Command .*: [a-h]+abcdefgh_$/)
    expect(shown(typed(three, "/", "b").state)[0]).toMatch(/^ 1 of 3 sessions {2}\/b_/)
    expect(shown(initial)[1]).toMatch(/No sessions/)
    expect(shown(typed(three, "/", "9").state)[1]).toMatch(/None of the sessions has that/)
  })

  it("shows the part of a screen that was written last, or has the cursor", () => {
    const lines = Array.from({ length: 50 }, (_, at) => (at < 30 ? `line ${at}` : ""))
    const with_ = (preview: Preview) => ({ ...of(entry("a")), previews: new Map([["ses_a", preview]]) })
    const { preview } = layoutFor(24, 1)
    const bottom = shown(with_(screen(lines, { rows: 50 }))).slice(-1 - preview, -1)
    expect(bottom.at(-1)).toBe("line 29")
    const further = shown(with_(screen(lines, { rows: 50, cursor: { x: 0, y: 40 } }))).slice(-1 - preview, -1)
    expect(further[0]).toBe(`line ${41 - preview}`)
  })

  it("leaves the preview out where there is no room for it, and keeps the choice on the screen", () => {
    expect(layoutFor(24, 3)).toEqual({ list: 3, preview: 18 })
    expect(layoutFor(24, 100).preview).toBeGreaterThan(8)
    expect(layoutFor(8, 3).preview).toBe(0)
    const many = of(...Array.from({ length: 100 }, (_, at) => entry(`s${at}`)))
    for (const rows of [4, 10, 24]) {
      for (const at of [0, 1, 50, 99]) {
        const state = { ...many, selected: `ses_s${at}` }
        expect(pageOf(state, rows).map(({ name }) => name)).toContain(`s${at}`)
        expect(shown(state, { rows }).filter((line) => line.startsWith(">"))).toHaveLength(1)
      }
    }
  })

  it("fits into any terminal and holds nothing that could steer it, whatever sessions are called or show", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constant("\x1b]0;owned\x07\x1b[2J\r\n\u202e"),
      fc.string({ unit: "grapheme" })
    )
    const session = fc.record({ name: hostile, word: hostile, lines: fc.array(hostile, { maxLength: 8 }) })
    const size = fc.record({
      cols: fc.integer({ min: 1, max: 200 }),
      rows: fc.integer({ min: 1, max: 40 }),
      ascii: fc.boolean(),
      colour: fc.boolean()
    })
    const keys = fc.array(fc.oneof(fc.constantFrom("/", "s", "r", "n", "down", "x", "escape"), hostile), {
      maxLength: 6
    })
    fc.assert(
      fc.property(fc.array(session, { maxLength: 12 }), size, keys, hostile, (sessions, where, pressed, message) => {
        const entries = sessions.map(({ name, word }, at) =>
          entry(name, {
            reference: String(at),
            argv: [word],
            host: at % 3 === 0 ? word : null,
            state: word,
            asks: at % 2 === 0 ? word : null
          })
        )
        const previews = new Map(sessions.map(({ lines }, at) => [String(at), screen(lines)]))
        const { state } = typed({ ...withEntries(initial, entries), previews }, ...pressed)
        const lines = picture({ ...state, message }, { ...look, ...where })
        expect(lines).toHaveLength(where.rows)
        for (const line of lines) {
          const text = line.replaceAll(/\x1b\[\d*m/g, "")
          expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/)
          expect(cellWidth(text)).toBeLessThanOrEqual(where.cols)
          if (!where.colour) expect(text).toBe(line)
        }
      })
    )
  })
})
