/**
 * Listens for this process alone. `Server.listen` asks Node's cluster module first whether another process should, and loads it for that,
 * with everything that starts processes and sends datagrams: a megabyte of a daemon that waits.
 */
import type { Server } from "node:net"

/** A path to bind, or a socket that is bound already. */
export type Place = { readonly path: string; readonly backlog: number } | { readonly fd: number }

/** What `Server.listen` comes to without a cluster, under the name it has had since before Node 1. */
type Listen = (
  this: Server,
  address: string | null,
  port: -1 | null,
  type: -1 | null,
  backlog: number | undefined,
  fd?: number
) => void

/** Whatever goes wrong is emitted by the server, as `Server.listen` does it. */
export const listenAlone = (server: Server, place: Place, listening: () => void): void => {
  const { _listen2: listen } = server as { readonly _listen2?: Listen }
  if (typeof listen !== "function") {
    server.listen(place, listening)
    return
  }
  server.once("listening", listening)
  if ("fd" in place) listen.call(server, null, null, null, undefined, place.fd)
  else listen.call(server, place.path, -1, -1, place.backlog)
}
