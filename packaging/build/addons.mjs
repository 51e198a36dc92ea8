/**
 * The native addons of a development tree, where their packages expect them; made anew only if the Node at hand cannot load them.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { CompileError, compileNotifyAddon, compileTerminalAddon, hasSystemdHeaders } from "../native/compile.mjs"
import { headerFolders, inTree } from "./pinned.mjs"
import { SetupError, say } from "./say.mjs"

const loads = (node, module) =>
  spawnSync(node, ["-e", "require(process.argv[1])", module], { stdio: "ignore", cwd: inTree() }).status === 0

export const buildTerminalAddon = (node) => {
  const nodePty = inTree("node_modules", "node-pty")
  // Loads what was built here, or the binary that the package brings for macOS.
  if (loads(node, nodePty)) return
  say("Compiling the terminal addon (node-pty)")
  const [headers] = headerFolders(node)
  if (headers === undefined) {
    throw new SetupError(
      `Node's C headers (node_api.h) were not found beside ${node}. Install them (libnode-dev, nodejs-devel).`
    )
  }
  try {
    compileTerminalAddon({
      source: join(nodePty, "src/unix/pty.cc"),
      includes: [headers, inTree("node_modules", "node-addon-api")],
      output: join(nodePty, "build/Release/pty.node")
    })
  } catch (error) {
    if (error instanceof CompileError) throw new SetupError(error.message)
    throw error
  }
  if (!loads(node, nodePty)) throw new SetupError(`The terminal addon was compiled, but ${node} cannot load it.`)
}

/** Only tells a service manager that the daemon is ready: nothing else needs it, so nothing fails without it. */
export const buildSdNotify = (node) => {
  const folder = inTree("node_modules", "sd-notify")
  if (process.platform !== "linux" || !existsSync(folder) || loads(node, folder)) return
  if (!hasSystemdHeaders()) {
    say("sd-notify is left out: no libsystemd headers (apt-get install libsystemd-dev); only systemd services use it")
    return
  }
  try {
    compileNotifyAddon({ folder, headers: headerFolders(node)[0] })
  } catch (error) {
    say(`sd-notify is left out: ${error.message.split("\n")[0]}`)
  }
}
