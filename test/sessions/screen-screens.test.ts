import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { MAX_BACKLOG } from "../../src/sessions/screen/CatchUp.ts"
import { Screens } from "../../src/sessions/screen/Screens.ts"
import { emulate, memoryTranscript, text } from "./screen-support.ts"

const size = { cols: 20, rows: 4 }

const session = (id = "ses_1") => {
  const transcript = memoryTranscript(size)
  return { ...transcript, source: { id, ...size, reader: transcript.reader } }
}

describe("screens", () => {
  it.live("show text, cursor, title and which screen, trailing blanks removed", () =>
    Effect.gen(function* () {
      const { print, source } = session()
      print("\x1b]0;my title\x07\x1b[1mhello\x1b[0m   \r\n漢字 x")
      const screens = yield* Screens
      expect(yield* screens.snapshot(source)).toEqual({
        offset: 39,
        ...size,
        cursor: { x: 6, y: 1, visible: true },
        title: "my title",
        alternate: false,
        lines: ["hello", "漢字 x", "", ""]
      })
      print("\x1b]2;vim\x07\x1b[?1049h\x1b[?25l\x1b[H\x1b[2Jfull screen")
      expect(yield* screens.snapshot(source, { format: "json" })).toMatchObject({
        cursor: { x: 11, y: 0, visible: false },
        title: "vim",
        alternate: true,
        lines: ["full screen", "", "", ""]
      })
      const { ansi, lines } = yield* screens.snapshot(source, { format: "ansi" })
      expect(lines).toBe(undefined)
      expect(text(yield* emulate(ansi ?? "", size))[0]).toBe("full screen")
    }).pipe(Effect.provide(Screens.layer))
  )

  it.live("give lines above the screen when asked, no more than there are", () =>
    Effect.gen(function* () {
      const { print, source } = session()
      print(Array.from({ length: 10 }, (_, i) => `line ${i}`).join("\r\n"))
      const screens = yield* Screens
      expect((yield* screens.snapshot(source, { scrollback: 2 })).lines).toEqual(
        [4, 5, 6, 7, 8, 9].map((i) => `line ${i}`)
      )
      expect((yield* screens.snapshot(source, { scrollback: 9999 })).lines).toHaveLength(10)
      const other = yield* emulate(
        yield* Effect.map(screens.redraw(source, { scrollback: 3 }), ({ bytes }) => bytes),
        size
      )
      expect(text(other)).toEqual([6, 7, 8, 9].map((i) => `line ${i}`))
      expect(other.terminal.buffer.active.getLine(0)?.translateToString(true)).toBe("line 3")
    }).pipe(Effect.provide(Screens.layer))
  )

  it.live("go on from where they were: what was fed once is not read again", () =>
    Effect.gen(function* () {
      const { print, source, asked } = session()
      const screens = yield* Screens
      print("one ")
      yield* screens.snapshot(source)
      print("two")
      expect((yield* screens.snapshot(source)).lines?.[0]).toBe("one two")
      expect(asked).toEqual([0, 4])
      yield* screens.forget(source.id)
      yield* screens.snapshot(source)
      expect(asked).toEqual([0, 4, 0])
    }).pipe(Effect.provide(Screens.layer))
  )

  it.live("apply each resize between the right bytes", () =>
    Effect.gen(function* () {
      const { print, resize, source } = session()
      print("0123456789")
      resize(5, 4)
      print("\x1b[2J\x1b[Habcdefgh")
      const screens = yield* Screens
      const screen = yield* screens.snapshot({ ...source, cols: 5 })
      expect(screen).toMatchObject({ cols: 5, rows: 4, lines: ["abcde", "fgh", "", ""] })
    }).pipe(Effect.provide(Screens.layer))
  )

  it.live("answer many callers at once from one emulator", () =>
    Effect.gen(function* () {
      const { print, source, asked } = session()
      print("x".repeat(100_000))
      const screens = yield* Screens
      const all = yield* Effect.all(
        Array.from({ length: 20 }, () => screens.redraw(source)),
        { concurrency: "unbounded" }
      )
      expect(new Set(all.map(({ offset }) => offset))).toEqual(new Set([100_000]))
      expect(asked).toEqual([0])
    }).pipe(Effect.provide(Screens.layer))
  )

  it.live("of a session with a long past begin near its end, in the modes and on the screen that past left", () =>
    Effect.gen(function* () {
      const { print, source, asked } = session()
      print("\x1b[?1049h\x1b[?2004h\x1b[?1000;1006h\x1b[>1u\x1b]2;long\x07\x1b=")
      print(Buffer.alloc(MAX_BACKLOG + 5_000_000, "\x1b[32mfiller\x1b[0m\r\n"))
      print("\x1b[H\x1b[2Jat last")
      const screens = yield* Screens
      const screen = yield* screens.snapshot(source)
      expect(screen).toMatchObject({ title: "long", alternate: true, lines: ["at last", "", "", ""] })
      expect(Math.min(...asked)).toBeGreaterThan(MAX_BACKLOG)
      const { bytes } = yield* screens.redraw(source)
      const other = yield* emulate(bytes, size)
      expect(other.terminal.modes).toMatchObject({ bracketedPasteMode: true, mouseTrackingMode: "vt200" })
      expect(other.modes.keyboardOf("alternate")).toBe("\x1b[>1u")
      expect(other.terminal.modes.applicationKeypadMode).toBe(true)
    }).pipe(Effect.provide(Screens.layer))
  )

  it.effect("are let go of after a minute without a question, and the oldest when there are too many", () =>
    Effect.gen(function* () {
      const screens = yield* Screens
      for (let i = 0; i < 40; i++) {
        const { print, source } = session(`ses_${i}`)
        print("x")
        yield* screens.snapshot(source)
      }
      expect(yield* screens.kept).toEqual(Array.from({ length: 32 }, (_, i) => `ses_${i + 8}`))
      yield* TestClock.adjust("50 seconds")
      const { print, source } = session("ses_39")
      print("x")
      yield* screens.snapshot(source)
      yield* TestClock.adjust("30 seconds")
      expect(yield* screens.kept).toEqual(["ses_39"])
      yield* TestClock.adjust("90 seconds")
      expect(yield* screens.kept).toEqual([])
    }).pipe(Effect.provide(Screens.layer))
  )
})

describe("hostile output", () => {
  const survives = (
    name: string,
    output: string | Buffer,
    check?: (lines: ReadonlyArray<string>, title: string) => void
  ) =>
    it.live(name, () =>
      Effect.gen(function* () {
        const { print, source } = session()
        print(output)
        print("\x18\x1b[m\x1b[?6l\x1b[r\x1b[4;1H\x1b[2Kstill here")
        const screens = yield* Screens
        const screen = yield* screens.snapshot(source)
        const { bytes } = yield* screens.redraw(source)
        expect(screen.lines?.at(-1)).toBe("still here")
        expect(bytes.length).toBeLessThan(100_000)
        check?.(screen.lines ?? [], screen.title)
      }).pipe(Effect.provide(Screens.layer))
    )

  survives(
    "cannot hold the daemon with counts of two thousand million",
    [..."SLMTIZb@PXABCD"].map((f) => `a\x1b[2147483647${f}`).join("")
  )
  survives("cannot stop the emulator with what makes the library throw", "\x1b[4;20H\x1b[1J\x1b[4;20Hx\x1b[1J")
  survives(
    "cannot set a title of a megabyte or one that speaks to terminals",
    `\x1b]0;${"t".repeat(1 << 20)}\x07\x1b]2;a\u009b31mb\x07`,
    (_, title) => {
      expect(title.length).toBeLessThanOrEqual(256)
      expect(title).not.toMatch(/[\x00-\x1f\x7f-\x9f]/)
    }
  )
  survives("cannot pile marks on one character without end", `e${"\u0301".repeat(300_000)}`, (lines) => {
    expect(lines[0]!.length).toBeLessThan(1000)
  })
  survives(
    "cannot exhaust links, keyboard modes or mode numbers",
    Array.from({ length: 5000 }, (_, i) => `\x1b]8;;http://h/${i}\x07l\x1b]8;;\x07\x1b[>1u\x1b[?${i}h`)
      .join("")
      .replaceAll(/\x1b\[\?(2|3|6|47|104[789])h/g, "")
  )
  survives("cannot leave an unfinished string that repeats itself", `\x1b]0;${"u".repeat(200_000)}`)

  it.live("cannot make a screen of a hundred million cells", () =>
    Effect.gen(function* () {
      const { print, source } = session()
      print("x")
      const screens = yield* Screens
      const screen = yield* screens.snapshot({ ...source, cols: 10_000, rows: 10_000 })
      expect(screen.cols * screen.rows).toBeLessThanOrEqual(2_000_000)
      expect(yield* screens.snapshot({ ...source, id: "ses_2", cols: 1, rows: 1 })).toMatchObject({ cols: 2, rows: 1 })
    }).pipe(Effect.provide(Screens.layer))
  )
})
