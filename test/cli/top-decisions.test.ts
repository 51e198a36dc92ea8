/** `agentctl top` without a terminal or a daemon: what it computes, draws and understands. */
import fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { Canvas, changes } from "../../src/cli/fullscreen/Canvas.ts"
import { cellWidth, compact, graph, showsUnicode, toWidth } from "../../src/cli/fullscreen/cells.ts"
import { Keys } from "../../src/cli/fullscreen/Keys.ts"
import { layoutFor, picture, type State } from "../../src/cli/top/picture.ts"
import { look, type Row, rowsOf, sorted } from "../../src/cli/top/Row.ts"
import { emulator, textOf } from "./support/UserTerminal.ts"

const session = (more: object) =>
  ({
    id: "ses_1",
    name: "one",
    status: "running",
    argv: ["sh"],
    createdAt: 0,
    activeAt: 0,
    offset: 0,
    usage: null,
    ...more
  }) as never

const row = (more: Partial<Row> = {}): Row => ({
  id: "ses_1",
  name: "one",
  status: "running",
  state: null,
  idleMs: null,
  cpu: 12.3,
  memoryBytes: 5_000_000,
  tasks: 3,
  outputRate: 2_000,
  ageMs: 61_000,
  argv: ["claude", "-p", "do it"],
  cpuHistory: [0, 50, 100],
  outputHistory: [1, 2, 3],
  ...more
})

describe("rates", () => {
  it("are differences between two looks, and unknown after the first", () => {
    const usage = (cpuMs: number) => ({ memoryBytes: 7, cpuMs, tasks: 1 })
    const first = look(null, [session({ usage: usage(1_000), offset: 100 })], 0, 0)
    expect(rowsOf(first)).toMatchObject([{ cpu: null, outputRate: null, memoryBytes: 7 }])
    const second = look(first, [session({ usage: usage(4_000), offset: 5_100 })], 2_000, 2_000)
    expect(rowsOf(second)).toMatchObject([{ cpu: 150, outputRate: 2_500, cpuHistory: [150] }])
    const replaced = look(second, [session({ usage: usage(10), offset: 5_100 })], 3_000, 3_000)
    expect(rowsOf(replaced)).toMatchObject([{ cpu: 0, outputRate: 0 }])
    expect(rowsOf(look(replaced, [session({ usage: null, id: "ses_2" })], 4_000, 4_000))).toMatchObject([
      { id: "ses_2", cpu: null, memoryBytes: null }
    ])
  })

  it("keep a bounded history", () => {
    let last = look(null, [session({})], 0, 0)
    for (let at = 1; at < 200; at++) last = look(last, [session({ offset: at })], at, at)
    expect(rowsOf(last)[0]!.outputHistory).toHaveLength(60)
  })

  it("tell a silent session from a busy one", () => {
    expect(rowsOf(look(null, [session({ activeAt: 0 })], 0, 60_000))).toMatchObject([{ idleMs: 60_000 }])
    expect(rowsOf(look(null, [session({ activeAt: 55_000 })], 0, 60_000))).toMatchObject([{ idleMs: null }])
  })
})

test("sessions are sorted by what is asked for, equals by name", () => {
  const rows = [
    row({ name: "b", cpu: 1, memoryBytes: 9 }),
    row({ name: "a", cpu: 1, memoryBytes: 1 }),
    row({ name: "c", cpu: null, memoryBytes: 5 })
  ]
  const names = (by: "cpu" | "memory" | "name") =>
    sorted(rows, by)
      .map(({ name }) => name)
      .join("")
  expect([names("cpu"), names("memory"), names("name")]).toEqual(["abc", "bca", "abc"])
})

test("figures fit into five cells", () => {
  expect([0, 999, 1000, 10_240, 1_048_576, 5e12, null].map(compact)).toEqual([
    "0",
    "999",
    "1.0K",
    "10K",
    "1.0M",
    "4.5T",
    "-"
  ])
  fc.assert(fc.property(fc.nat(), (count) => void expect(compact(count).length).toBeLessThanOrEqual(5)))
})

test("graphs show the last values against what is full, in blocks or in ASCII", () => {
  expect(graph([0, 1, 50, 100], 4, 100, false)).toBe(" ▁▄█")
  expect(graph([0, 1, 50, 100], 4, 100, true)).toBe(" .=@")
  expect(graph([400, 200], 4, 100, false)).toBe("  █▄")
  expect(graph([], 3, 100, false)).toBe("   ")
})

test("the locale decides whether blocks can be shown", () => {
  expect(showsUnicode({ LANG: "C.UTF-8" })).toBe(true)
  expect(showsUnicode({ LANG: "C.UTF-8", LC_ALL: "C" })).toBe(false)
  expect(showsUnicode({})).toBe(false)
})

test("a text takes exactly the cells it is given, wide characters included", () => {
  expect(toWidth("日本語", 4)).toBe("日… ")
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, cells) => {
      expect(cellWidth(toWidth(text, cells))).toBe(cells)
    })
  )
})

describe("the picture", () => {
  const state = (more: Partial<State> = {}): State => ({
    rows: [row()],
    sort: "cpu",
    selected: "ses_1",
    asking: false,
    message: null,
    ...more
  })
  const plain = { cols: 80, rows: 24, ascii: false, colour: false }

  it("has the most important figures on 80 columns, and drops the others one by one below", () => {
    const [head, titles, first] = picture(state(), plain)
    expect(head).toMatch(/^1 session {2}cpu 12% {2}memory 4\.8M {2}output 2\.0K\/s {2}by cpu *$/)
    expect(titles).toMatch(/NAME +STATE +CPU% +MEM TASKS OUT\/S +AGE/)
    expect(first).toMatch(/^>one +running +12 +▄█ +4\.8M +3 +2\.0K +▃▅█ +1m/)
    expect(picture(state(), { ...plain, cols: 140 })[2]).toMatch(/claude -p 'do it'/)
    expect(layoutFor(30).columns.map(({ title }) => title)).toEqual(["CPU%", "MEM", "OUT/S"])
    expect(layoutFor(10).columns).toEqual([])
  })

  it("fits into any terminal and holds nothing that could steer it, whatever sessions are called", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constant("\x1b]0;owned\x07\x1b[2J\r\n"),
      fc.string({ unit: "grapheme" })
    )
    const rows = fc.array(fc.tuple(hostile, fc.array(hostile, { maxLength: 3 })), { maxLength: 30 })
    const size = fc.record({
      cols: fc.integer({ min: 1, max: 200 }),
      rows: fc.integer({ min: 1, max: 40 }),
      ascii: fc.boolean(),
      colour: fc.boolean()
    })
    fc.assert(
      fc.property(rows, size, hostile, fc.boolean(), (named, where, message, asking) => {
        const shown = named.map(([name, argv], at) => row({ id: String(at), name, argv }))
        const lines = picture(state({ rows: shown, selected: "0", message, asking }), where)
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

  it("always shows the chosen session, however many there are", () => {
    const rows = Array.from({ length: 100 }, (_, at) => row({ id: String(at), name: `s${at}` }))
    for (const at of [0, 1, 50, 98, 99]) {
      const lines = picture(state({ rows, selected: String(at) }), plain)
      expect(lines.filter((line) => line.startsWith(">"))).toEqual([expect.stringMatching(new RegExp(`^>s${at} `))])
    }
  })

  it("asks before it stops, and says that there is nothing", () => {
    expect(picture(state({ asking: true }), plain).at(-1)).toMatch(/^Stop one, and everything it started\? \[y\/N\]/)
    expect(picture(state({ rows: [], selected: null }), plain)[2]).toMatch(/No live sessions/)
  })
})

describe("drawing", () => {
  it("writes only what changed, and gives the same screen as writing everything", async () => {
    const screen = fc.array(fc.stringMatching(/^[a-z ]{0,12}$/), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(fc.array(screen, { minLength: 2, maxLength: 5 }), async (pictures) => {
        const [one, two] = [emulator(12, 6), emulator(12, 6)]
        const show = (terminal: typeof one, text: string) =>
          new Promise<void>((resolve) => terminal.write(`\x1b[?7l${text}`, resolve))
        for (const [at, lines] of pictures.entries()) await show(one, changes(pictures[at - 1] ?? null, lines))
        await show(two, changes(null, pictures.at(-1)!))
        expect(textOf(one)).toBe(textOf(two))
        one.dispose()
        two.dispose()
      }),
      { numRuns: 30 }
    )
    expect(changes(["a", "b"], ["a", "c"])).toBe("\x1b[2;1H\x1b[Kc")
    expect(changes(["a"], ["a"])).toBe("")
  })

  it("leaves pictures out on a slow link, and shows the last one", () => {
    const written: Array<string> = []
    let arrived = () => {}
    const canvas = new Canvas({
      write: (bytes, done) => {
        written.push(bytes.toString())
        arrived = done
      }
    })
    for (let at = 0; at < 100; at++) canvas.draw([`picture ${at}`])
    expect(written).toHaveLength(1)
    arrived()
    expect(written).toHaveLength(2)
    expect(written[1]).toContain("picture 99")
  })
})

describe("keys", () => {
  const feed = (...chunks: ReadonlyArray<string>) => {
    const keys = new Keys()
    return chunks.flatMap((chunk) => keys.feed(Buffer.from(chunk, "latin1")))
  }

  it("are understood in both encodings of the arrows, whole or in pieces", () => {
    expect(feed("\x1b[A\x1bOB\x1b[6~qsj\r\x03")).toEqual(["up", "down", "page down", "q", "s", "j", "enter", "quit"])
    expect(feed("\x1b[", "5~")).toEqual(["page up"])
    expect(feed("\x1b[1;5A", "x")).toEqual(["x"])
    expect(feed("\x1b")).toEqual(["escape"])
  })

  it("never fail, and never keep more than a sequence may have", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const keys = new Keys()
        for (const chunk of chunks) for (const key of keys.feed(chunk)) expect(key).not.toBe("")
        expect(keys.feed(Buffer.from("0".repeat(40))).length).toBeGreaterThan(0)
      })
    )
  })
})
