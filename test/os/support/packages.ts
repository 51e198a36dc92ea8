/**
 * The packages under test: built once for a file's tests, compressed quickly, and what the host needs to build and examine them.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, readdirSync } from "node:fs"
import { basename, join } from "node:path"
import { root } from "../../../packaging/build/root.ts"
import { aptInstall } from "./apt.ts"
import type { Machine, Result } from "./Machine.ts"

/** Debian packages of the programs that build and judge packages, each with a file that shows that it is there. */
const TOOLS: Readonly<Record<string, string>> = {
  fish: "/usr/bin/fish",
  groff: "/usr/bin/groff",
  "libsystemd-dev": "/usr/include/systemd/sd-daemon.h",
  lintian: "/usr/bin/lintian",
  "man-db": "/usr/bin/man",
  rpm: "/usr/bin/rpmbuild",
  rpmlint: "/usr/bin/rpmlint",
  ruby: "/usr/bin/ruby",
  zsh: "/usr/bin/zsh"
}

/** Seconds since 1970 that files in the packages say they are from. */
const BUILT = 1_700_000_000

/** Installs what is missing, as root on a Debian; returns why something cannot be had, or null. */
export const packagingTools = (): string | null => {
  const present = (path: string) => spawnSync("test", ["-e", path]).status === 0
  const missing = Object.entries(TOOLS).flatMap(([name, path]) => (present(path) ? [] : [name]))
  if (missing.length === 0) return null
  return aptInstall(...missing)
}

/** Builds packages into the folder; returns the paths of what is there then. */
export const buildPackages = (out: string, ...args: ReadonlyArray<string>): ReadonlyArray<string> => {
  execFileSync(process.execPath, ["packaging/build/package.ts", "--quick", "--out", out, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    // One time for all, whatever is committed meanwhile.
    env: { ...process.env, SOURCE_DATE_EPOCH: String(BUILT) }
  })
  return readdirSync(out).map((name) => join(out, name))
}

/** As an administrator would: `apt install ./FILE` without a question, an older one too. */
export const installDeb = async (machine: Machine, file: string): Promise<Result> => {
  const inside = `/var/tmp/${basename(file)}`
  mkdirSync(machine.path("/var/tmp"), { recursive: true })
  copyFileSync(file, machine.path(inside))
  const options = ["-qq", "--yes", "--allow-downgrades", "--no-install-recommends"]
  return machine.run(["apt-get", "install", ...options, inside], { env: { DEBIAN_FRONTEND: "noninteractive" } })
}

export const dpkg = (machine: Machine, ...args: ReadonlyArray<string>): Promise<Result> =>
  machine.run(["dpkg", ...args], { env: { DEBIAN_FRONTEND: "noninteractive" } })
