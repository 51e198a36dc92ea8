/**
 * What is to be copied, as the other end lists it: taken for data that may be hostile, and checked before anything is made of it.
 */
import { dirname, normalize } from "node:path/posix"
import { type Entry, KEPT_MODE, MAX_ENTRIES, MAX_NAME_BYTES, MAX_PATH_BYTES } from "../../contract/CopyFrames.ts"
import { AgentdError } from "../AgentdError.ts"

/** The name of one file: nothing that leads elsewhere. */
export const isName = (name: string): boolean =>
  name !== "" &&
  name !== "." &&
  name !== ".." &&
  !name.includes("/") &&
  !name.includes("\0") &&
  Buffer.byteLength(name) <= MAX_NAME_BYTES

/** Does a link at `path`, below what is copied, stay below it? */
export const staysInside = (path: string, target: string): boolean => {
  if (target === "" || target.startsWith("/") || target.includes("\0") || Buffer.byteLength(target) > MAX_PATH_BYTES) {
    return false
  }
  const end = normalize(`${dirname(path)}/${target}`)
  return end !== ".." && !end.startsWith("../")
}

/** @throws AgentdError `NotAllowed` for a list that would put something where it does not belong */
export const checkEntries = (listed: ReadonlyArray<unknown>): ReadonlyArray<Entry> => {
  if (listed.length > MAX_ENTRIES) throw tooMany()
  const directories = new Set<string>()
  const seen = new Set<string>()
  return listed.map((value, index) => {
    const entry = shaped(value)
    const { path, type } = entry
    if (index === 0 ? path !== "" || type === "link" : path === "")
      throw refused(path, "it is not below what is copied")
    if (seen.has(path)) throw refused(path, "it is listed twice")
    if (index > 0) {
      if (Buffer.byteLength(path) > MAX_PATH_BYTES || !path.split("/").every(isName)) {
        throw refused(path, "its path leads elsewhere")
      }
      const above = dirname(path)
      if (!directories.has(above === "." ? "" : above)) throw refused(path, "it is not in a directory that is copied")
    }
    if (type === "link" && !staysInside(path, entry.target!)) {
      throw refused(path, "it is a link that leads out of what is copied")
    }
    seen.add(path)
    if (type === "directory") directories.add(path)
    return entry
  })
}

const shaped = (value: unknown): Entry => {
  const { mode, path, size, target, type } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (
    typeof path !== "string" ||
    (type !== "file" && type !== "directory" && type !== "link") ||
    typeof mode !== "number" ||
    typeof size !== "number" ||
    !Number.isSafeInteger(size) ||
    size < 0 ||
    (type === "link" && typeof target !== "string")
  ) {
    throw new AgentdError("ProtocolError", "The other end lists something that is neither file, directory nor link.")
  }
  const kept = { path, type, mode: mode & KEPT_MODE, size: type === "file" ? size : 0 } as const
  return type === "link" ? { ...kept, target: target as string } : kept
}

const refused = (path: string, why: string): AgentdError =>
  new AgentdError("NotAllowed", `The other end offers "${path}": ${why}. Nothing was put in place.`, { data: { path } })

export const tooMany = (): AgentdError =>
  new AgentdError(
    "TooLarge",
    `There are more than ${MAX_ENTRIES} files and directories in it. Copy parts of it, or an archive made with tar.`
  )
