/**
 * Makes a transcript directory whole whose writer was killed: decides from what is there, then changes as little as it
 * must. Output bytes are never removed unless a later segment holds the same offsets.
 */
import * as fs from "node:fs/promises"
import { basename, join } from "node:path"
import { Effect, Option, Schema } from "effect"
import { TranscriptUnavailable } from "../../contract/errors/Errors.ts"
import { DEFAULT_COLS, DEFAULT_ROWS } from "../../contract/Limits.ts"
import { FILE_MODE, HEADER_FILE, parseName, segmentName } from "./Layout.ts"
import { arrange, endOf, sizeIn } from "./Segments.ts"
import { TranscriptHeader } from "./Transcript.ts"
import { decodeRecords, RECORD_BYTES } from "./TranscriptIndex.ts"

export interface FoundFile {
  readonly name: string
  readonly bytes: number
  /** Content of an index or of the header. */
  readonly content?: Buffer | undefined
}

export type RepairStep =
  | { readonly step: "truncate"; readonly name: string; readonly bytes: number }
  | { readonly step: "remove"; readonly name: string }
  | { readonly step: "writeHeader" }

export interface RepairPlan {
  readonly steps: ReadonlyArray<RepairStep>
  /** Where recording goes on, and the size of the terminal there, if the index knows it. */
  readonly end: number
  readonly size: { readonly cols: number; readonly rows: number } | null
}

const decodeHeader = Schema.decodeUnknownOption(Schema.fromJsonString(TranscriptHeader))

const headerIn = (files: ReadonlyArray<FoundFile>): Option.Option<TranscriptHeader> =>
  decodeHeader(files.find(({ name }) => name === HEADER_FILE)?.content?.toString("utf8"))

/** What is wrong with these files and what to do about it. */
export const planRepair = (files: ReadonlyArray<FoundFile>): RepairPlan => {
  const steps: Array<RepairStep> = []
  const raws = new Map<number, number>()
  const indexes: Array<{ readonly offset: number; readonly file: FoundFile }> = []
  for (const file of files) {
    const parsed = parseName(file.name)
    if (parsed?.kind === "raw") raws.set(parsed.offset, file.bytes)
    else if (parsed?.kind === "idx") indexes.push({ offset: parsed.offset, file })
    else if (file.name.endsWith(".tmp")) steps.push({ step: "remove", name: file.name })
  }
  if (Option.isNone(headerIn(files))) steps.push({ step: "writeHeader" })

  const segments = arrange([...raws].map(([offset, bytes]) => ({ offset, bytes })))
  for (const { offset, bytes } of segments) {
    if (bytes < raws.get(offset)!) steps.push({ step: "truncate", name: segmentName(offset), bytes })
  }
  let size: RepairPlan["size"] = null
  for (const { offset, file } of indexes.sort((a, b) => a.offset - b.offset)) {
    const segment = segments.find((candidate) => candidate.offset === offset)
    if (segment === undefined) {
      steps.push({ step: "remove", name: file.name })
      continue
    }
    const told = decodeRecords(file.content ?? Buffer.alloc(0))
    const end = offset + segment.bytes
    const records = told.filter((record) => record.offset <= end)
    const bytes = records.length * RECORD_BYTES
    if (bytes !== file.bytes) steps.push({ step: "truncate", name: file.name, bytes })
    size = sizeIn(records, end) ?? size
  }
  return { steps, end: endOf(segments), size }
}

/** What is known of a session whose header is lost and nobody remembers. */
const unknownHeader = (session: string): TranscriptHeader => ({
  version: 1,
  session,
  name: session,
  argv: [],
  cwd: "",
  cols: DEFAULT_COLS,
  rows: DEFAULT_ROWS,
  term: "",
  createdAt: 0
})

export interface Repaired {
  readonly header: TranscriptHeader
  /** For `TranscriptOptions.resume`. */
  readonly resume: { readonly offset: number; readonly cols: number; readonly rows: number }
  /** What had to be done; empty for a directory that was whole. */
  readonly steps: ReadonlyArray<RepairStep>
}

/** Repairs a directory that nobody writes to. `known` stands in for a header that was lost. */
export const repairTranscript = (
  directory: string,
  known?: TranscriptHeader
): Effect.Effect<Repaired, TranscriptUnavailable> => {
  const session = known?.session ?? basename(directory)
  return Effect.tryPromise({
    try: async () => {
      const files = await find(directory)
      const plan = planRepair(files)
      const header = Option.getOrElse(headerIn(files), () => known ?? unknownHeader(session))
      for (const step of plan.steps) await perform(directory, step, header)
      const { cols, rows } = plan.size ?? header
      return { header, resume: { offset: plan.end, cols, rows }, steps: plan.steps }
    },
    catch: (cause) =>
      new TranscriptUnavailable({ session, reason: cause instanceof Error ? cause.message : String(cause) })
  })
}

const find = async (directory: string): Promise<ReadonlyArray<FoundFile>> => {
  const files: Array<FoundFile> = []
  for (const name of (await fs.readdir(directory)).sort()) {
    const path = join(directory, name)
    const stat = await fs.lstat(path)
    // Whatever else is in there was not put there by us, and stays.
    if (!stat.isFile()) continue
    const small = parseName(name)?.kind === "idx" || name === HEADER_FILE
    files.push({ name, bytes: stat.size, content: small ? await fs.readFile(path) : undefined })
  }
  return files
}

const perform = async (directory: string, step: RepairStep, header: TranscriptHeader): Promise<void> => {
  switch (step.step) {
    case "remove":
      return fs.unlink(join(directory, step.name))
    case "truncate":
      return fs.truncate(join(directory, step.name), step.bytes)
    case "writeHeader": {
      const path = join(directory, HEADER_FILE)
      await fs.writeFile(`${path}.tmp`, `${JSON.stringify(header)}\n`, { mode: FILE_MODE })
      return fs.rename(`${path}.tmp`, path)
    }
  }
}
