/**
 * Where each session's output is kept, and how it is read: a directory while the session lives, one archive file afterwards.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { Context, Effect, Layer, type Scope } from "effect"
import { Settings } from "../../config/Settings.ts"
import { TranscriptUnavailable } from "../../contract/errors/Errors.ts"
import type { SessionExit } from "../../contract/session/Session.ts"
import { Directories } from "../../host/files/Directories.ts"
import type { SessionRecord } from "../SessionStore.ts"
import { archive, openArchive } from "./Archive.ts"
import { lastingReader } from "./LastingReader.ts"
import { liveReader, openLive, type RecentOutput } from "./LiveReader.ts"
import { repairTranscript } from "./Repair.ts"
import { syncing } from "./Syncing.ts"
import type { TranscriptHeader, TranscriptReader } from "./Transcript.ts"
import { openTranscript, type TranscriptOptions, type TranscriptWriter } from "./TranscriptWriter.ts"

export interface Recording {
  readonly writer: TranscriptWriter
  readonly reader: TranscriptReader
}

export interface Resumed {
  readonly offset: number
  readonly cols: number
  readonly rows: number
}

export class Recordings extends Context.Service<
  Recordings,
  {
    readonly directory: (session: string) => string
    /** The archive's path, whether it is there or not. */
    readonly file: (session: string) => string
    readonly open: (
      header: TranscriptHeader,
      recent: RecentOutput,
      onPressure: (hold: boolean) => void
    ) => Effect.Effect<Recording, never, Scope.Scope>
    /** Goes on with a recording that an earlier daemon began; `at` is where it ended, and the terminal's size there. */
    readonly resume: (
      session: SessionRecord,
      recent: RecentOutput | null,
      onPressure: (hold: boolean) => void
    ) => Effect.Effect<Recording & { readonly at: Resumed }, TranscriptUnavailable, Scope.Scope>
    /** Reads what there is of a session that has ended. */
    readonly read: (session: string) => Effect.Effect<TranscriptReader, TranscriptUnavailable>
    /** Turns the directory into the archive, which tells what is missing up to the offset `end`. Without a directory, answers the archive that is there, or null. */
    readonly archive: (
      session: string,
      exit: SessionExit | null,
      end?: number
    ) => Effect.Effect<{ readonly file: string; readonly bytes: number } | null, TranscriptUnavailable>
    readonly remove: (session: string) => Effect.Effect<void>
    /** Sessions that have files here. What is not named like a session is not ours to look at. */
    readonly kept: Effect.Effect<ReadonlyArray<string>>
  }
>()("agentd/sessions/Recordings") {
  static readonly layer = Layer.effect(
    Recordings,
    Effect.gen(function* () {
      const { transcripts } = yield* Directories
      const settings = yield* Settings
      mkdirSync(transcripts, { recursive: true, mode: 0o700 })
      const writers = new Set<TranscriptWriter>()
      yield* Effect.forkScoped(syncing(writers))
      /** While it is open, what it writes is put on disk now and then; what it becomes afterwards is, too (Archive.ts). */
      const openWriter = (options: TranscriptOptions) =>
        Effect.tap(openTranscript(options), (writer) =>
          Effect.acquireRelease(
            Effect.sync(() => writers.add(writer)),
            () => Effect.sync(() => writers.delete(writer))
          )
        )
      const directory = (session: string) => join(transcripts, session)
      const file = (session: string) => join(transcripts, `${session}.cast.zst`)
      const archived = (session: string) =>
        Effect.suspend(() => (existsSync(file(session)) ? openArchive(file(session)) : Effect.succeed(null)))
      return {
        directory,
        file,
        open: Effect.fnUntraced(function* (
          header: TranscriptHeader,
          recent: RecentOutput,
          onPressure: (hold: boolean) => void
        ) {
          const { transcript } = yield* settings.current
          const writer = yield* openWriter({
            directory: directory(header.session),
            header,
            onDiskFull: transcript.on_disk_full,
            maxBytes: transcript.session_bytes,
            onPressure
          })
          return { writer, reader: lastingReader(liveReader(writer, recent), archived(header.session)) }
        }),
        resume: Effect.fnUntraced(function* (
          { argv, cols, createdAt, cwd, id, name, rows }: SessionRecord,
          recent: RecentOutput | null,
          onPressure: (hold: boolean) => void
        ) {
          const { transcript } = yield* settings.current
          mkdirSync(directory(id), { recursive: true, mode: 0o700 })
          const known = { version: 1, session: id, name, argv, cwd, cols, rows, term: "", createdAt } as const
          const { header, resume } = yield* repairTranscript(directory(id), known)
          // What memory has lost too is a gap, and the recording goes on after it.
          const offset =
            recent === null || recent.end < resume.offset ? resume.offset : Math.max(resume.offset, recent.start)
          const writer = yield* openWriter({
            directory: directory(id),
            header,
            resume: { ...resume, offset },
            onDiskFull: transcript.on_disk_full,
            maxBytes: transcript.session_bytes,
            onPressure
          })
          const reader = lastingReader(liveReader(writer, recent ?? undefined), archived(id))
          return { writer, reader, at: { ...resume, offset } }
        }),
        read: Effect.fnUntraced(function* (session: string) {
          const closed = archived(session)
          const found = yield* closed
          if (found !== null) return found
          if (!existsSync(directory(session))) {
            return yield* new TranscriptUnavailable({ session, reason: "it is not there any more" })
          }
          const live = yield* Effect.result(openLive(directory(session)))
          // It may have become an archive at this moment.
          if (live._tag === "Failure") return (yield* closed) ?? (yield* live.failure)
          return lastingReader(live.success, closed)
        }),
        archive: Effect.fnUntraced(function* (session: string, exit: SessionExit | null, end?: number) {
          if (existsSync(directory(session))) {
            yield* repairTranscript(directory(session))
            const { bytes } = yield* archive({ directory: directory(session), file: file(session), exit, end })
            return { file: file(session), bytes }
          }
          const found = statSync(file(session), { throwIfNoEntry: false })
          return found === undefined ? null : { file: file(session), bytes: found.size }
        }),
        remove: (session) =>
          Effect.sync(() => {
            rmSync(file(session), { force: true })
            rmSync(directory(session), { recursive: true, force: true })
          }),
        kept: Effect.sync(() => [
          ...new Set(readdirSync(transcripts).flatMap((name) => /^ses_[0-9A-Z]{26}(?=\.|$)/.exec(name) ?? []))
        ])
      }
    })
  )
}
