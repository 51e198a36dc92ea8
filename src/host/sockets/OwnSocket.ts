/** The socket a path leads to, through links of links, if it is one of this user's own; null otherwise. */
import { realpathSync, statSync } from "node:fs"

export const ownSocket = (path: string): string | null => {
  try {
    const real = realpathSync(path)
    const found = statSync(real)
    return found.isSocket() && found.uid === process.getuid?.() ? real : null
  } catch {
    return null
  }
}
