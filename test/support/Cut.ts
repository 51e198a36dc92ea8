/**
 * Connections that break: after so many bytes, in the middle of whatever is under way, or when a test says so. Real sockets to a real
 * daemon; what was sent before the cut arrives, as it would with a network.
 */
import { rmSync } from "node:fs"
import { connect, createServer, type Server, type Socket } from "node:net"
import { Duplex } from "node:stream"

/** A stream over a socket that breaks once `bytes` have gone through it, both ways together. */
export const cutAfter = (path: string, bytes: number, onCut: () => void): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once("error", reject)
    socket.once("connect", () => {
      socket.off("error", reject)
      resolve(cutting(socket, bytes, onCut))
    })
  })

const cutting = (socket: Socket, bytes: number, onCut: () => void): Duplex => {
  let left = bytes
  const spend = (chunk: Buffer): Buffer => {
    const part = chunk.subarray(0, left)
    left -= part.length
    return part
  }
  const cut = () => {
    onCut()
    stream.destroy()
  }
  const stream = new Duplex({
    read: () => socket.resume(),
    write: (chunk: Buffer, _, done) => {
      const part = spend(chunk)
      socket.write(part, () => {
        if (left === 0) cut()
        done()
      })
    },
    final: (done) => {
      socket.end()
      done()
    },
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    }
  })
  socket.on("data", (chunk: Buffer) => {
    if (left > 0 && !stream.push(spend(chunk))) socket.pause()
    if (left === 0) cut()
  })
  socket.on("close", () => stream.destroy())
  socket.on("error", () => stream.destroy())
  return stream
}

/** A network between a client and the daemon's socket, for clients that are programs of their own. */
export class Network implements AsyncDisposable {
  readonly path: string
  readonly #target: string
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #silent = false

  constructor(path: string, target: string) {
    this.path = path
    this.#target = target
  }

  async up(): Promise<void> {
    this.#server = createServer((near) => {
      const far = connect(this.#target)
      for (const [from, to] of [
        [near, far],
        [far, near]
      ] as const) {
        this.#sockets.add(from)
        from.on("data", (chunk) => {
          if (!this.#silent) to.write(chunk)
        })
        from.on("error", () => from.destroy())
        from.on("close", () => {
          this.#sockets.delete(from)
          to.destroy()
        })
      }
    })
    await new Promise<void>((resolve) => this.#server!.listen(this.path, resolve))
  }

  /** Every connection breaks, and no new one is taken. */
  async down(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => (this.#server === undefined ? resolve() : this.#server.close(() => resolve())))
    this.#server = undefined
    rmSync(this.path, { force: true })
  }

  /** Connections stay, and nothing comes through: a dead link. */
  silence(on: boolean): void {
    this.#silent = on
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down()
  }
}
