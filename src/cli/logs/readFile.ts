/** Prints the last lines of a log file that are wanted, and goes on as it grows, also into the file that replaces it. */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs"
import { setTimeout } from "node:timers/promises"
import { drained, stdout } from "../print.ts"
import { isWanted, shown, type Wanted } from "./Filter.ts"

interface Options extends Wanted {
  readonly path: string
  readonly lines: number
  readonly follow: boolean
  /** The lines as they are in the file. */
  readonly json: boolean
}

/** Milliseconds between two looks whether the file has grown. */
const LOOK_MS = 200

const PIECE_BYTES = 64 * 1024

export const readLogFile = async (options: Options): Promise<void> => {
  let gone = false
  stdout().on("error", () => (gone = true))
  const print = async (line: string) => {
    if (!gone && !stdout().write(`${options.json ? line : shown(line)}\n`)) await drained()
  }
  const last: Array<string> = []
  let file = new Lines(options.path)
  for (const line of file.more()) {
    if (!isWanted(line, options)) continue
    last.push(line)
    // Since a time: all of them.
    if (options.since === undefined && last.length > options.lines) last.shift()
  }
  for (const line of last) await print(line)
  while (options.follow && !gone) {
    await setTimeout(LOOK_MS)
    // First what was still written to the old one. A daemon that starts puts a large file aside and begins another.
    const replaced = file.replaced
    for (const line of file.more()) if (isWanted(line, options)) await print(line)
    if (!replaced) continue
    file.close()
    file = new Lines(options.path)
  }
  file.close()
}

/** The complete lines of a file, as far as it has grown. */
class Lines {
  readonly #path: string
  readonly #fd: number
  #rest = Buffer.alloc(0)

  constructor(path: string) {
    this.#path = path
    this.#fd = openSync(path, "r")
  }

  *more(): Generator<string> {
    const piece = Buffer.alloc(PIECE_BYTES)
    for (let read = readSync(this.#fd, piece); read > 0; read = readSync(this.#fd, piece)) {
      const text = Buffer.concat([this.#rest, piece.subarray(0, read)])
      let from = 0
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
        yield text.toString("utf8", from, end)
        from = end + 1
      }
      this.#rest = Buffer.from(text.subarray(from))
    }
  }

  get replaced(): boolean {
    const there = statSync(this.#path, { throwIfNoEntry: false })
    return there !== undefined && there.ino !== fstatSync(this.#fd).ino
  }

  close(): void {
    closeSync(this.#fd)
  }
}
