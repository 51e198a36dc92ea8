/**
 * The file trees that machines boot from: a small Debian each, made once by debootstrap, kept outside of the repository and never
 * written to again. Its recipe is part of its name, so that a changed recipe makes a new one.
 */
import { execFile, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { aptInstall } from "./apt.ts"

const exec = promisify(execFile)

export interface System {
  readonly name: string
  readonly release: "bookworm" | "trixie"
  readonly systemd: number
}

export const SYSTEMS: ReadonlyArray<System> = [
  { name: "Debian 12", release: "bookworm", systemd: 252 },
  { name: "Debian 13", release: "trixie", systemd: 257 }
]

/** Beyond what debootstrap calls minimal: a service manager for users, what agentd's package depends on, and what people have. */
const PACKAGES = [
  "ca-certificates",
  "dbus",
  "dbus-user-session",
  "git",
  "init",
  "libatomic1",
  "libpam-systemd",
  "libsystemd0",
  "procps",
  "systemd"
]
const MIRROR = "http://deb.debian.org/debian"

/** Nobody logs in on these; what they start by themselves would only cost time. */
const MASKED = ["console-getty.service", "systemd-resolved.service", "apt-daily.timer", "apt-daily-upgrade.timer"]

/** What the host needs to build and boot one. */
const TOOLS = { debootstrap: "debootstrap", "systemd-nspawn": "systemd-container" } as const

const cache = (): string =>
  process.env.AGENTD_TEST_CACHE ??
  (process.env.XDG_CACHE_HOME !== undefined
    ? join(process.env.XDG_CACHE_HOME, "agentd-test-os")
    : join(homedir(), ".cache", "agentd-test-os"))

export const imagePath = ({ release }: System): string => {
  const recipe = createHash("sha256").update(JSON.stringify([release, PACKAGES, MIRROR, MASKED]))
  return join(cache(), `${release}-${recipe.digest("hex").slice(0, 12)}`)
}

/** Installs what is missing of the tools; returns why they cannot be had, or null. */
export const installTools = (): string | null => {
  const missing = Object.entries(TOOLS).flatMap(([program, name]) => (hasProgram(program) ? [] : [name]))
  if (missing.length === 0) return null
  return aptInstall(...missing)
}

export const hasProgram = (name: string): boolean => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0

/** Makes the tree unless it is there. It gets its name only when it is complete. */
export const buildImage = async (system: System): Promise<void> => {
  const path = imagePath(system)
  if (existsSync(path)) return
  mkdirSync(cache(), { recursive: true })
  const building = mkdtempSync(join(cache(), `.${system.release}-`))
  const tree = join(building, "tree")
  try {
    await exec("debootstrap", ["--variant=minbase", `--include=${PACKAGES.join(",")}`, system.release, tree, MIRROR], {
      maxBuffer: 64 * 1024 * 1024
    })
    writeFileSync(join(tree, "etc/hostname"), `${system.release}\n`)
    // Each machine makes its own at boot.
    writeFileSync(join(tree, "etc/machine-id"), "")
    for (const unit of MASKED) spawnSync("systemctl", [`--root=${tree}`, "mask", unit])
    rmSync(join(tree, "var/cache/apt/archives"), { recursive: true, force: true })
    keepUnlessThere(tree, path)
  } catch (cause) {
    const { stdout = "", stderr = "" } = cause as { stdout?: string; stderr?: string }
    const said = `${stdout}${stderr}`.trim().split("\n").slice(-5).join("\n")
    throw new Error(`debootstrap ${system.release} failed:\n${said}`, { cause })
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
}

/** Another run of these tests may have built the same at the same time; one is as good as the other. */
export const keepUnlessThere = (built: string, path: string): void => {
  try {
    renameSync(built, path)
  } catch (cause) {
    if (!existsSync(path)) throw cause
  }
}
