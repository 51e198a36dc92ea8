/**
 * What passes between a door and the handlers behind it: who is asking, how to push to them, and how a connection turns into
 * frames. Types only.
 */
import type { Effect, Scope } from "effect"
import type { AgentdError, Conflict, NotSupported } from "./errors/Errors.ts"
import type { FrameType } from "./Frames.ts"
import type { HandedAttachment } from "./Handover.ts"
import type { MethodName, Params, Result } from "./Methods.ts"
import type { Interest } from "./Subscription.ts"

/** Who is at the other end, as the kernel says. */
export interface Peer {
  readonly uid: number
  readonly pid: number | null
  /** Id of the session the peer runs in, null outside of one. */
  readonly session: string | null
}

export interface Caller {
  readonly peer: Peer
  /** Closes with the connection; what a handler leaves running for this caller is forked here. */
  readonly scope: Scope.Scope
  /** The request was asked of the version of the daemon before this one, which has become this one meanwhile. */
  readonly again: boolean
  /** Its subscriptions, what each lets through and how far it has been told: the daemon's next version goes on from there. */
  readonly positions: Map<string, { readonly after: number; readonly interest: Interest | null }>
  /** Sends a JSON-RPC notification; completes when the caller has room for the next one. `sent` is called when it is on its way. */
  readonly notify: (method: string, params: unknown, sent?: () => void) => Effect.Effect<void>
  /** After this request's answer the connection carries frames; `begin` is called with them then. */
  readonly upgrade: (begin: Begin) => Effect.Effect<void, NotSupported | Conflict>
}

/** The server's end of an attached connection. */
export interface FrameChannel {
  /** Queues a frame. */
  readonly send: (type: FrameType, ...payload: ReadonlyArray<Uint8Array>) => void
  /** Bytes queued that the client has not taken yet. */
  readonly queued: () => number
  /** Stops and continues reading from the client: its frames then wait in the socket. */
  readonly pause: () => void
  readonly resume: () => void
  /** Goes back to JSON-RPC once the client has answered with a `Detach` of its own; `onClose` is called then. */
  readonly detach: (reason: string) => void
  /** Tells the client of an error and closes the connection. */
  readonly fail: (error: AgentdError) => void
}

/** What an attachment does with the client's side of the connection. */
export interface FrameListener {
  /** The client comes back by itself: instead of being told to leave, it finds its connection closed. */
  readonly comesBack?: boolean
  /** The payload is valid during the call only. May throw `FrameError`-like errors, which close the connection. */
  readonly onFrame: (type: FrameType, payload: Buffer) => void
  /** The client has taken what was queued. */
  readonly onDrain: () => void
  /** The attachment is over: detached, or the connection is gone. Called once; a last frame may be sent during the call. */
  readonly onClose: () => void
  /** For the daemon's next version. */
  readonly handOver: () => HandedAttachment
}

/** Begins to carry frames. */
export type Begin = (channel: FrameChannel) => FrameListener

export type Handler<M extends MethodName> = (params: Params<M>, caller: Caller) => Effect.Effect<Result<M>, AgentdError>

/** Some of the methods, as one capability provides them. */
export type HandlersFor<M extends MethodName> = { readonly [K in M]: Handler<K> }

/** All of them. */
export type Handlers = HandlersFor<MethodName>
