/**
 * What Node does not tell of a socket or server in public: its descriptor, and what the kernel has not taken yet.
 */
import type { Server, Socket } from "node:net"

interface Handle {
  readonly fd?: number
  /** Bytes given to libuv, and those of them that it has not written yet. */
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
}

/** Every POSIX build carries the handle. */
const handleOf = (socket: object): Handle | null => (socket as { readonly _handle?: Handle | null })._handle ?? null

/** -1 for one that is closed, or is none of the system's. */
export const descriptorOf = (socket: Socket | Server): number => handleOf(socket)?.fd ?? -1

/** Bytes written to the socket that the kernel has not taken. */
export const unsentBytes = (socket: Socket): number => {
  const handle = handleOf(socket)
  return socket.bytesWritten - (handle?.bytesWritten ?? 0) + (handle?.writeQueueSize ?? 0)
}
