/**
 * The door most requests come in by: one Unix stream socket, 0600 in a 0700 directory, open to its own user and root alone.
 */
import { chmodSync, lstatSync, unlinkSync } from "node:fs"
import { connect, createServer, type Server, type Socket } from "node:net"
import { Clock, Context, Effect, Layer, Schema, SubscriptionRef } from "effect"
import { Busy, NotAllowed } from "../contract/Errors.ts"
import { MAX_CONNECTIONS } from "../contract/Limits.ts"
import { about } from "../contract/Log.ts"
import { Directories } from "../host/Directories.ts"
import { FdStore } from "../host/FdStore.ts"
import { Locked } from "../host/FileLock.ts"
import { PeerCredentials } from "../host/PeerCredentials.ts"
import { failure } from "../wire/JsonRpc.ts"
import { Connection } from "./Connection.ts"
import { Connections } from "./Connections.ts"
import { Dispatcher, toErrorObject } from "./Dispatcher.ts"

/** Milliseconds between two looks whether the last client has its answer. */
const DRAIN_LOOK_MS = 20

/** Milliseconds a refused client has to read why. */
const REFUSAL_MS = 1_000

/** FileDescriptorName= of the socket unit. */
const SOCKET_NAME = "api"

/** Connections the kernel queues while the event loop is busy. */
const BACKLOG = 511

/** The socket cannot be opened; the message says why and what to do. */
export class SocketRefused extends Schema.TaggedError<SocketRefused>()("SocketRefused", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `Cannot listen on ${this.path}: ${this.reason}`
  }
}

/** Which session a process runs in, if any. The sessions' own knowledge, handed in so that a door needs no capability. */
export class SessionOfProcess extends Context.Service<SessionOfProcess, (pid: number) => string | null>()(
  "agentd/doors/SessionOfProcess"
) {}

export class UnixSocket extends Context.Service<
  UnixSocket,
  {
    readonly path: string
    /** Takes no new connections. */
    readonly close: Effect.Effect<void>
    /** Ends every attachment; the sessions go on. */
    readonly detach: (reason: string) => Effect.Effect<void>
    /** Takes no new requests, waits at most `ms` until every client has what is due to it, closes every connection. */
    readonly drain: (ms: number) => Effect.Effect<void>
  }
>()("agentd/doors/UnixSocket") {
  static readonly layer = Layer.effect(
    UnixSocket,
    Effect.gen(function* () {
      const { socket: path } = yield* Directories
      const credentials = yield* PeerCredentials
      const dispatcher = yield* Dispatcher
      const sessionOf = yield* SessionOfProcess
      const { count } = yield* Connections
      const fork = Effect.runForkWith(yield* Effect.context<never>())
      const open = new Set<Connection>()
      const changed = () => fork(SubscriptionRef.set(count, open.size))

      const accept = (socket: Socket) => {
        const found = credentials.of(socket)
        if (found === null || (found.uid !== credentials.own && found.uid !== 0)) {
          const who = found === null ? "the kernel does not say who you are" : `you are uid ${found.uid}`
          refuse(socket, new NotAllowed({ reason: `this daemon serves uid ${credentials.own}, and ${who}.` }))
          fork(
            Effect.logWarning(`refused a connection: ${who}`).pipe(
              Effect.annotateLogs(about("connection.refused", { "agentd.peer.pid": found?.pid }))
            )
          )
          return
        }
        if (open.size >= MAX_CONNECTIONS) {
          refuse(socket, new Busy({ what: "connections", limit: MAX_CONNECTIONS }))
          return
        }
        let session: string | null | undefined
        const peer = {
          ...found,
          // Looked up when asked for: most requests never do.
          get session() {
            session ??= found.pid === null ? null : sessionOf(found.pid)
            return session
          }
        }
        const connection: Connection = new Connection(socket, peer, dispatcher, () => {
          open.delete(connection)
          changed()
        })
        open.add(connection)
        changed()
      }

      const activated = (yield* FdStore).inherited.find(({ name }) => name === SOCKET_NAME)?.fd
      if (activated === undefined) yield* removeStale(path, credentials)
      const server = yield* Effect.acquireRelease(listen(path, activated, accept), (server) =>
        Effect.sync(() => {
          server.close()
          for (const connection of open) connection.destroy()
        })
      )

      const close = Effect.sync(() => void server.close())
      const drain = Effect.fnUntraced(function* (ms: number) {
        const end = (yield* Clock.currentTimeMillis) + ms
        for (const connection of open) connection.stopReading()
        while ([...open].some(({ busy }) => busy) && (yield* Clock.currentTimeMillis) < end) {
          yield* Effect.sleep(DRAIN_LOOK_MS)
        }
        for (const connection of open) connection.end()
      })
      const detach = (reason: string) =>
        Effect.sync(() => {
          for (const connection of open) connection.detach(reason)
        })
      return { path, close, detach, drain }
    })
  )
}

const refuse = (socket: Socket, error: Busy | NotAllowed): void => {
  socket.on("error", () => socket.destroy())
  socket.end(`${failure(null, toErrorObject(error))}\n`)
  // Whatever it sends is thrown away, so that it can read the refusal before the connection is reset.
  socket.resume()
  // It has no place among the connections that are counted, so it must not be able to stay.
  const timer = setTimeout(() => socket.destroy(), REFUSAL_MS)
  socket.on("close", () => clearTimeout(timer))
}

/**
 * A socket file that nobody listens on is what a crash leaves behind. Somebody may listen all the same though the lock is
 * ours: a daemon with another state directory and the same socket.
 */
const removeStale = Effect.fnUntraced(function* (path: string, credentials: PeerCredentials["Service"]) {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) {
    return yield* new SocketRefused({ path, reason: "something that is no socket lies there. Move it away." })
  }
  const listener = yield* whoListens(path, credentials)
  if (listener !== null) return yield* new Locked({ path, holder: listener.pid })
  unlinkSync(path)
})

const whoListens = (path: string, credentials: PeerCredentials["Service"]) =>
  Effect.callback<{ readonly pid: number | null } | null>((resume) => {
    const socket = connect(path)
    socket.once("connect", () => {
      resume(Effect.succeed({ pid: credentials.of(socket)?.pid ?? null }))
      socket.destroy()
    })
    socket.once("error", (cause: NodeJS.ErrnoException) => {
      const nobody = cause.code === "ECONNREFUSED" || cause.code === "ENOENT"
      resume(Effect.succeed(nobody ? null : { pid: null }))
    })
  })

/** On the socket that systemd opened and queues connections on while no daemon runs, else on one of our own. */
const listen = (
  path: string,
  activated: number | undefined,
  accept: (socket: Socket) => void
): Effect.Effect<Server, SocketRefused> =>
  Effect.callback<Server, SocketRefused>((resume) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
    const refuse = (cause: Error) => resume(Effect.fail(new SocketRefused({ path, reason: `${cause.message}.` })))
    server.once("error", refuse)
    try {
      server.listen(activated === undefined ? { path, backlog: BACKLOG } : { fd: activated }, () => {
        if (activated === undefined) chmodSync(path, 0o600)
        resume(Effect.succeed(server))
      })
    } catch (cause) {
      refuse(cause as Error)
    }
  })
