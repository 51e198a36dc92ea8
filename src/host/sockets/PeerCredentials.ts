/**
 * Who is at the other end of a Unix socket, as the kernel says it: unix(7) SO_PEERCRED, macOS LOCAL_PEERCRED.
 */
import type { Socket } from "node:net"
import { Context, Effect, Layer } from "effect"
import { libc } from "../Libc.ts"
import { descriptorOf } from "./SocketDescriptor.ts"

export interface Credentials {
  readonly uid: number
  /** Null where the kernel does not tell. */
  readonly pid: number | null
}

export class PeerCredentials extends Context.Service<
  PeerCredentials,
  {
    /** The credentials of a connected Unix socket, or null when the kernel gave none: treat that as a stranger. */
    readonly of: (socket: Socket) => Credentials | null
    /** The uid this process runs as. */
    readonly own: number
  }
>()("agentd/host/PeerCredentials") {
  static readonly layer = Layer.effect(
    PeerCredentials,
    Effect.sync(() => ({ of: process.platform === "darwin" ? darwinPeer : linuxPeer, own: process.getuid?.() ?? -1 }))
  )
}

/** A socklen_t that says how much room there is. */
const length = (room: Buffer): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(room.length)
  return bytes
}

const linuxPeer = (socket: Socket): Credentials | null => {
  const SOL_SOCKET = 1
  const SO_PEERCRED = 17
  // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
  const ucred = Buffer.alloc(12)
  const fd = descriptorOf(socket)
  if (fd < 0 || libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ucred, length(ucred)) !== 0) return null
  const pid = ucred.readInt32LE(0)
  return { uid: ucred.readUInt32LE(4), pid: pid > 0 ? pid : null }
}

const darwinPeer = (socket: Socket): Credentials | null => {
  const SOL_LOCAL = 0
  const LOCAL_PEERCRED = 0x001
  const LOCAL_PEERPID = 0x002
  // struct xucred { u_int cr_version; uid_t cr_uid; short cr_ngroups; gid_t cr_groups[16]; }
  const xucred = Buffer.alloc(76)
  const pid = Buffer.alloc(4)
  const fd = descriptorOf(socket)
  if (fd < 0 || libc().getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, xucred, length(xucred)) !== 0) return null
  const known = libc().getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, pid, length(pid)) === 0
  return { uid: xucred.readUInt32LE(4), pid: known ? pid.readInt32LE(0) : null }
}
