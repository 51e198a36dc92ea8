import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import type { Emulator } from "../../src/sessions/screen/Emulator.ts"
import { coreOf } from "../../src/sessions/screen/Xterm.ts"
import { emulate, redrawn, seen } from "./screen-support.ts"

const ESC = "\x1b"
const csi = (rest: string) => `${ESC}[${rest}`

const small = fc.nat(25)
const printed = fc.oneof(
  { weight: 5, arbitrary: fc.string({ minLength: 1, maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: fc.constantFrom("漢", "字", "ア", "가"), minLength: 1, maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom("e\u0301", "n\u0303o", "✅ ok", "👍", "🇩🇪", "x".repeat(45), "q".repeat(19)) },
  { weight: 2, arbitrary: fc.constantFrom("\r\n", "\n", "\r", "\t", "\b", "\r\n\r\n\r\n") }
)
const moved = fc.oneof(
  fc.tuple(small, small).map(([y, x]) => csi(`${y};${x}H`)),
  fc.tuple(small, fc.constantFrom(..."ABCDEFGdIZ")).map(([n, final]) => csi(n + final)),
  fc.constantFrom(`${ESC}M`, `${ESC}D`, `${ESC}E`)
)
const edited = fc.oneof(
  fc.tuple(fc.constantFrom("", "0", "1", "2"), fc.constantFrom("J", "K")).map(([n, final]) => csi(n + final)),
  fc.tuple(fc.nat(8), fc.constantFrom(..."@PXLMSTb")).map(([n, final]) => csi(n + final)),
  fc.constantFrom(csi("3J"), `${ESC}#8`)
)
const coloured = fc.oneof(
  fc.nat(110).map((n) => csi(`${n}m`)),
  fc.tuple(fc.constantFrom(38, 48), fc.nat(255)).map(([kind, n]) => csi(`${kind};5;${n}m`)),
  fc
    .tuple(fc.constantFrom(38, 48), fc.nat(255), fc.nat(255), fc.nat(255))
    .map((n) => csi(`${n[0]};2;${n.slice(1).join(";")}m`)),
  fc.constantFrom(csi("1;3;4;7m"), csi("2;5;8;9;53m"), csi("4:3m"), csi("58:2::9:8:7;4m"), csi("22;24m"), csi("m"))
)
const scrolled = fc.oneof(
  fc.tuple(small, small).map(([top, bottom]) => csi(`${top};${bottom}r`)),
  fc.constantFrom(csi("r"), csi("2;4r"), csi("?6h"), csi("?6l"))
)
const switched = fc.oneof(
  fc.constantFrom(csi("?1049h"), csi("?1049l"), csi("?47h"), csi("?47l"), csi("?1047h"), csi("?1048h")),
  fc
    .tuple(
      fc.constantFrom(1, 7, 9, 12, 25, 45, 66, 1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 2004),
      fc.boolean()
    )
    .map(([mode, on]) => csi(`?${mode}${on ? "h" : "l"}`)),
  fc.constantFrom(
    csi("4h"),
    csi("4l"),
    csi("20h"),
    csi("20l"),
    `${ESC}=`,
    `${ESC}>`,
    csi("3 q"),
    csi("6 q"),
    csi("0 q")
  ),
  fc.constantFrom(csi(">1u"), csi(">5u"), csi("<u"), csi("=3;1u"), csi("=8;2u"), csi(">4;2m"), csi(">4m"))
)
const rest = fc.oneof(
  fc.constantFrom(`${ESC}7`, `${ESC}8`, csi("s"), csi("u")),
  fc.constantFrom(`${ESC}(0`, `${ESC}(B`, `${ESC})0`, "\x0e", "\x0f", `${ESC}(A`, `${ESC}*0`, `${ESC}n`),
  fc.constantFrom(`${ESC}H`, csi("g"), csi("3g"), csi("!p"), `${ESC}c`),
  fc.constantFrom(`${ESC}]0;a title\x07`, `${ESC}]2;other\x1b\\`, `${ESC}]8;;http://x.y/z\x1b\\`, `${ESC}]8;;\x1b\\`)
)
const stream = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: printed },
      { weight: 4, arbitrary: moved },
      { weight: 3, arbitrary: edited },
      { weight: 4, arbitrary: coloured },
      { weight: 1, arbitrary: scrolled },
      { weight: 2, arbitrary: switched },
      { weight: 1, arbitrary: rest }
    ),
    { maxLength: 60 }
  )
  .map((parts) => parts.join(""))

/** The one thing a redraw cannot bring over: that a mark joins what was printed last, where printing is not just that. */
const cannotPrintAgain = ({ terminal }: Emulator) => {
  const { _inputHandler, _charsetService, _bufferService } = coreOf(terminal)
  const { insertMode, wraparoundMode } = terminal.modes
  const stuck = !wraparoundMode && _bufferService.buffers.active.x >= terminal.cols - 1
  return (
    _inputHandler._parser.precedingJoinState !== 0 && (insertMode || _charsetService.charset !== undefined || stuck)
  )
}

describe("a redraw", () => {
  it.live(
    "puts another terminal into the same state, whatever that one showed before",
    () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(stream, stream, (before, missed) =>
            Effect.runPromise(
              Effect.gen(function* () {
                const original = yield* emulate(before + missed)
                expect(seen(yield* redrawn(original, undefined, before))).toEqual(seen(original))
              })
            )
          ),
          { numRuns: 600 }
        )
      ),
    120_000
  )

  it.live(
    "leaves nothing behind that later output would make visible",
    () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(stream, stream, fc.nat(400), (output, later, cut) =>
            Effect.runPromise(
              Effect.gen(function* () {
                // Cut anywhere: in a character, in a sequence, in a title.
                // Not ED 3: the library counts saved cursors from the scrollback's top, and a redraw brings no scrollback.
                const all = Buffer.from((output + later).replaceAll(csi("3J"), ""))
                const at = Math.min(cut, all.length)
                const original = yield* emulate(all.subarray(0, at))
                if (cannotPrintAgain(original)) return
                const copy = yield* redrawn(original)
                yield* original.write(all.subarray(at))
                yield* copy.write(all.subarray(at))
                expect(seen(copy, { links: false })).toEqual(seen(original, { links: false }))
              })
            )
          ),
          { numRuns: 600 }
        )
      ),
    120_000
  )

  const same = (name: string, output: string, size = { cols: 80, rows: 24 }) =>
    it.live(`brings over ${name}`, () =>
      Effect.gen(function* () {
        const original = yield* emulate(output, size)
        expect(seen(yield* redrawn(original))).toEqual(seen(original))
        expect(original.redraw().length).toBeLessThan(20 * output.length + 1000)
      })
    )

  const rows = (count: number, row: (y: number) => string) =>
    Array.from({ length: count }, (_, y) => row(y)).join("\r\n")
  same("a shell prompt with its colours", "$ ls\r\n\x1b[01;34mdir\x1b[0m  \x1b[01;32mrun.sh\x1b[0m\r\n\x1b[?2004h$ ")
  same(
    "an editor: alternate screen, status line, scroll region, line insertion, keypad and hidden shell",
    `shell\r\n\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\x1b[?2004h\x1b[1;24r\x1b[?12h\x1b[?12l\x1b[27m\x1b[H\x1b[2J${rows(22, (y) => `\x1b[33m ${y} \x1b[m~`)}\x1b[1;23r\x1b[5;1H\x1b[2L\x1b[7mnew\x1b[27m\x1b[24;1H\x1b[1m-- INSERT --\x1b[m\x1b[5;9H\x1b[6 q`
  )
  same(
    "256 and true colours over 200 columns",
    rows(50, (y) =>
      Array.from({ length: 199 }, (_, x) => `\x1b[48;5;${(x + y) % 256}m\x1b[38;2;${x};${y};9m${x % 10}`).join("")
    ),
    { cols: 200, rows: 50 }
  )
  same(
    "wide and combining characters up to the margin",
    `${"漢字".repeat(20)}\r\n${"e\u0301".repeat(80)}\r\n✅ done 👍\x1b[4;80H字`
  )
  same("a bottom line that has just been filled", `${"\r\n".repeat(30)}${"x".repeat(80)}`)
  same(
    "box drawing by character set, tab stops and a saved cursor",
    "\x1b(0lqqk\x1b(B\x1b[3g\x1b[1;5H\x1bH\x1b[31m\x1b7\x1b[0m\x1b[10;10H\x0e\x1b)0"
  )
  same(
    "mouse, focus, paste and keyboard modes",
    "\x1b[?1000;1002;1006;1004;2004h\x1b[>1u\x1b[>4;2m\x1b[?25l\x1b[?7l\x1b[4h"
  )

  it.live("cut in the middle of a sequence goes on with it", () =>
    Effect.gen(function* () {
      for (const [before, after] of [
        ["\x1b[3", "1mred"],
        ["caf\xc3", "\xa9"],
        ["e", "\xcc\x81"],
        ["\x1b]0;ti", "tle\x07x"],
        ["\x1b", "[7mx"],
        ["\x1bP+q54", "\x1b\\x"],
        ["ab", "\x1b[3b"]
      ] as const) {
        const original = yield* emulate(Buffer.from(before, "latin1"))
        const copy = yield* redrawn(original)
        for (const emulator of [original, copy]) yield* emulator.write(Buffer.from(after, "latin1"))
        expect(seen(copy)).toEqual(seen(original))
      }
    })
  )
})
