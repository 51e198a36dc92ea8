/**
 * A file tree that outlives a boot: what a machine writes over its image is kept in memory until the disk goes.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { imagePath, type System } from "./Image.ts"

export class Disk implements Disposable {
  /** Where the tree is. */
  readonly tree: string
  readonly #folder: string

  constructor(system: System) {
    this.#folder = mkdtempSync(join(tmpdir(), "agentd-disk-"))
    const at = (name: string) => join(this.#folder, name)
    this.tree = at("tree")
    try {
      // Of its own, for the upper layer of an overlay may not be an overlay itself.
      execFileSync("mount", ["-t", "tmpfs", "-o", "mode=0755", "agentd-disk", this.#folder])
      for (const name of ["upper", "work", "tree"]) mkdirSync(at(name))
      const layers = `lowerdir=${imagePath(system)},upperdir=${at("upper")},workdir=${at("work")}`
      execFileSync("mount", ["-t", "overlay", "-o", layers, "agentd-disk", this.tree])
    } catch (cause) {
      this.#remove()
      throw cause
    }
    process.on("exit", this.#remove)
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#remove)
    this.#remove()
  }

  readonly #remove = () => {
    for (const path of [this.tree, this.#folder]) spawnSync("umount", ["--lazy", "--quiet", path])
    try {
      rmdirSync(this.#folder)
    } catch {
      // Still in use: it goes with the host's next boot.
    }
  }
}
