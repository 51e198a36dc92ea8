/**
 * Full-screen programs survive detach and attach with the same screen: a terminal that was attached all the time and one
 * that came later, with a snapshot, show the same in every cell, mode and cursor position.
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { makeEmulator } from "../../src/sessions/screen/Emulator.ts"
import { seen, text } from "./screen-support.ts"
import { openDaemon, temporary, type User } from "./support.ts"

const has = (program: string) => {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

/** A terminal on a session. `until` feeds it up to an offset and not a byte further. */
const terminal = async (user: User, session: string, from: "start" | "screen") => {
  const attachment = await user.client.attach({ session, from, mode: "view", lossy: "bytes" })
  onTestFinished(() => attachment[Symbol.asyncDispose]())
  const { cols, rows } = attachment.info.session
  const emulator = await Effect.runPromise(makeEmulator({ cols, rows }))
  const messages = attachment[Symbol.asyncIterator]()
  const write = (bytes: Uint8Array) => Effect.runPromise(emulator.write(bytes))
  let { offset } = attachment.info
  let rest: Buffer = Buffer.alloc(0)
  const next = async () => {
    const { done, value } = await messages.next()
    if (done) throw new Error("the attachment ended")
    if (value.type === "output") rest = value.bytes
    else if (value.type === "snapshot") await write(value.bytes)
    else if (value.type === "resize") emulator.resize(value)
    else throw new Error(`not expected: ${value.type}`)
  }
  if (from === "screen") await next()
  return {
    emulator,
    leave: () => attachment.detach(),
    until: async (end: number) => {
      while (offset < end) {
        if (rest.length === 0) await next()
        const now = rest.subarray(0, end - offset)
        await write(now)
        offset += now.length
        rest = rest.subarray(now.length)
      }
    }
  }
}

interface Run {
  readonly argv: ReadonlyArray<string>
  readonly cols: number
  readonly rows: number
  /** Printed once it shows its screen. */
  readonly ready: string
  /** What is typed while the second terminal is away, and while it is there. */
  readonly away: ReadonlyArray<string>
  readonly there: ReadonlyArray<string>
  /** What both must show in the end. */
  readonly shows: RegExp
}

const survives = async ({ argv, away, cols, ready, rows, shows, there }: Run) => {
  const daemon = await openDaemon()
  const env = { PATH: "/usr/bin:/bin", HOME: temporary(), TERM: "xterm-256color", LANG: "C.UTF-8" }
  const { id } = await daemon.start(argv, { cols, rows, env })
  const constant = await terminal(daemon, id, "start")
  const idle = () => daemon.call("session.wait", { session: id, for: "idle", idleMs: 150 }, { timeoutMs: null })
  await daemon.printed(id, ready)
  await idle()
  const type = async (keys: ReadonlyArray<string>) => {
    for (const text of keys) {
      const { offset } = await daemon.call("session.get", { session: id })
      await daemon.call("session.input", { session: id, text })
      // Every key of these changes the screen.
      await daemon.call("session.output", { session: id, from: offset, limit: 1, waitMs: 5_000 })
      await idle()
    }
  }
  const same = async (later: Awaited<ReturnType<typeof terminal>>) => {
    const { offset } = await daemon.call("session.get", { session: id })
    await Promise.all([constant.until(offset), later.until(offset)])
    expect(text(later.emulator)).toEqual(text(constant.emulator))
    expect(seen(later.emulator)).toEqual(seen(constant.emulator))
  }
  // It leaves and comes back with every key.
  for (const keys of away) {
    const before = await terminal(daemon, id, "screen")
    await same(before)
    await before.leave()
    await type([keys])
  }
  const later = await terminal(daemon, id, "screen")
  await same(later)
  await type(there)
  await same(later)
  expect(text(later.emulator).join("\n")).toMatch(shows)
}

const needs = (program: string) => {
  const there = has(program)
  if (!there) console.log(`Not tested with ${program}: it is not installed (apt-get install ${program})`)
  return there
}

describe("after detach and attach the screen is the same", () => {
  it("in vim, with colours, splits, a selection and an unfinished command", { timeout: 60_000 }, async () => {
    if (!needs("vim")) return
    const file = join(temporary(), "text.c")
    const code = Array.from({ length: 200 }, (_, n) => `int f${n}(void) { return ${n}; /* näme ${n} */ }`)
    writeFileSync(file, `${code.join("\n")}\n`)
    await survives({
      argv: ["vim", "-u", "NONE", "-i", "NONE", "-n", "-c", "syntax on", "-c", "set number nocp showcmd", file],
      cols: 100,
      rows: 30,
      ready: "f0",
      away: ["\u0006", "ihello wörld\u001b", ":vsplit\r", "V3j", "\u001bgg", ":set hlsearch\r/return\r"],
      there: ["G", "Onew line\u001b", ":echo 'unfin"],
      shows: /:echo 'unfin/
    })
  })

  it("in htop, while it redraws by itself", { timeout: 60_000 }, async () => {
    if (!needs("htop")) return
    await survives({
      argv: ["htop", "-d", "10"],
      cols: 120,
      rows: 35,
      ready: "Load average",
      away: ["t", "\u001bOB\u001bOB", "t"],
      there: ["\u001b[6~", "h"],
      shows: /htop/
    })
  })

  it("in less, in the middle of a search", { timeout: 60_000 }, async () => {
    if (!needs("less")) return
    const file = join(temporary(), "long.txt")
    writeFileSync(
      file,
      Array.from({ length: 2_000 }, (_, n) => `line ${n} \u001b[3${n % 8}mcolour\u001b[0m`).join("\n")
    )
    await survives({
      argv: ["less", "-R", file],
      cols: 80,
      rows: 24,
      ready: "line 20",
      away: [" ", " ", "/line 99\r", "G", "g"],
      there: ["G", "/unfinished"],
      shows: /\/unfinished/
    })
  })

  it("of a program that paints 200 columns in 256 colours and more", { timeout: 60_000 }, async () => {
    const program = `
      process.stdin.setRawMode(true)
      const out = (text) => process.stdout.write(text)
      out("\\x1b[?1049h\\x1b[?25l\\x1b[?2004h\\x1b[?1000h\\x1b[?1006h\\x1b]0;paint\\x07")
      const styles = [1, 2, 3, 4, 7, 9, "4:3", 53]
      const paint = (turn) => {
        for (let y = 1; y <= 49; y++) {
          out("\\x1b[" + y + ";1H")
          for (let x = 0; x < 200; x++) {
            const n = (x + y * 7 + turn * 31) % 256
            const back = y % 3 === 0 ? "48;2;" + n + ";" + x + ";" + y : "48;5;" + n
            out("\\x1b[" + styles[(x + y) % 8] + ";38;5;" + (255 - n) + ";" + back + "m" + (y % 5 === 0 && x % 2 === 0 ? "é" : String.fromCharCode(33 + (n % 90))))
            out("\\x1b[0m")
          }
        }
        out("\\x1b[5;20r\\x1b[50;3Hturn " + turn + (turn % 2 ? "\\x1b[?7l" : "\\x1b[?7h") + "\\x1b[" + (turn + 2) + ";4H")
      }
      let turn = 0
      paint(turn)
      process.stdin.on("data", (keys) => keys.length && paint(++turn))`
    await survives({
      argv: [process.execPath, "-e", program],
      cols: 200,
      rows: 50,
      ready: "turn 0",
      away: ["a", "b", "c"],
      there: ["d"],
      shows: /turn 4/
    })
  })
})
