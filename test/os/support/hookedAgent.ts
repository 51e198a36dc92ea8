/**
 * A stand-in for Claude Code, which no machine of the tests has: it runs the hooks it was given as that does, and then waits for an answer.
 */
import { PROGRAM } from "./install.ts"
import type { User } from "./User.ts"

const agent = (node: string) => `#!${node}
const { hooks } = JSON.parse(process.argv[process.argv.indexOf("--settings") + 1])
const event = { hook_event_name: "PermissionRequest", tool_name: "Bash", tool_input: { command: "make" } }
for (const { hooks: run } of hooks[event.hook_event_name])
  for (const { command } of run) {
    const { status } = require("node:child_process").spawnSync("sh", ["-c", command], { input: JSON.stringify(event) })
    console.log("hook ended", status)
  }
process.stdin.resume()
`

/** Its path. */
export const hookedAgent = async (user: User): Promise<string> => {
  const path = `${user.home}/project/claude`
  await user.write(path, agent((await user.bash(`echo ${PROGRAM}/node_modules/node-linux-*/bin/node`)).stdout.trim()))
  await user.run(["chmod", "+x", path])
  return path
}
