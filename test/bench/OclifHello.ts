/**
 * The smallest command line that oclif makes: what a command costs before it does anything.
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../../packaging/build/root.ts"
import type { Scratch } from "./Scratch.ts"

/** Returns the path of the program; its one command is `hello`. */
export const oclifHello = (scratch: Scratch): string => {
  const folder = scratch.directory()
  const manifest = { name: "hello", version: "1.0.0", type: "module", oclif: { bin: "hello", commands: "./commands" } }
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest))
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  mkdirSync(join(folder, "commands"))
  writeFileSync(
    join(folder, "commands/hello.js"),
    'import { Command } from "@oclif/core"\nexport default class Hello extends Command {\n  async run() {\n    this.log("hello")\n  }\n}\n'
  )
  const program = join(folder, "run.js")
  writeFileSync(program, 'import { execute } from "@oclif/core"\nawait execute({ dir: import.meta.url })\n')
  return program
}
