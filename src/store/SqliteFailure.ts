/**
 * What a failure of SQLite means to the caller: its result code as a sentence in a `StorageUnavailable`.
 */
import { StorageUnavailable } from "../contract/errors/Errors.ts"

/** Primary result codes (https://sqlite.org/rescode.html); an extended code carries its primary in the low byte. */
export const Result = {
  ERROR: 1,
  PERM: 3,
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  CONSTRAINT: 19,
  NOTADB: 26
} as const

/** The extended result code of an error thrown by `node:sqlite`, wherever the driver has wrapped it. */
export const resultCode = (error: unknown): number | undefined => {
  for (let at: unknown = error, depth = 0; typeof at === "object" && at !== null && depth < 5; depth++) {
    if ("errcode" in at && typeof at.errcode === "number") return at.errcode
    at = "cause" in at ? at.cause : undefined
  }
  return undefined
}

/** The innermost message: the driver's own outer one says only which step failed. */
export const innermostMessage = (error: unknown): string => {
  let message = String(error)
  for (let at: unknown = error, depth = 0; typeof at === "object" && at !== null && depth < 5; depth++) {
    if ("message" in at && typeof at.message === "string" && at.message !== "") message = at.message
    at = "cause" in at ? at.cause : undefined
  }
  return message
}

/** Is the content of the file at fault, as opposed to the disk, its space or a lock? */
export const isDamage = (error: unknown): boolean => {
  const primary = (resultCode(error) ?? 0) & 0xff
  return primary === Result.CORRUPT || primary === Result.NOTADB
}

export const storageUnavailable = (file: string, error: unknown): StorageUnavailable => {
  const code = resultCode(error)
  const said = innermostMessage(error)
  return new StorageUnavailable({ reason: code === undefined ? said : sentence(file, code, said) })
}

const sentence = (file: string, code: number, said: string): string => {
  switch (code & 0xff) {
    case Result.FULL:
      return `the disk that holds ${file} is full`
    case Result.READONLY:
      return `${file} is on a read-only file system or may not be written`
    case Result.PERM:
    case Result.CANTOPEN:
      return `${file} cannot be opened (${said}); check the permissions of its directory`
    case Result.IOERR:
      return `the disk that holds ${file} reported an input/output error (${said}, code ${code})`
    case Result.BUSY:
    case Result.LOCKED:
      return `another program has locked ${file}`
    case Result.CORRUPT:
    case Result.NOTADB:
      return `${file} is damaged (${said})`
    case Result.CONSTRAINT:
      return `it contradicts what is already stored (${said})`
    default:
      return `${said} (SQLite code ${code})`
  }
}
