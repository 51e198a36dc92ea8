/**
 * A program on a PTY, read as fast as Node can: one buffer, no copy. With the same addon that agentd uses.
 */
import { ReadStream } from "node:tty"
import { loadPtyAddon } from "../../src/host/pty/PtyAddon.ts"

/** As agentd reads (src/host/pty/PtyMaster.ts): the least that Node can do is not to be made slower than it is. */
const READ_BYTES = 4_095

export const programEnvironment = {
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  HOME: process.env.HOME ?? "/",
  TERM: "xterm-256color",
  LANG: "C.UTF-8"
}

export interface BarePty {
  readonly pid: number
  readonly write: (bytes: Uint8Array) => void
  readonly pause: () => void
  readonly resume: () => void
  readonly close: () => void
  /** Every byte has been read, and the program is gone. */
  readonly ended: Promise<void>
}

/** The chunk's memory is used again after `onData` returns. */
export const openPty = (argv: ReadonlyArray<string>, onData: (chunk: Buffer) => void): BarePty => {
  const { addon, helper } = loadPtyAddon()
  const exited = Promise.withResolvers<void>()
  const read = Promise.withResolvers<void>()
  const env = Object.entries(programEnvironment).map(([key, value]) => `${key}=${value}`)
  const [file = "", ...args] = argv
  const { fd, pid } = addon.fork(file, args, env, "/", 80, 24, -1, -1, true, helper, () => exited.resolve())
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const stream = new ReadStream(fd, {
    onread: {
      buffer,
      callback: (length) => {
        onData(buffer.subarray(0, length))
        return true
      }
    }
  })
  stream.on("error", () => stream.destroy())
  stream.on("close", () => read.resolve())
  stream.resume()
  return {
    pid,
    write: (bytes) => stream.write(bytes),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    close: () => stream.destroy(),
    ended: Promise.all([exited.promise, read.promise]).then(() => {})
  }
}
