/**
 * Tells clients that wait at a service manager's socket why no daemon comes. Left alone they would wait for their time to run out,
 * and the service manager would start the daemon again, several times a second, for as long as one of them is in the queue.
 */
import { createServer, type Socket } from "node:net"
import { Effect } from "effect"
import { errorCodes } from "../contract/errors/ErrorCodes.ts"
import { failure } from "../wire/JsonRpc.ts"

/** Milliseconds for everybody in the queue: they are there already, and read at once. */
const QUEUE_MS = 200

/** `listener`: the descriptor of the listening socket, which is closed afterwards; the service manager has its own. */
export const refuseWaiting = (listener: number, reason: string): Effect.Effect<void> =>
  Effect.scoped(
    Effect.gen(function* () {
      const sockets = new Set<Socket>()
      const error = {
        code: errorCodes.InternalError.code,
        message: `The daemon could not be started: ${reason}`,
        data: { tag: "StartFailed" }
      }
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          createServer((socket) => {
            sockets.add(socket)
            socket.on("error", () => socket.destroy())
            // An answer without an id is about the connection as a whole.
            socket.end(`${failure(null, error)}\n`)
            socket.resume()
          })
            // It was not as far as being one's own to listen on; there is nobody to be told then.
            .on("error", () => {})
            .listen({ fd: listener })
        ),
        (server) =>
          Effect.sync(() => {
            server.close()
            for (const socket of sockets) socket.destroy()
          })
      )
      yield* Effect.sleep(QUEUE_MS)
    })
  )
