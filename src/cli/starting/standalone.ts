/**
 * `run --standalone`: the daemon's services inside this process, for one session. What it records stays in a directory that
 * a daemon can take in later.
 */
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Duplex } from "node:stream"
import { fileURLToPath, pathToFileURL } from "node:url"
import { Client } from "../../client/Client.ts"
import type { StartParams } from "../../contract/session/SessionRequests.ts"
import { CommandFailed } from "../AgentctlCommand.ts"
import { attachTo } from "../terminal/attachTo.ts"

/** What the daemon's bundle exports for this (`src/daemon/Standalone.ts`). */
interface Standalone {
  readonly connect: () => Promise<Duplex>
  readonly directory: string
  readonly close: () => Promise<void>
}

/** Resolves to the program's exit code. */
export const standalone = async (start: StartParams): Promise<number> => {
  // By path and not as an import: whoever has a daemon never reads it.
  const file = join(dirname(fileURLToPath(import.meta.url)), "standalone.js")
  if (!existsSync(file)) throw new CommandFailed(`${file} is missing. In a clone of the repository, run: npm run build`)
  const module = (await import(pathToFileURL(file).href)) as { readonly openStandalone: () => Promise<Standalone> }
  const services = await module.openStandalone()
  try {
    await using client = new Client({ connect: services.connect })
    const session = await client.call("session.start", start)
    return await attachTo(client, { session: session.id, from: "start", ended: true })
  } finally {
    await services.close()
    process.stderr.write(`agentctl: recorded in ${services.directory}; "agentctl import" takes it in.\n`)
  }
}
