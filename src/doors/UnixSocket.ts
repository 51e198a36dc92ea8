/**
 * The door most requests come in by: one Unix stream socket, 0600 in a 0700 directory, open to its own user and root alone.
 */
import { chmodSync, lstatSync, rmSync, unlinkSync } from "node:fs"
import { connect, createServer, type Server, Socket } from "node:net"
import { Clock, Context, Effect, Layer, Schema, SubscriptionRef } from "effect"
import { Busy, NotAllowed } from "../contract/errors/Errors.ts"
import type { Begin, Caller } from "../contract/Handler.ts"
import type { HandedAttachment, Handover } from "../contract/Handover.ts"
import { MAX_CONNECTIONS } from "../contract/Limits.ts"
import { about } from "../contract/Log.ts"
import type { Interest } from "../contract/Subscription.ts"
import { Directories } from "../host/files/Directories.ts"
import { Locked } from "../host/files/FileLock.ts"
import { Handover as HandoverService } from "../host/self/Handover.ts"
import { FdStore } from "../host/service/FdStore.ts"
import { listenAlone } from "../host/sockets/listenAlone.ts"
import { PeerCredentials } from "../host/sockets/PeerCredentials.ts"
import { descriptorOf } from "../host/sockets/SocketDescriptor.ts"
import { failure } from "../wire/JsonRpc.ts"
import { Connection } from "./Connection.ts"
import { Connections } from "./Connections.ts"
import { Dispatcher } from "./Dispatcher.ts"
import { toErrorObject } from "./toErrorObject.ts"

/** Milliseconds between two looks whether the last client has its answer. */
const DRAIN_LOOK_MS = 20

/** Milliseconds a refused client has to read why. */
const REFUSAL_MS = 1_000

/** FileDescriptorName= of the socket unit. */
export const SOCKET_NAME = "api"

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

/** Answers which session a process runs in, if any. The sessions' own knowledge, handed in so that a door needs no capability. */
export class SessionOfProcess extends Context.Service<SessionOfProcess, (pid: number) => () => string | null>()(
  "agentd/doors/SessionOfProcess"
) {}

/** Goes on with what a client had under the daemon's version before this one. */
export class Continuation extends Context.Service<
  Continuation,
  {
    readonly attach: (handed: HandedAttachment) => Effect.Effect<Begin | null>
    readonly watch: (
      caller: Caller,
      subscription: string,
      after: number,
      interest: Interest | null
    ) => Effect.Effect<unknown>
  }
>()("agentd/doors/Continuation") {}

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
    /** Requests stay with the kernel, and new connections with them, for the daemon's next version; or are taken again. */
    readonly freeze: (frozen: boolean) => void
    /** Connections that are being answered something the next version could not answer instead. */
    readonly unsettled: () => number
    /** The socket and its connections, at once and for the last time. */
    readonly handOver: () => Pick<Handover, "listener" | "connections">
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
      const continuation = yield* Continuation
      const received = (yield* HandoverService).received
      const open = new Set<Connection>()
      let frozen = false
      const changed = () => fork(SubscriptionRef.set(count, open.size))

      const accept = (socket: Socket, restored?: ConstructorParameters<typeof Connection>[4]) => {
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
        const session = found.pid === null ? null : sessionOf(found.pid)
        const peer = {
          ...found,
          // Looked up when asked for: most requests never do.
          get session() {
            return session?.() ?? null
          }
        }
        const onClosed = () => {
          open.delete(connection)
          changed()
        }
        const connection: Connection = new Connection(socket, peer, dispatcher, onClosed, restored)
        open.add(connection)
        if (frozen) connection.stopReading()
        changed()
        return connection
      }

      const activated = received?.listener.fd ?? (yield* FdStore).inherited.find(({ name }) => name === SOCKET_NAME)?.fd
      if (activated === undefined) yield* removeStale(path, credentials)
      // Its own file goes with the daemon; a service manager's stays.
      const unlink = received?.listener.unlink ?? activated === undefined
      const server = yield* Effect.acquireRelease(listen(path, activated, accept), (server) =>
        Effect.sync(() => {
          server.close()
          if (unlink) rmSync(path, { force: true })
          for (const connection of open) connection.destroy()
        })
      )
      for (const handed of received?.connections ?? []) {
        const attachment = handed.frames?.attachment ?? null
        const begin = attachment === null ? null : yield* continuation.attach(attachment)
        const socket = new Socket({ fd: handed.fd, readable: true, writable: true, allowHalfOpen: true })
        const connection = accept(socket, { handed, begin })
        if (connection === undefined) continue
        for (const { after, interest, subscription } of handed.subscriptions) {
          yield* continuation.watch(connection.caller, subscription, after, interest ?? null)
        }
      }

      const close = Effect.sync(() => {
        server.close()
        if (unlink) rmSync(path, { force: true })
      })
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
      return {
        path,
        close,
        detach,
        drain,
        freeze: (wanted) => {
          frozen = wanted
          for (const connection of open) connection.stopReading(wanted)
        },
        unsettled: () => [...open].filter(({ unsettled }) => unsettled).length,
        handOver: () => ({
          listener: { fd: descriptorOf(server), unlink },
          connections: [...open].flatMap((connection) => connection.handOver() ?? [])
        })
      }
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
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => accept(socket))
    const refuse = (cause: Error) => resume(Effect.fail(new SocketRefused({ path, reason: `${cause.message}.` })))
    server.once("error", refuse)
    try {
      listenAlone(server, activated === undefined ? { path, backlog: BACKLOG } : { fd: activated }, () => {
        if (activated === undefined) chmodSync(path, 0o600)
        resume(Effect.succeed(server))
      })
    } catch (cause) {
      refuse(cause as Error)
    }
  })
