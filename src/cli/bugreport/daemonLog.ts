/** The end of the daemon's log, from the journal where agentd is a service, else from its file. It holds no session's output. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { journalArguments } from "../logs/Filter.ts"
import { logPlace } from "../logs/Place.ts"
import { lastLines } from "../output/followOutput.ts"
import { ask } from "../service/Surroundings.ts"
import type { Source } from "./Source.ts"

/** Bytes from the end of the file that are searched for the last lines. */
const TAIL_BYTES = 2 * 1024 * 1024

export const daemonLog = ({ lines, place }: Source): string => {
  const where = logPlace(place.env)
  if (where.kind === "file") return lastLines(endOf(where.path), lines).toString("utf8")
  const wanted = journalArguments({ manager: where.manager, unit: where.unit, lines, follow: false, json: false })
  const { code, stderr, stdout } = ask(
    place,
    "journalctl",
    ...wanted,
    "--output=short-iso-precise",
    "--no-hostname",
    "--no-pager",
    "--quiet"
  )
  if (code !== 0) throw new Error(stderr.trim() || `journalctl ended with ${code}`)
  return stdout
}

const endOf = (file: string): Buffer => {
  const fd = openSync(file, "r")
  try {
    const { size } = fstatSync(fd)
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES))
    readSync(fd, bytes, 0, bytes.length, size - bytes.length)
    return bytes
  } finally {
    closeSync(fd)
  }
}
