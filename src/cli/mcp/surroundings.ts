/**
 * What a client has left out of the environment it starts this program with: many hand on a few variables only, and without this one the
 * daemon would be looked for, and another one started, where nobody else looks.
 */
import { existsSync, lstatSync } from "node:fs"
import { type Environment, findSocket } from "../../client/Places.ts"

/** Where systemd's login manager makes it (pam_systemd(8)). */
const USERS = "/run/user"

/** The variable that is missing, if the directory is there and the user's own, and no daemon listens where it would be without. */
export const findRuntimeDirectory = (
  env: Environment = process.env,
  uid = process.getuid?.() ?? 0,
  users = USERS,
  without = findSocket(env, uid)
): { readonly XDG_RUNTIME_DIR?: string } => {
  if (env.XDG_RUNTIME_DIR || env.AGENTD_SOCKET) return {}
  const path = `${users}/${uid}`
  if (existsSync(without) && !existsSync(findSocket({ XDG_RUNTIME_DIR: path }, uid))) return {}
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() && found.uid === uid ? { XDG_RUNTIME_DIR: path } : {}
}
