/**
 * An exclusive lock on a file, held for the life of a scope: flock(2), so it goes with the process, however that ends.
 *
 * The file is never unlinked: two processes that lock two inodes of one name would both believe they won.
 */
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs"
import { Context, Effect, Layer, Schema, type Scope } from "effect"
import { libc } from "../Libc.ts"
import { DirectoryRefused } from "./Directories.ts"

/** Somebody else holds the lock; `holder` is the process id it wrote into the file, if it could be read. */
export class Locked extends Schema.TaggedError<Locked>()("Locked", {
  path: Schema.String,
  holder: Schema.NullOr(Schema.Int)
}) {
  override get message() {
    const who = this.holder === null ? "Another daemon" : `Another daemon (pid ${this.holder})`
    return `${who} already serves this user: it holds ${this.path}. "agentctl daemon stop" ends it.`
  }
}

export class FileLock extends Context.Service<
  FileLock,
  {
    /** Takes the lock at once or fails; the file then holds this process's id. `inherited`: it is held already, by this descriptor. */
    readonly acquire: (path: string, inherited?: number) => Effect.Effect<void, Locked | DirectoryRefused, Scope.Scope>
    /** The descriptor that holds a lock, or null. */
    readonly descriptor: (path: string) => number | null
  }
>()("agentd/host/FileLock") {
  static readonly layer = Layer.sync(FileLock, () => {
    const held = new Map<string, number>()
    return {
      descriptor: (path) => held.get(path) ?? null,
      acquire: (path, inherited) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.tap(
              Effect.suspend(() => (inherited === undefined ? open(path) : Effect.succeed(inherited))),
              (fd) => Effect.sync(() => held.set(path, fd))
            ),
            (fd) =>
              Effect.sync(() => {
                held.delete(path)
                // One that was inherited goes with the process: if this start fails, the next attempt needs it (startAgain).
                if (inherited === undefined) closeSync(fd)
              })
          )
        )
    }
  })
}

const open = (path: string): Effect.Effect<number, Locked | DirectoryRefused> => {
  const LOCK_EX = 2
  const LOCK_NB = 4
  let fd: number
  try {
    // O_NOFOLLOW: a symlink planted at the lock's path must not make us write elsewhere.
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  } catch (cause) {
    const reason = `the lock file cannot be opened (${(cause as NodeJS.ErrnoException).code})`
    return Effect.fail(
      new DirectoryRefused({ path, reason, fix: "Remove what lies there, and make it writable for you." })
    )
  }
  if (libc().flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    const holder = Number.parseInt(readFileSync(fd, "latin1"), 10)
    closeSync(fd)
    return Effect.fail(new Locked({ path, holder: Number.isInteger(holder) ? holder : null }))
  }
  ftruncateSync(fd, 0)
  writeSync(fd, `${process.pid}\n`, 0)
  return Effect.succeed(fd)
}
