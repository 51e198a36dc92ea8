/** Where a command's result goes: standard output, or a file that is there as a whole or not at all. */
import { existsSync, statSync } from "node:fs"
import { type FileHandle, open, rename, rm } from "node:fs/promises"
import { CommandFailed } from "../AgentctlCommand.ts"
import { drained, stdout } from "../print.ts"

export type Write = (text: string | Uint8Array) => Promise<void>

/** Sessions print what is nobody else's business: as their transcripts, a file belongs to its owner alone. */
const MODE = 0o600

/** @param path absent or "-": standard output */
export const writing = async (path: string | undefined, write: (write: Write) => Promise<void>): Promise<void> => {
  if (path === undefined || path === "-") return write(toStdout)
  // A pipe or a device is written to as it is.
  const special = existsSync(path) && !statSync(path).isFile()
  const place = special ? path : `${path}.${process.pid}.part`
  let file: FileHandle
  try {
    file = await open(place, special ? "w" : "wx", MODE)
  } catch (cause) {
    throw new CommandFailed(`cannot write ${path}: ${(cause as Error).message}`)
  }
  try {
    await write(async (text) => void (await file.write(text as string)))
    await file.close()
    if (!special) await rename(place, path)
  } catch (cause) {
    await file.close().catch(() => {})
    if (!special) await rm(place, { force: true })
    throw isSystemError(cause) ? new CommandFailed(`cannot write ${path}: ${cause.message}`) : cause
  }
}

const isSystemError = (cause: unknown): cause is NodeJS.ErrnoException => cause instanceof Error && "syscall" in cause

let gone = false

const toStdout: Write = async (text) => {
  const stream = stdout()
  if (stream.listenerCount("error") === 0) {
    // Nobody reads any more, as in `agentctl export … | head`.
    stream.on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EPIPE") gone = true
    })
  }
  if (gone) return
  if (!stream.write(text)) await drained()
}
