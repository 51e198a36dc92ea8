/** `run --standalone`: this process becomes the daemon's one-session mode; nothing of agentctl stays behind. */
import { daemonProgram } from "../client/EnsureDaemon.ts"
import type { StartParams } from "../contract/Session.ts"

export const standalone = (start: StartParams): never => {
  const option = (name: string, value: string | number | undefined) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  const program = daemonProgram()
  const args = [
    program,
    "--standalone",
    ...option("name", start.name),
    ...option("cols", start.cols),
    ...option("rows", start.rows),
    ...option("ttl-ms", start.ttlMs),
    ...(start.tags ?? []).flatMap((tag) => option("tag", tag)),
    "--",
    ...start.argv
  ]
  if (start.cwd !== undefined) process.chdir(start.cwd)
  // execve(2) keeps pid, terminal and standard streams: whoever waits for us waits for the session.
  return process.execve!(program, args, start.env as Record<string, string>)
}
