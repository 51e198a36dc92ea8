/**
 * A FIFO that serves as a program's standard input: byte for byte, and with an end, which a terminal cannot have.
 */
import { closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { LaunchFailed } from "../../contract/errors/Errors.ts"
import type { HandedPipe } from "../../contract/Handover.ts"
import { libc } from "../Libc.ts"
import { type Pending, PtyInput, type WriteNotes } from "./PtyInput.ts"

/** Milliseconds between two looks whether the program has opened its end. */
const LOOK_MS = 5

const SUFFIX = ".stdin"

export interface InputPipe {
  readonly path: string
  readonly write: (bytes: Uint8Array, onTaken?: () => void, notes?: WriteNotes) => void
  /** Bytes the program has not taken. */
  readonly backlog: () => number
  /** Lets the program see the end of its input after what was written. */
  readonly end: () => void
  readonly ended: boolean
  /** The program is gone: what it has not taken is given up, and nothing of the pipe is left. */
  readonly close: () => void
  /** For the daemon's next version; null once it is closed. Its bytes must be written anew there. */
  readonly handOver: () => (Omit<HandedPipe, "input"> & { readonly pending: ReadonlyArray<Pending> }) | null
}

export class InputPipes extends Context.Service<
  InputPipes,
  {
    /** Makes the FIFO. Its reader must unlink it once it has opened it; until then its end is not reported. */
    readonly make: (directory: string, session: string) => Effect.Effect<InputPipe, LaunchFailed>
    /** One that the version before has made; what that had not written, and the end, have yet to be. */
    readonly adopt: (pipe: HandedPipe) => InputPipe
    /** Removes what a daemon left there that was killed before a program had opened its end, but for those that go on. */
    readonly clear: (directory: string, but?: ReadonlyArray<string>) => Effect.Effect<void>
  }
>()("agentd/host/InputPipes") {
  static readonly layer = Layer.succeed(InputPipes, {
    clear: (directory, but = []) =>
      Effect.sync(() => {
        for (const name of readdirSync(directory)) {
          const path = join(directory, name)
          if (name.endsWith(SUFFIX) && !but.some((pipe) => dirname(pipe) === path))
            rmSync(path, { recursive: true, force: true })
        }
      }),
    adopt: ({ fd, path }) => over(path, fd),
    make: (directory, session) =>
      Effect.suspend(() => {
        // In a directory of its own, which can be handed into a sandbox: the reader unlinks what is in it.
        const own = join(directory, `${session}${SUFFIX}`)
        const path = join(own, "pipe")
        try {
          mkdirSync(own, { mode: 0o700 })
          if (libc().mkfifo(Buffer.from(`${path}\0`), 0o600) !== 0) throw new Error(`mkfifo(${path}) failed`)
          return Effect.succeed(open(path))
        } catch (cause) {
          rmSync(own, { recursive: true, force: true })
          return Effect.fail(new LaunchFailed({ reason: `no pipe for its input: ${(cause as Error).message}` }))
        }
      })
  })
}

/** Open for reading too: opening for writing alone would wait for the reader (fifo(7)), and would raise SIGPIPE without one. */
const open = (path: string): InputPipe => over(path, openSync(path, constants.O_RDWR | constants.O_NONBLOCK))

const over = (path: string, fd: number): InputPipe => {
  const input = new PtyInput(fd)
  let ended = false
  let closed = false
  let looking: NodeJS.Timeout | undefined
  const close = () => {
    if (closed) return
    closed = true
    clearTimeout(looking)
    input.close()
    closeSync(fd)
  }
  const finish = () => {
    // Closed before the reader has opened its end, the bytes would be lost and the reader would wait for ever.
    if (existsSync(path)) looking = setTimeout(finish, LOOK_MS)
    else close()
  }
  return {
    path,
    write: (bytes, onTaken, notes) => {
      if (!ended) input.write(bytes, onTaken, notes)
    },
    backlog: () => input.backlog,
    end: () => {
      if (ended) return
      ended = true
      // The empty write completes after everything before it.
      input.write(Buffer.alloc(0), finish)
    },
    get ended() {
      return ended
    },
    close: () => {
      ended = true
      close()
      rmSync(dirname(path), { recursive: true, force: true })
    },
    handOver: () => {
      if (closed) return null
      return { fd, path, ended, pending: input.pending.filter(({ bytes }) => bytes.length > 0) }
    }
  }
}
