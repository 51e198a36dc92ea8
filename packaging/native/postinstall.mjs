/**
 * After `npm install agentd`: makes sure that the terminal addon loads on this machine.
 *
 * The package brings one for the platform it was packed on. On another one, or with an older C library, it is compiled
 * from the sources that the package brings too. Also run by hand, where npm was told to run no install scripts.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { CompileError, compileNotifyAddon, compileTerminalAddon, hasSystemdHeaders } from "./compile.mjs"

const native = fileURLToPath(new URL("../../dist/native", import.meta.url))
const addon = join(native, `${process.platform}-${process.arch}`, "pty.node")
const require = createRequire(import.meta.url)

const folderOf = (name) => {
  try {
    return dirname(require.resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

const loads = (node, module) =>
  spawnSync(node, ["-e", "require(process.argv[1])", module], { stdio: "ignore" }).status === 0

/** Against the Node that the launcher will choose (bin/agentd), which need not be the one that runs npm. */
const notify = () => {
  const pinned = folderOf(`node-${process.platform}-${process.arch}`)
  const folder = folderOf("sd-notify")
  if (process.platform !== "linux" || pinned === undefined || folder === undefined || !hasSystemdHeaders()) return
  if (loads(join(pinned, "bin/node"), folder)) return
  try {
    compileNotifyAddon({ folder, headers: join(pinned, "include/node") })
  } catch {
    // Optional: without it, only a service manager is not told that the daemon is ready.
  }
}

// In a development tree dist/ may not exist yet: `npm start` and `npm test` do what is needed there.
if (existsSync(native)) {
  if (!loads(process.execPath, addon)) {
    const sources = join(native, "source")
    try {
      compileTerminalAddon({ source: join(sources, "pty.cc"), includes: [sources], output: addon })
    } catch (error) {
      if (!(error instanceof CompileError) && error.code !== "EACCES") throw error
      process.stderr.write(
        `agentd needs its terminal addon for ${process.platform}-${process.arch}.\n${error.message}\n`
      )
      process.exit(1)
    }
  }
  notify()
}
