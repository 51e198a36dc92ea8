/**
 * Puts what live sessions print on disk every few seconds, so that a power cut takes the last of them and no more. Beside the way of a
 * byte: files are opened anew for it, one after the other, and nobody waits, neither the writer nor the program.
 */
import * as fs from "node:fs"
import { Context, Effect } from "effect"

/** Milliseconds between two rounds: what a power cut may take, against a write of the file system's journal for each file. */
export const SYNC_EVERY_MS = 5_000

/** What has written files, and says which. */
interface Unsynced {
  readonly takeUnsynced: () => ReadonlyArray<string>
}

/** Puts one file or directory on disk; one that has gone, or that the disk refuses, keeps no other from it. */
export const SyncFile = Context.Reference<(path: string) => Effect.Effect<void>>("agentd/sessions/SyncFile", {
  defaultValue: () => (path) =>
    // Through Node's threads and without promises. A descriptor that only reads is enough (fsync(2) is about the file).
    Effect.callback<void>((resume) =>
      fs.open(path, fs.constants.O_RDONLY, (error, fd) => {
        if (error !== null) return resume(Effect.void)
        fs.fdatasync(fd, () => fs.close(fd, () => resume(Effect.void)))
      })
    )
})

/** For ever. A round that takes long makes the next one later, so a slow disk is never asked for more than one file at a time. */
export const syncing = (writers: ReadonlySet<Unsynced>): Effect.Effect<never> =>
  Effect.gen(function* () {
    const sync = yield* SyncFile
    for (;;) {
      yield* Effect.sleep(SYNC_EVERY_MS)
      for (const writer of [...writers]) for (const path of writer.takeUnsynced()) yield* sync(path)
    }
  })
