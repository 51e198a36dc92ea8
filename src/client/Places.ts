/**
 * Where the daemon's socket is, seen from a client, and whether it may be trusted. The daemon's own view is `host/files/Directories.ts`.
 */
import { existsSync, lstatSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { MAX_SOCKET_PATH_LINUX, MAX_SOCKET_PATH_MACOS } from "../contract/Limits.ts"
import { AgentdError } from "./AgentdError.ts"

export type Environment = Readonly<Record<string, string | undefined>>

const own = (): number => process.getuid?.() ?? 0

/** The directory beside the daemon's socket where connections to other machines have theirs. */
export const HOSTS = "hosts"

/** Made by the administrator's `agentd@<uid>.socket`, on hosts without user managers; only root can make it. */
const SYSTEM_SOCKETS = "/run/agentd"

/** Made by the LaunchAgent that `agentctl service install` writes; launchd wants a folder that outlives a reboot. */
export const launchdSocket = (home: string): string => join(home, "Library/Application Support/agentd/api.sock")

/**
 * `$AGENTD_SOCKET`, else the one that a service manager has made for this user, else `$XDG_RUNTIME_DIR/agentd/api.sock`, else
 * `/tmp/agentd-<uid>/api.sock`.
 */
export const findSocket = (env: Environment = process.env, uid = own()): string => {
  if (env.AGENTD_SOCKET) return env.AGENTD_SOCKET
  const made =
    process.platform === "darwin" ? launchdSocket(env.HOME ?? homedir()) : join(SYSTEM_SOCKETS, String(uid), "api.sock")
  if (existsSync(made)) return made
  const base = env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, "agentd") : join("/tmp", `agentd-${uid}`)
  return join(base, "api.sock")
}

/**
 * Refuses a socket that somebody else could have put there: whoever answers on it sees every keystroke.
 *
 * A path the user named (`$AGENTD_SOCKET`) may lie in any directory, so there the socket's own owner is looked at.
 *
 * @throws AgentdError `UnsafeSocket`; nothing when there is no such file
 */
export const checkSocket = (socket: string, named: boolean, uid = own()): void => {
  const limit = process.platform === "darwin" ? MAX_SOCKET_PATH_MACOS : MAX_SOCKET_PATH_LINUX
  const refuse = (path: string, reason: string, fix: string): never => {
    throw new AgentdError("UnsafeSocket", `${path}: ${reason}. ${fix}`, { data: { path, reason } })
  }
  if (Buffer.byteLength(socket) > limit) {
    refuse(
      socket,
      `a Unix socket's path may have ${limit} bytes, this one has ${Buffer.byteLength(socket)}`,
      "Set XDG_RUNTIME_DIR or AGENTD_SOCKET to a shorter path."
    )
  }
  const path = named ? socket : dirname(socket)
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  const anyUid = named ? [uid, 0] : [uid]
  if (found.isSymbolicLink()) refuse(path, "it is a symbolic link", "Remove the link; agentd makes the real one.")
  if (!anyUid.includes(found.uid)) {
    refuse(path, `it belongs to uid ${found.uid}, not to you (${uid})`, "Set XDG_RUNTIME_DIR to a directory of yours.")
  }
  if (named) return
  if (!found.isDirectory()) refuse(path, "it is not a directory", "Move that file away.")
  if ((found.mode & 0o022) !== 0) refuse(path, "others may write to it", `Run: chmod 700 ${path}`)
}
