/**
 * A person's terminal: a PTY with a shell line running in it, and an emulator that shows what was written.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import xterm from "@xterm/headless"
import { type IPty, spawn } from "node-pty"
import { expect } from "vitest"
import type { Sandbox } from "../../support/Sandbox.ts"
import { program } from "./agentctl.ts"

export type Emulator = InstanceType<typeof xterm.Terminal>

export const emulator = (cols = 80, rows = 24): Emulator =>
  new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 1000, logLevel: "off" })

/** What is on the visible screen, a line each. */
export const linesOf = ({ buffer: { active }, rows }: Emulator): ReadonlyArray<string> =>
  Array.from({ length: rows }, (_, y) => active.getLine(active.baseY + y)?.translateToString(true) ?? "")

/** Everything xterm tells about its modes, and what it does not, from inside. */
export const modesOf = (terminal: Emulator) => {
  const inside = terminal as unknown as {
    readonly _core: {
      readonly coreService: {
        readonly decPrivateModes: Record<string, unknown>
        readonly modes: Record<string, unknown>
        readonly isCursorHidden: boolean
      }
      readonly coreMouseService: { readonly activeProtocol: string; readonly activeEncoding: string }
      readonly _inputHandler: { readonly _curAttrData: { readonly fg: number; readonly bg: number } }
      readonly _bufferService: { readonly buffer: { readonly scrollTop: number; readonly scrollBottom: number } }
      readonly _charsetService: { readonly glevel: number; readonly charset: unknown }
    }
  }
  const { _charsetService, _bufferService, _inputHandler, coreMouseService, coreService } = inside._core
  // Whether the cursor blinks, and its shape, are the user's preference until a program says otherwise.
  const { cursorBlink: _, cursorStyle: __, ...privateModes } = coreService.decPrivateModes
  return {
    alternate: terminal.buffer.active.type === "alternate",
    privateModes,
    ansiModes: { ...coreService.modes },
    cursorHidden: coreService.isCursorHidden,
    mouse: [coreMouseService.activeProtocol, coreMouseService.activeEncoding],
    pen: [_inputHandler._curAttrData.fg, _inputHandler._curAttrData.bg],
    region: [_bufferService.buffer.scrollTop, _bufferService.buffer.scrollBottom - terminal.rows],
    charset: [_charsetService.glevel, _charsetService.charset]
  }
}

export const textOf = (terminal: Emulator): string => {
  const { active } = terminal.buffer
  return Array.from({ length: active.length }, (_, y) => active.getLine(y)!.translateToString(true)).join("\n")
}

export class UserTerminal implements AsyncDisposable {
  readonly pty: IPty
  readonly screen: Emulator
  readonly #folder = mkdtempSync(join(tmpdir(), "agentd-terminal-"))
  readonly #ended: Promise<void>
  readonly #looking = new Set<() => void>()
  /** Everything that was written to it. */
  raw = ""

  /** Runs `agentctl` with these arguments, in a shell that looks at the terminal's settings before and after. */
  constructor(sandbox: Pick<Sandbox, "env">, args: string, { before = "" }: { readonly before?: string } = {}) {
    const line = [
      before,
      `stty -g > ${this.#folder}/before`,
      `agentctl() { "${program}" "$@"; }`,
      `"${program}" ${args}`,
      `echo $? > ${this.#folder}/code`,
      `stty -g > ${this.#folder}/after`
    ].join("\n")
    this.screen = emulator()
    this.pty = spawn("/bin/sh", ["-c", line], {
      cols: 80,
      rows: 24,
      cwd: "/tmp",
      encoding: null,
      env: { ...sandbox.env, TERM: "xterm-256color" }
    })
    this.pty.onData((data) => {
      this.raw += Buffer.from(data as unknown as Uint8Array).toString("latin1")
      this.screen.write(data as unknown as Uint8Array, () => {
        for (const look of [...this.#looking]) look()
      })
    })
    this.#ended = new Promise((resolve) => this.pty.onExit(() => resolve()))
  }

  type(text: string): void {
    this.pty.write(text)
  }

  /** Resolves once what is on the screen, or above it, matches. */
  shows(pattern: RegExp | ((screen: Emulator) => boolean)): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (pattern instanceof RegExp ? !pattern.test(textOf(this.screen)) : !pattern(this.screen)) return
        this.#looking.delete(look)
        resolve()
      }
      this.#looking.add(look)
      look()
      this.ended().then(() => {
        look()
        reject(new Error(`it ended without showing ${pattern}:\n${textOf(this.screen)}`))
      })
    })
  }

  /** Resolves when the shell line has ended and everything it wrote is on the screen. */
  async ended(): Promise<void> {
    await this.#ended
    await new Promise<void>((resolve) => this.screen.write("", resolve))
  }

  /** agentctl's exit code. */
  get code(): number {
    return Number(readFileSync(join(this.#folder, "code"), "utf8"))
  }

  /** The terminal's line settings, as stty prints them. */
  get settings(): { readonly before: string; readonly after: string } {
    const read = (name: string) => readFileSync(join(this.#folder, name), "utf8")
    return { before: read("before"), after: read("after") }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pty.kill("SIGKILL")
    await this.#ended
    this.screen.dispose()
    rmSync(this.#folder, { recursive: true })
  }
}

/** The terminal is as a fresh one is, and set as it was before. */
export const expectAsFound = ({ screen, settings }: UserTerminal): void => {
  const fresh = emulator()
  const untouched = modesOf(fresh)
  fresh.dispose()
  expect(modesOf(screen)).toEqual(untouched)
  expect(settings.after).toBe(settings.before)
}
