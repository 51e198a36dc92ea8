/**
 * Runs the programs that packages are made with, and says how to get the one that is missing.
 */
import { spawnSync } from "node:child_process"

/** Something a person can put right; the message says how. */
export class PackageError extends Error {}

/** Where a program comes from on Debian and Fedora. */
const SOURCES: Readonly<Record<string, string>> = {
  "dpkg-deb": "dpkg",
  rpmbuild: "rpm (Debian) or rpm-build (Fedora)",
  strip: "binutils",
  objdump: "binutils",
  npm: "npm"
}

export const run = (
  program: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}
): string => {
  const { error, status, stderr, stdout } = spawnSync(program, args, {
    ...options,
    encoding: "utf8",
    maxBuffer: 64 * 1024 ** 2
  })
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT")
    throw new PackageError(`${program} is missing. Install ${SOURCES[program] ?? program}.`)
  if (error !== undefined) throw error
  if (status !== 0) throw new PackageError(`${program} ${args[0]} failed:\n${stderr.trim() || stdout.trim()}`)
  return stdout
}
