/**
 * How installations exchange files: a branch that only grows, on a remote they all reach. The loop knows nothing of git; another
 * layer may carry the same files otherwise, and a test's may do it in memory.
 */
import { Context, type Effect, Schema } from "effect"
import type { SyncFailed } from "../contract/errors/Errors.ts"

/** Bytes of a file of the branch; a larger one is nobody's events, and nothing of it is read. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024

/** Somebody else has added to the branch meanwhile, or holds it. `locked`: what the one says who may have died over it. */
export class Overtaken extends Schema.TaggedError<Overtaken>()("Overtaken", {
  locked: Schema.NullOr(Schema.String)
}) {}

export interface Remote {
  readonly workspace: string
  readonly url: string
}

export interface ChangedFile {
  readonly path: string
  /** Bytes; null: it is gone, or no file. */
  readonly size: number | null
}

export class SyncTransport extends Context.Service<
  SyncTransport,
  {
    /** Names the branch's newest state, whose files can be read from now on; null where there is no such branch. */
    readonly fetch: (remote: Remote) => Effect.Effect<string | null, SyncFailed>
    /** Files that differ between two states. `from` unknown, or not known here any more: all files of `to`. */
    readonly changes: (
      remote: Remote,
      from: string | null,
      to: string | null
    ) => Effect.Effect<{ readonly all: boolean; readonly files: ReadonlyArray<ChangedFile> }, SyncFailed>
    /** What is in files of a state. One that is not there, or larger than may be, is left out. */
    readonly read: (
      remote: Remote,
      at: string | null,
      paths: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, Uint8Array>, SyncFailed>
    /** Puts files upon a state, as the branch's newest one, unless it has another by now. Answers its name. */
    readonly publish: (
      remote: Remote,
      base: string | null,
      files: ReadonlyMap<string, Uint8Array>
    ) => Effect.Effect<string, SyncFailed | Overtaken>
    /** Whether anybody may read the remote, as far as that can be known by trying; null: it cannot. */
    readonly isPublic: (url: string) => Effect.Effect<boolean | null>
  }
>()("agentd/sync/SyncTransport") {}
