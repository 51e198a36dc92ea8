/**
 * Where a daemon's log is: the journal of the user's manager or of the system's, or a file.
 */
import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { hasUnit, logFile } from "../../client/EnsureDaemon.ts"
import { type Environment, findSocket } from "../../client/Places.ts"

export type LogPlace =
  | { readonly kind: "journal"; readonly manager: "user" | "system"; readonly unit: string }
  | { readonly kind: "file"; readonly path: string }

/** `agentd@1000.socket` puts it there, for a daemon of the system's own manager. */
const SYSTEM_SOCKET = /^\/run\/agentd\/(\d+)\/api\.sock$/

export const logPlace = (env: Environment, platform: NodeJS.Platform = process.platform): LogPlace => {
  const uid = SYSTEM_SOCKET.exec(findSocket(env))?.[1]
  if (platform === "linux" && uid !== undefined)
    return { kind: "journal", manager: "system", unit: `agentd@${uid}.service` }
  if (platform === "linux" && hasUnit(env)) return { kind: "journal", manager: "user", unit: "agentd.service" }
  const files = platform === "darwin" ? [launchdLog(env), ...brewLogs] : []
  return { kind: "file", path: files.find((path) => existsSync(path)) ?? logFile(env) }
}

/** StandardErrorPath of the LaunchAgent. */
const launchdLog = (env: Environment) => join(env.HOME ?? homedir(), "Library/Logs/agentd/agentd.log")

/** `log_path` of the formula, on Apple's processors and on Intel's. */
const brewLogs = ["/opt/homebrew/var/log/agentd.log", "/usr/local/var/log/agentd.log"]
