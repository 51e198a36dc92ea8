/**
 * What two ends of `agentctl cp` say to each other: frames laid out as in `Frames.ts`, over the standard input and output of
 * `agentctl __files`, which ssh runs on the other machine. One end reads files, the other writes them; either may be here.
 *
 *   caller → far end    Open
 *   reader → writer     Entries…, Listed         what there is to copy
 *   writer → reader     Have…, Ready             what it has already from an attempt before
 *   reader → writer     (File, Data…, End)…      the files, one after the other
 *   writer → reader     Done                     all of it is in place
 *   either              Failed                   instead of anything; the copy is over
 *
 * Plain constants without an import: the thin client reads them before it has loaded anything else.
 */

export const CopyFrame = {
  /** JSON `Opening`. */
  Open: 0x01,
  /** JSON, an array of `Entry`. Directories come before what is in them. */
  Entries: 0x02,
  /** Nothing follows in the list. */
  Listed: 0x03,
  /** JSON, an array of `Have`. */
  Have: 0x04,
  /** Nothing follows in the list. */
  Ready: 0x05,
  /** JSON `Start`: these are bytes of the entry `index`, from `offset` on. */
  File: 0x06,
  /** Bytes. */
  Data: 0x07,
  /** JSON `Checked`: the file is complete. */
  End: 0x08,
  /** JSON `Placed`. */
  Done: 0x09,
  /** JSON `Failure`. */
  Failed: 0x0a
} as const
export type CopyFrame = (typeof CopyFrame)[keyof typeof CopyFrame]

/** Grows when an end of another version could misunderstand. */
export const COPY_VERSION = 1

/** Files, directories and links of one copy; all their names are held in memory, at both ends. */
export const MAX_ENTRIES = 100_000

/** Bytes of one name and of a path below what is copied: what Linux takes (NAME_MAX, PATH_MAX). */
export const MAX_NAME_BYTES = 255
export const MAX_PATH_BYTES = 4_096

/** Bytes of one `Data` frame. */
export const COPY_CHUNK_BYTES = 256 * 1024

/** Permission bits that are kept. Bits that would run a program as somebody else are not. */
export const KEPT_MODE = 0o777

export interface Opening {
  readonly version: number
  readonly mode: "read" | "write"
  /** Absolute, or below `base`; without one, below the home directory. */
  readonly path: string
  /** A session's directory, which the path may not leave. */
  readonly base: string | null
  /** What a copy into a directory is called there. */
  readonly name: string
  /** Replace what is there. */
  readonly force: boolean
  /** Leave out what cannot be copied, instead of refusing everything. */
  readonly skip: boolean
  /** Who asks, for the record of events: the name of the connection. */
  readonly peer: string
}

export interface Entry {
  /** Below what is copied, parts separated by a slash; empty for itself. */
  readonly path: string
  readonly type: "file" | "directory" | "link"
  readonly mode: number
  /** Bytes of a file; 0 for the rest. */
  readonly size: number
  /** Where a link leads. */
  readonly target?: string
}

export interface Have {
  readonly index: number
  readonly offset: number
  /** Of the bytes before `offset`, in hexadecimal. */
  readonly sha256: string
}

export interface Start {
  readonly index: number
  readonly offset: number
}

export interface Checked {
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string
}

export interface Placed {
  /** Where it is now. */
  readonly path: string
  readonly files: number
  readonly bytes: number
}

export interface Failure {
  readonly tag: string
  readonly message: string
}
