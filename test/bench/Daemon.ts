/**
 * A daemon as it is shipped (`bin/agentd`, from `dist/`), with directories of its own, and the environment its clients need.
 */
import type { ChildProcess } from "node:child_process"
import { join } from "node:path"
import { root } from "../../packaging/build/root.ts"
import { Client } from "../../src/client/index.ts"
import { lineWith, type Scratch } from "./Scratch.ts"

export interface Daemon {
  readonly pid: number
  readonly env: NodeJS.ProcessEnv
  readonly client: Client
  /** When it served, as performance.now() counts. */
  readonly ready: number
  readonly stop: () => Promise<void>
}

export const program = (name: "agentd" | "agentctl"): string => join(root, "bin", name)

/** `state`: where one has been before; `settings`: of its environment. */
export const startDaemon = async (
  scratch: Scratch,
  state = scratch.directory(),
  settings: Readonly<Record<string, string>> = {}
): Promise<Daemon> => {
  const env = {
    PATH: process.env.PATH,
    HOME: scratch.directory(),
    LANG: "C.UTF-8",
    XDG_RUNTIME_DIR: scratch.directory(),
    XDG_STATE_HOME: state,
    XDG_CONFIG_HOME: scratch.directory(),
    ...settings
  }
  const child: ChildProcess = scratch.spawn(program("agentd"), [], { env, stdio: ["ignore", "ignore", "pipe"] })
  await lineWith(child, "stderr", "listens on")
  const ready = performance.now()
  child.stderr!.resume()
  const client = new Client({ env })
  return {
    pid: child.pid!,
    env,
    client,
    ready,
    stop: async () => {
      await client.close()
      await scratch.stop(child)
    }
  }
}
