/**
 * A FIFO that serves as a program's standard input: byte for byte, and with an end, which a terminal cannot have.
 */
import { constants, existsSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs"
import { Socket } from "node:net"
import { dirname, join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { LaunchFailed } from "../contract/Errors.ts"
import { libc } from "./Libc.ts"

/** Milliseconds between two looks whether the program has opened its end. */
const LOOK_MS = 5

const SUFFIX = ".stdin"

export interface InputPipe {
  readonly path: string
  readonly write: (bytes: Uint8Array, onTaken?: () => void) => void
  /** Bytes the program has not taken. */
  readonly backlog: () => number
  /** Lets the program see the end of its input after what was written. */
  readonly end: () => void
  readonly ended: boolean
  /** The program is gone: what it has not taken is given up, and nothing of the pipe is left. */
  readonly close: () => void
}

export class InputPipes extends Context.Service<
  InputPipes,
  {
    /** Makes the FIFO. Its reader must unlink it once it has opened it; until then its end is not reported. */
    readonly make: (directory: string, session: string) => Effect.Effect<InputPipe, LaunchFailed>
    /** Removes what a daemon left there that was killed before a program had opened its end. */
    readonly clear: (directory: string) => Effect.Effect<void>
  }
>()("agentd/host/InputPipes") {
  static readonly layer = Layer.succeed(InputPipes, {
    clear: (directory) =>
      Effect.sync(() => {
        for (const name of readdirSync(directory))
          if (name.endsWith(SUFFIX)) rmSync(join(directory, name), { recursive: true, force: true })
      }),
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

const open = (path: string): InputPipe => {
  // Open for reading too: opening for writing alone would wait for the reader (fifo(7)), and would raise SIGPIPE without one.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const socket = new Socket({ fd, readable: false, writable: true })
  socket.on("error", () => socket.destroy())
  let ended = false
  const finish = () => {
    // Closed before the reader has opened its end, the bytes would be lost and the reader would wait for ever.
    if (existsSync(path) && !socket.destroyed) setTimeout(finish, LOOK_MS)
    else socket.destroy()
  }
  return {
    path,
    write: (bytes, onTaken) => {
      if (!ended) socket.write(bytes, onTaken)
    },
    backlog: () => socket.writableLength,
    end: () => {
      if (ended) return
      ended = true
      // The empty write completes after everything before it.
      socket.write("", finish)
    },
    get ended() {
      return ended
    },
    close: () => {
      ended = true
      socket.destroy()
      rmSync(dirname(path), { recursive: true, force: true })
    }
  }
}
