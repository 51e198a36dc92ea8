/**
 * The list of what a backup holds: `<id>.jsonl`, a line about the backup, a line for each part, and a last line with the checksum of
 * all before it. The list is written last, so a backup that has one is complete.
 *
 * What it says is not believed: it may come from anywhere. A part's path is relative, below a folder we know, and without "..".
 */
import { createHash } from "node:crypto"
import { Option, Schema } from "effect"
import { Backup, BackupId } from "../contract/Backup.ts"

/** Bytes of one list: some four hundred thousand parts. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024

/** Folders deep; ours need three. What a script leaves may have more. */
const MAX_DEPTH = 16
const MAX_PATH_BYTES = 1_024
const MAX_NAME_BYTES = 255

/** Where a part belongs: the database, transcripts, the configuration file, what scripts have added. */
export const ROOTS = ["agentd.db", "transcripts", "config", "extra"] as const

/** Whether something may be called so: by a file system of ours, and by a list from somewhere else. */
export const isPartPath = (path: string): boolean => {
  const names = path.split("/")
  const [root, ...below] = names
  return (
    Buffer.byteLength(path) <= MAX_PATH_BYTES &&
    names.length <= MAX_DEPTH &&
    (ROOTS as ReadonlyArray<string>).includes(root!) &&
    (root === "agentd.db") === (below.length === 0) &&
    names.every(
      (name) => name !== "" && name !== "." && name !== ".." && Buffer.byteLength(name) <= MAX_NAME_BYTES && plain(name)
    )
  )
}

/** No control characters, and text that a file system gives back as it was. */
const plain = (name: string): boolean => !/[\p{Cc}\uFFFD\\]/u.test(name) && name.isWellFormed()

const Natural = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const Part = Schema.Struct({
  path: Schema.String.check(Schema.makeFilter(isPartPath, { expected: "a path below a folder of a backup" })),
  bytes: Natural,
  /** Of the bytes themselves, however they are stored; it names the object that holds them. */
  sha256: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/u))
})
export type Part = typeof Part.Type

const Heading = Schema.Struct({
  format: Schema.Literal(1),
  backup: Backup,
  /** Version of the database's schema, and its last event. */
  schema: Natural,
  seq: Natural
})
export type Heading = typeof Heading.Type

const Ending = Schema.Struct({ sha256: Schema.String })

export interface Manifest extends Heading {
  readonly parts: ReadonlyArray<Part>
}

const SUFFIX = ".jsonl"
export const manifestName = (id: string): string => `${id}${SUFFIX}`

const isBackupId = Schema.is(BackupId)

/** The backup that a file's name stands for, or null. */
export const idOfName = (name: string): string | null => {
  const id = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : ""
  return isBackupId(id) ? id : null
}

const sha256 = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex")

export const encodeManifest = ({ parts, ...heading }: Manifest): string => {
  const text = [heading, ...parts].map((line) => `${JSON.stringify(line)}\n`).join("")
  return `${text}${JSON.stringify({ sha256: sha256(text) })}\n`
}

const decodeHeading = Schema.decodeUnknownOption(Schema.fromJsonString(Heading))
const decodePart = Schema.decodeUnknownOption(Schema.fromJsonString(Part))
const decodeEnding = Schema.decodeUnknownOption(Schema.fromJsonString(Ending))

/** The list, or what is wrong with it. */
export const decodeManifest = (id: string, bytes: Buffer): Manifest | { readonly wrong: string } => {
  const end = bytes.lastIndexOf("\n", bytes.length - 2) + 1
  const ending = Option.getOrNull(decodeEnding(bytes.toString("utf8", end)))
  if (ending === null || bytes.at(-1) !== 0x0a) return { wrong: "has no end" }
  if (ending.sha256 !== sha256(bytes.subarray(0, end))) return { wrong: "is not what was written" }
  const [first = "", ...lines] = bytes.toString("utf8", 0, end - 1).split("\n")
  const heading = Option.getOrNull(decodeHeading(first))
  if (heading === null) return { wrong: "is of a format that this version of agentd does not know" }
  if (heading.backup.id !== id) return { wrong: `is the list of ${heading.backup.id}` }
  const parts: Array<Part> = []
  const taken = new Set<string>()
  for (const line of lines) {
    const part = Option.getOrNull(decodePart(line))
    if (part === null) return { wrong: `has a part that cannot be: line ${parts.length + 2}` }
    if (taken.has(part.path)) return { wrong: `names ${part.path} twice` }
    taken.add(part.path)
    parts.push(part)
  }
  if (parts.length !== heading.backup.parts) return { wrong: "has not as many parts as it says" }
  return { ...heading, parts }
}
