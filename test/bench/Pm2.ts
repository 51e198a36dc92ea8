/**
 * pm2, the process manager for Node that people know, fetched for the purpose and run with a home of its own.
 */
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import type { Scratch } from "./Scratch.ts"

const run = promisify(execFile)

/** Milliseconds for the download, and for the daemon to come or go. */
const FETCH_MS = 60_000
const COMMAND_MS = 20_000

export interface Pm2 {
  readonly program: string
  readonly env: NodeJS.ProcessEnv
  /** The daemon's process id. */
  readonly pid: number
  readonly stop: () => Promise<void>
}

/** A running pm2 daemon, or the reason why there is none. */
export const startPm2 = async (scratch: Scratch): Promise<Pm2 | string> => {
  const folder = scratch.directory()
  const home = scratch.directory()
  const env = { ...process.env, PM2_HOME: home, PM2_DISABLE_VERSION_CHECK: "true", HOME: home }
  try {
    const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    await run("npm", ["install", "--prefix", folder, ...quiet, "pm2"], { env, timeout: FETCH_MS })
  } catch (cause) {
    return `pm2 was not measured: npm could not fetch it (${(cause as Error).message.split("\n", 1)[0]}).`
  }
  const program = join(folder, "node_modules/pm2/bin/pm2")
  try {
    await run(process.execPath, [program, "ls"], { env, timeout: COMMAND_MS })
    const pid = Number(readFileSync(join(home, "pm2.pid"), "utf8"))
    const stop = async () => void (await run(process.execPath, [program, "kill"], { env, timeout: COMMAND_MS }))
    return { program, env, pid, stop }
  } catch (cause) {
    return `pm2 was not measured: its daemon did not start (${(cause as Error).message.split("\n", 1)[0]}).`
  }
}
