/**
 * An installed package of its own, to be upgraded under a daemon that runs from it, and held at the moment between the two
 * versions: the old one has become the new one's program, and that has not begun.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
  watch,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Sandbox } from "./Sandbox.ts"

const tree = fileURLToPath(new URL("../..", import.meta.url))

export class Package {
  readonly root: string
  readonly program: string
  readonly #window: string
  readonly #go: string

  constructor(sandbox: Sandbox) {
    this.root = join(sandbox.root, "package")
    this.program = join(this.root, "bin", "agentd")
    this.#window = join(sandbox.root, "window")
    this.#go = join(sandbox.root, "go")
    mkdirSync(join(this.root, "bin"), { recursive: true })
    cpSync(join(tree, "dist"), join(this.root, "dist"), { recursive: true })
    symlinkSync(realpathSync(join(tree, "node_modules")), join(this.root, "node_modules"))
    this.install("1.0.0")
  }

  /** Puts another version in place, as a package manager does. */
  install(version: string): void {
    const described = JSON.parse(readFileSync(join(tree, "package.json"), "utf8")) as object
    writeFileSync(join(this.root, "package.json"), JSON.stringify({ ...described, version }))
    this.replace(readFileSync(join(tree, "bin", "agentd"), "utf8"))
  }

  /** The program's text. */
  replace(text: string): void {
    writeFileSync(`${this.program}.new`, text)
    chmodSync(`${this.program}.new`, 0o755)
    renameSync(`${this.program}.new`, this.program)
  }

  /** From now on a version that takes over waits, before its first instruction, until it is let go. */
  holdWindow(): void {
    const bundle = join(this.root, "dist", "agentd.js")
    renameSync(bundle, join(this.root, "dist", "held.js"))
    writeFileSync(
      bundle,
      `import { existsSync, writeFileSync } from "node:fs"
if (process.env.AGENTD_HANDOVER !== undefined) {
  writeFileSync(${JSON.stringify(this.#window)}, "")
  const pause = new Int32Array(new SharedArrayBuffer(4))
  while (!existsSync(${JSON.stringify(this.#go)})) Atomics.wait(pause, 0, 0, 5)
}
await import("./held.js")
`
    )
  }

  /** Resolves in the window. */
  async inWindow(): Promise<void> {
    await appears(this.#window)
  }

  letGo(): void {
    writeFileSync(this.#go, "")
  }
}

/** Resolves once a file is there. */
export const appears = async (path: string): Promise<void> => {
  const there = Promise.withResolvers<void>()
  const look = () => {
    if (existsSync(path)) there.resolve()
  }
  const watcher = watch(join(path, ".."), look)
  look()
  await there.promise
  watcher.close()
}
