/**
 * The Node that everything runs with: the one package.json pins as an npm package, so that the machine's own does not matter.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** A path inside the tree. */
export const inTree = (...parts) => join(root, ...parts)

/** `engines` in package.json; for machines there is no pinned package for. */
const LOWEST_MAJOR = 24

const packageFolder = () => inTree("node_modules", `node-${process.platform}-${process.arch}`)

/** Path of the pinned Node, or of the running one where no package carries it and it is new enough. */
export const pinnedNode = () => {
  const pinned = join(packageFolder(), "bin", "node")
  if (existsSync(pinned)) return pinned
  return Number(process.versions.node.split(".")[0]) >= LOWEST_MAJOR ? process.execPath : undefined
}

/** Directories that may hold Node's C headers, the pinned ones first. Node-API is stable, so any of them will do for it. */
export const headerFolders = (node) =>
  [
    join(packageFolder(), "include", "node"),
    join(node, "..", "..", "include", "node"),
    join(process.execPath, "..", "..", "include", "node"),
    "/usr/include/node",
    "/usr/include/nodejs/src"
  ].filter((folder) => existsSync(join(folder, "node_api.h")))

/** Why the given Node does not run on this machine, or undefined if it does. */
export const whyNot = (node) => {
  const { status, stderr, error } = spawnSync(node, ["--version"], { encoding: "utf8" })
  if (status === 0) return undefined
  const said = (stderr || error?.message || "").trim()
  if (/libatomic/.test(said))
    return `${said}\nGet it with:  apt-get install libatomic1   (Debian, Ubuntu)   dnf install libatomic   (Fedora)`
  return `${said}\nThe pinned Node needs glibc 2.28 or newer. Elsewhere, put a Node ${LOWEST_MAJOR} or newer first on PATH.`
}
