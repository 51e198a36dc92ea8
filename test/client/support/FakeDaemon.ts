/**
 * A scripted peer for the client: speaks JSON-RPC lines on a Unix socket, and frames once an attachment has begun.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Event } from "../../../src/contract/Event.ts"
import { FrameType, u64 } from "../../../src/contract/Frames.ts"
import type { Session } from "../../../src/contract/session/Session.ts"
import { encodeFrame, FrameDecoder } from "../../../src/wire/FrameCodec.ts"

export interface Peer {
  readonly socket: Socket
  notify(method: string, params: unknown): void
  frame(type: FrameType, ...parts: ReadonlyArray<Uint8Array>): void
  /** Frames that have arrived, in order. */
  readonly frames: Array<{ readonly type: number; readonly payload: Buffer }>
  /** Resolves with the next frame of this type, counting from the first one. */
  received(type: FrameType): Promise<Buffer>
}

export type Handler = (params: never, peer: Peer) => unknown

export class Refusal extends Error {
  readonly error: { readonly code: number; readonly message: string; readonly data?: unknown }
  constructor(tag: string, code: number, message: string, fields: object = {}) {
    super(message)
    this.error = { code, message, data: { tag, ...fields } }
  }
}

/** Answers by not answering. */
export const SILENCE = Symbol("no answer")

export class FakeDaemon implements AsyncDisposable {
  readonly folder: string
  readonly path: string
  readonly calls: Array<{ readonly method: string; readonly params: unknown }> = []
  readonly peers: Array<Peer> = []
  handlers: Record<string, Handler>
  #server: Server | undefined

  constructor(handlers: Record<string, Handler> = {}) {
    this.folder = mkdtempSync(join(tmpdir(), "agentd-client-"))
    this.path = join(this.folder, "api.sock")
    this.handlers = handlers
  }

  static async start(handlers: Record<string, Handler> = {}): Promise<FakeDaemon> {
    const daemon = new FakeDaemon(handlers)
    await daemon.listen()
    return daemon
  }

  async listen(): Promise<void> {
    this.#server = createServer((socket) => this.#serve(socket))
    await new Promise<void>((resolve) => this.#server!.listen(this.path, resolve))
  }

  /** As a crash looks from outside: every connection ends, the socket file is gone. */
  async die(): Promise<void> {
    for (const peer of this.peers.splice(0)) peer.socket.destroy()
    await new Promise<void>((resolve) => (this.#server === undefined ? resolve() : this.#server.close(() => resolve())))
    this.#server = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.die()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #serve(socket: Socket): void {
    const decoder = new FrameDecoder()
    const waiting: Array<{ readonly type: number; readonly resolve: (payload: Buffer) => void; seen: number }> = []
    let lines = ""
    let framed = false
    const peer: Peer = {
      socket,
      frames: [],
      notify: (method, params) => socket.write(`${JSON.stringify({ jsonrpc: "2.0", method, params })}\n`),
      frame: (type, ...parts) => socket.write(encodeFrame(type, ...parts)),
      received: (type) => {
        const found = peer.frames.find((frame) => frame.type === type)
        if (found !== undefined) return Promise.resolve(found.payload)
        return new Promise((resolve) => waiting.push({ type, resolve, seen: 0 }))
      }
    }
    this.peers.push(peer)
    socket.on("error", () => {})
    socket.on("data", (chunk: Buffer) => {
      if (framed) {
        decoder.push(chunk, ({ type, payload }) => {
          const kept = { type, payload: Buffer.from(payload) }
          peer.frames.push(kept)
          if (type === FrameType.Input) peer.frame(FrameType.Ack, payload.subarray(0, 8))
          if (type === FrameType.Detach) peer.frame(FrameType.Detach, Buffer.from("detached"))
          for (const each of waiting) if (each.type === type) each.resolve(kept.payload)
          return true
        })
        return
      }
      lines += chunk.toString("utf8")
      for (let at = lines.indexOf("\n"); at >= 0; at = lines.indexOf("\n")) {
        const { id, method, params } = JSON.parse(lines.slice(0, at))
        lines = lines.slice(at + 1)
        this.calls.push({ method, params })
        const answer = (body: object) => socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...body })}\n`)
        try {
          const handler = this.handlers[method]
          if (handler === undefined) throw new Refusal("MethodNotFound", -32601, `Method not found: ${method}`)
          if (method === "session.attach") {
            framed = true
            const result = handler(params as never, {
              ...peer,
              // What an attach handler sends at once must come after the answer.
              frame: (type, ...parts) => queueMicrotask(() => peer.frame(type, ...parts))
            })
            answer({ result })
          } else {
            const result = handler(params as never, peer)
            if (result !== SILENCE && id !== undefined) answer({ result })
          }
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
          framed = false
          answer({ error: error.error })
        }
      }
    })
  }
}

export const aSession = (fields: Partial<Session> = {}): Session => ({
  id: "ses_01JC0000000000000000000000",
  name: "quick-fox",
  argv: ["sh", "-c", "sleep 1000"],
  cwd: "/",
  cols: 80,
  rows: 24,
  tags: [],
  status: "running",
  launcher: "direct",
  pid: 4711,
  createdAt: 1_700_000_000_000,
  activeAt: 1_700_000_000_000,
  ttlMs: null,
  exit: null,
  offset: 0,
  unrecorded: 0,
  transcript: null,
  stdin: "terminal",
  restart: "never",
  resumedFrom: null,
  limits: {},
  sandbox: "open",
  secrets: [],
  usage: null,
  resumedBy: null,
  access: "own",
  startedBy: null,
  agent: null,
  intent: null,
  task: null,
  clients: [],
  ...fields
})

export const attached = (fields: Partial<Session> = {}) => ({
  client: "c1",
  session: aSession(fields),
  offset: 0,
  escape: "ctrl-]"
})

export const anEvent = (seq: number): Event => ({
  seq,
  id: `evt_${String(seq).padStart(26, "0")}`,
  at: 1_700_000_000_000 + seq,
  body: { type: "daemon.stopped", reason: `event ${seq}` }
})

export const output = (offset: number, text: string | Buffer): ReadonlyArray<Uint8Array> => [
  u64(offset),
  typeof text === "string" ? Buffer.from(text) : text
]

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
