/**
 * Brings a bare clone to where it can run: packages as in the lock file, then the native addons, each step only when needed.
 *
 * `node_modules/.agentd-setup` says what was done for which lock file and Node; while it fits, nothing is done at all.
 */
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { basename, join } from "node:path"
import { hasSystemdHeaders } from "../native/compile.mjs"
import { buildSdNotify, buildTerminalAddon } from "./addons.mjs"
import { inTree, pinnedNode, whyNot } from "./pinned.mjs"
import { SetupError, say } from "./say.mjs"
import { withSetupLock } from "./setupLock.mjs"

export { SetupError } from "./say.mjs"

const stamp = inTree("node_modules", ".agentd-setup")

/** Counted up when a step below changes, so that trees set up before do it again. */
const SETUP_VERSION = 1

const wanted = () =>
  [
    SETUP_VERSION,
    createHash("sha256")
      .update(readFileSync(inTree("package-lock.json")))
      .digest("hex"),
    process.platform,
    process.arch,
    // Installed later, they make sd-notify possible.
    hasSystemdHeaders()
  ].join(" ")

const isDone = () => existsSync(stamp) && readFileSync(stamp, "utf8") === wanted()

export const prepare = async () => {
  if (isDone()) return
  try {
    accessSync(inTree(), constants.W_OK)
  } catch {
    throw new SetupError(`${inTree()} is not writable for you. Clone the repository into a directory of your own.`)
  }
  await withSetupLock(inTree("dist", ".setup-lock"), async (alsoHeldBy) => {
    if (isDone()) return
    if (!packagesMatchLock()) await installPackages(alsoHeldBy)
    const node = pinnedNode()
    if (node === undefined) {
      throw new SetupError(
        `There is no pinned Node for ${process.platform}-${process.arch}, and this one is ${process.versions.node}.\n` +
          "Put a Node 24 or newer first on PATH."
      )
    }
    const reason = whyNot(node)
    if (reason !== undefined) throw new SetupError(`The pinned Node does not run here: ${reason}`)
    buildTerminalAddon(node)
    buildSdNotify(node)
    writeFileSync(stamp, wanted())
  })
}

/** Whether node_modules holds what package-lock.json says, going by the record that npm keeps of its last installation. */
const packagesMatchLock = () => {
  const packagesOf = (file) => Object.entries(JSON.parse(readFileSync(file, "utf8")).packages)
  try {
    const installed = new Map(packagesOf(inTree("node_modules", ".package-lock.json")))
    return packagesOf(inTree("package-lock.json")).every(
      ([path, entry]) => path === "" || installed.get(path)?.version === entry.version || mayBeMissing(entry)
    )
  } catch {
    return false
  }
}

/** Optional packages may be missing, except those made for this machine: its Node, and the programs of esbuild and biome. */
const mayBeMissing = ({ optional, devOptional, os, cpu, libc }) => {
  const fits = (listed, own) => listed === undefined || [listed].flat().includes(own)
  const madeForThis = cpu !== undefined && fits(os, process.platform) && fits(cpu, process.arch) && fits(libc, "glibc")
  return (optional || devOptional) && !madeForThis
}

/** Seconds between two signs of life while npm says nothing. */
const HEARTBEAT_SECONDS = 10

const installPackages = async (alsoHeldBy) => {
  say("Installing packages (npm ci); the first time takes a minute or two")
  const { command, first } = npm()
  // --include: a NODE_ENV or npm setting that leaves packages out would leave out the compiler and the pinned Node.
  // --ignore-scripts: what has to be compiled is compiled by addons.mjs, with the right headers and without a download.
  // --loglevel: npm runs on the machine's own Node, and would warn of every package that wants a newer one.
  const args = ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--loglevel=error"]
  const started = Date.now()
  const heartbeat = setInterval(
    () => say(`… still installing (${Math.round((Date.now() - started) / 1000)} s)`),
    HEARTBEAT_SECONDS * 1000
  )
  const cache = usableCache()
  const env = cache.folder === undefined ? process.env : { ...process.env, npm_config_cache: cache.folder }
  const code = await new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], { cwd: inTree(), stdio: ["ignore", "inherit", "inherit"], env })
    child.on("error", reject).on("close", resolve)
    if (child.pid !== undefined) alsoHeldBy(child.pid)
  }).finally(() => {
    clearInterval(heartbeat)
    if (cache.temporary) rmSync(cache.folder, { recursive: true, force: true })
  })
  if (code !== 0) {
    throw new SetupError(
      "npm could not install the packages; it says why above.\n" +
        "It needs the npm registry (npm config get registry); behind a proxy, set HTTPS_PROXY."
    )
  }
  say(`Installed in ${Math.round((Date.now() - started) / 1000)} s`)
}

/** The npm that runs this script, else the one on PATH. */
const npm = () => {
  const own = process.env.npm_execpath
  return own !== undefined && basename(own) === "npm-cli.js" && existsSync(own)
    ? { command: process.execPath, first: [own] }
    : { command: "npm", first: [] }
}

/** npm's own cache, unless it cannot be written there: then a temporary one, and a word about it. */
const usableCache = () => {
  const folder = process.env.npm_config_cache ?? join(homedir(), ".npm")
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    return { folder: undefined, temporary: false }
  } catch {
    say(`npm's cache ${folder} is not writable: using a temporary one`)
    return { folder: mkdtempSync(join(tmpdir(), "agentd-npm-")), temporary: true }
  }
}
