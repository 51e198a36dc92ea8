/**
 * Standard output. What is printed in one go is written directly: Node's stream for it takes half a millisecond to set up.
 */
import { writeSync } from "node:fs"

const STDOUT = 1

let streaming = false

export const print = (text: string): void => {
  let bytes = Buffer.from(text)
  try {
    while (bytes.length > 0 && !streaming) bytes = bytes.subarray(writeSync(STDOUT, bytes))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    // Nobody reads any more, as in `agentctl ls | head -1`.
    if (code === "EPIPE") return
    if (code !== "EAGAIN") throw cause
  }
  // A pipe that somebody made non-blocking is full: the stream waits for it.
  if (bytes.length > 0) stdout().write(bytes)
}

/** The stream, for whoever writes more than once and at the reader's speed. */
export const stdout = (): NodeJS.WriteStream => {
  streaming = true
  return process.stdout
}

/** Resolves when the stream can take more; at once if it can already, or never will again. */
export const drained = (): Promise<void> => {
  const stream = stdout()
  if (!stream.writableNeedDrain || stream.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ["drain", "close", "error"]) stream.off(event, done)
      resolve()
    }
    for (const event of ["drain", "close", "error"]) stream.on(event, done)
  })
}

/** Resolves when everything has reached the reader, or nobody reads. */
export const printed = async (): Promise<void> => {
  if (!streaming || process.stdout.writableLength === 0 || process.stdout.destroyed) return
  await new Promise<void>((resolve) => {
    process.stdout.once("close", resolve)
    process.stdout.write("", () => resolve())
  })
}
