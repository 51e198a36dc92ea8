/**
 * What a client has left out of the environment it starts this program with: many hand on a few variables only, and without this one the
 * daemon would be looked for, and another one started, where nobody else looks.
 */
import { lstatSync } from "node:fs"
import type { Environment } from "../../client/Places.ts"

/** Where systemd's login manager makes it (pam_systemd(8)). */
const USERS = "/run/user"

/** The variable that is missing, if the directory is there and the user's own. */
export const findRuntimeDirectory = (
  env: Environment = process.env,
  uid = process.getuid?.() ?? 0,
  users = USERS
): { readonly XDG_RUNTIME_DIR?: string } => {
  if (env.XDG_RUNTIME_DIR || env.AGENTD_SOCKET) return {}
  const path = `${users}/${uid}`
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() && found.uid === uid ? { XDG_RUNTIME_DIR: path } : {}
}
