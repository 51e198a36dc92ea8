/**
 * Where the sockets of a connection to another machine lie: beside the daemon's own, in a directory nobody else can enter.
 */
import { createHash } from "node:crypto"
import { lstatSync, mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { AgentdError } from "../AgentdError.ts"
import { type Environment, findSocket, HOSTS } from "../Places.ts"

/** Hexadecimal digits of a host's name's hash: names are as long as 64 characters, socket paths hardly longer. */
const HASH_LENGTH = 10

/** Ends the name of a supervisor's socket. */
export const SUPERVISOR_SUFFIX = ".tunnel"

export interface TunnelFiles {
  readonly directory: string
  /** Where the supervisor tells of its state and takes orders. */
  readonly supervisor: string
  /** ssh's control socket. */
  readonly control: string
  /** The other machine's daemon. */
  readonly api: string
}

export const tunnelDirectory = (env: Environment = process.env): string => join(dirname(findSocket(env)), HOSTS)

export const tunnelFiles = (name: string, env: Environment = process.env): TunnelFiles => {
  const directory = tunnelDirectory(env)
  const base = join(directory, createHash("sha256").update(name).digest("hex").slice(0, HASH_LENGTH))
  return { directory, supervisor: `${base}${SUPERVISOR_SUFFIX}`, control: `${base}.ssh`, api: `${base}.api` }
}

/** Made if need be; refused when somebody else could look into it. @throws AgentdError `UnsafeSocket` */
export const ownDirectory = (directory: string): void => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const found = lstatSync(directory)
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new AgentdError(
      "UnsafeSocket",
      `${directory}: others may enter it, or it is not yours. Move it away, or set XDG_RUNTIME_DIR to a directory of yours.`,
      { data: { path: directory } }
    )
  }
}
