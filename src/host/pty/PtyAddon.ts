/**
 * Finds node-pty's native addon: in the installed package beside the bundle, in a development tree in `node_modules`.
 */
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const require = createRequire(import.meta.url)

/** What the addon offers. */
export interface PtyAddon {
  readonly fork: (
    file: string,
    args: ReadonlyArray<string>,
    env: ReadonlyArray<string>,
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helper: string,
    onExit: (code: number, signal: number) => void
  ) => { readonly fd: number; readonly pid: number; readonly pty: string }
  readonly open: (
    cols: number,
    rows: number
  ) => { readonly master: number; readonly slave: number; readonly pty: string }
  readonly resize: (fd: number, cols: number, rows: number) => void
}

/** `dist/native`, seen from `dist/`, from `dist/cli/` and from `dist/cli/chunks/`. */
const packaged = ["./native", "../native", "../../native"].map((folder) =>
  fileURLToPath(new URL(`${folder}/${process.platform}-${process.arch}`, import.meta.url))
)

/** The addon, and the helper program that lies beside it and through which macOS forks; Linux ignores its path. */
export const loadPtyAddon = (): { readonly addon: PtyAddon; readonly helper: string } => {
  const folder = packaged.find((candidate) => existsSync(join(candidate, "pty.node")))
  try {
    if (folder !== undefined) {
      return { addon: require(join(folder, "pty.node")) as PtyAddon, helper: join(folder, "spawn-helper") }
    }
    // `dir` is relative to the folder of the file that looked.
    const utils = require.resolve("node-pty/lib/utils.js")
    const { dir, module: addon } = require(utils).loadNativeModule("pty") as { dir: string; module: PtyAddon }
    return { addon, helper: join(utils, "..", dir, "spawn-helper") }
  } catch (cause) {
    const script = fileURLToPath(new URL("../packaging/native/postinstall.mjs", import.meta.url))
    throw new Error(
      `The terminal addon does not load on ${process.platform}-${process.arch}. Build it with: node ${script}   (in a clone: npm run build)`,
      { cause }
    )
  }
}
