/** What the transcript tests share: directories that vanish, headers, and reading everything back. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import type { TranscriptEntry, TranscriptHeader, TranscriptReader } from "../../src/sessions/transcript/Transcript.ts"

export const START = 1_700_000_000_000

export const header = (session = "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV"): TranscriptHeader => ({
  version: 1,
  session,
  name: "calm-otter",
  argv: ["sh", "-c", "echo 'hi there'"],
  cwd: "/home/someone",
  cols: 80,
  rows: 24,
  term: "xterm-256color",
  createdAt: START
})

/** A directory that is removed with the scope. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "agentd-transcript-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

export const allEntries = Effect.fnUntraced(function* (reader: TranscriptReader, from = 0, limit = 64 * 1024) {
  const entries: Array<TranscriptEntry> = []
  for (let next = from; ; ) {
    const page = yield* reader.entries(next, limit)
    entries.push(...page.entries)
    if (page.next === next) return entries
    next = page.next
  }
})

export const outputOf = (entries: ReadonlyArray<TranscriptEntry>) =>
  Buffer.concat(entries.flatMap((entry) => (entry.kind === "output" ? [entry.bytes] : [])))

export const sizesOf = (entries: ReadonlyArray<TranscriptEntry>) =>
  entries.flatMap((entry) => (entry.kind === "resize" ? [`${entry.offset}:${entry.cols}x${entry.rows}`] : []))

/** Bytes that differ at every place, so that a shifted or repeated part is noticed. */
export const pattern = (length: number, seed = 1): Buffer => {
  const bytes = Buffer.allocUnsafe(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}
