/**
 * `dist/native`: the terminal addon for this machine, node-pty's own for macOS, and the sources to compile it elsewhere.
 *
 * Shipped in the package, so that installing agentd needs neither a compiler nor permission to run install scripts.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs"
import { dirname, join } from "node:path"
import { headerFolders } from "./pinned.mjs"
import { root } from "./root.ts"

const native = join(root, "dist/native")
const nodePty = join(root, "node_modules/node-pty")

/** Node-API's headers, as every Node carries them. */
const NODE_API_HEADERS = ["node_api.h", "node_api_types.h", "js_native_api.h", "js_native_api_types.h"]
/** node-addon-api's, the C++ side of it. */
const ADDON_API_HEADERS = ["napi.h", "napi-inl.h", "napi-inl.deprecated.h"]

/** In one step, never in place: a daemon may be running from the file. */
const copy = (from: string, to: string): void => {
  if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) return
  mkdirSync(dirname(to), { recursive: true })
  const temporary = `${to}.${process.pid}.tmp`
  copyFileSync(from, temporary)
  // node-pty's package holds its helper program without the permission to run it.
  chmodSync(temporary, 0o755)
  renameSync(temporary, to)
}

export const copyNativeAddon = (): void => {
  const [headers] = headerFolders(process.execPath)
  if (headers === undefined) throw new Error(`No node_api.h was found beside ${process.execPath}.`)
  for (const name of NODE_API_HEADERS) copy(join(headers, name), join(native, "source", name))
  for (const name of ADDON_API_HEADERS)
    copy(join(root, "node_modules/node-addon-api", name), join(native, "source", name))
  copy(join(nodePty, "src/unix/pty.cc"), join(native, "source/pty.cc"))
  for (const platform of ["darwin-arm64", "darwin-x64"]) {
    for (const name of ["pty.node", "spawn-helper"]) {
      copy(join(nodePty, "prebuilds", platform, name), join(native, platform, name))
    }
  }
  const compiled = join(nodePty, "build/Release/pty.node")
  if (existsSync(compiled)) copy(compiled, join(native, `${process.platform}-${process.arch}`, "pty.node"))
}
