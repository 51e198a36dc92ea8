/**
 * The files of `dist/`: whether they are as new as the sources, and how they are replaced while something runs from them.
 */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { root } from "./root.ts"

const dist = join(root, "dist")
const stamp = join(dist, ".sources")

/** Everything whose change must lead to another bundle. */
const sources = ["src", "packaging/build", "package.json", "package-lock.json"]

const filesUnder = (path: string): ReadonlyArray<string> => {
  if (!existsSync(path)) return []
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOTDIR") return [path]
    throw cause
  }
}

/** By content and not by time: a checkout, a copy and a container image each set their own times. */
const hashOfSources = (): string => {
  const hash = createHash("sha256")
  for (const source of sources) {
    for (const file of filesUnder(join(root, source)))
      hash.update(`${relative(root, file)}\0`).update(readFileSync(file))
  }
  return hash.digest("hex")
}

// Taken before the build: a source saved while it runs makes the next build necessary.
const current = hashOfSources()

export const isFresh = (): boolean => existsSync(stamp) && readFileSync(stamp, "utf8") === current

export const markFresh = (): void => writeFileSync(stamp, current)

interface OutputFile {
  readonly path: string
  readonly contents: Uint8Array
}

/** Replaces what differs, each file in one step, so that a process that starts meanwhile reads no half of one. */
export const replaceOutputs = (
  outputs: ReadonlyArray<OutputFile>,
  options: { readonly removeOthers: boolean }
): void => {
  rmSync(stamp, { force: true })
  for (const { path, contents } of outputs) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue
    mkdirSync(dirname(path), { recursive: true })
    const temporary = `${path}.${process.pid}.tmp`
    writeFileSync(temporary, contents)
    renameSync(temporary, path)
  }
  if (!options.removeOthers) return
  const kept = new Set(outputs.map((output) => output.path))
  for (const file of filesUnder(dist)) if (/\.c?js(\.map)?$/.test(file) && !kept.has(file)) rmSync(file)
}
