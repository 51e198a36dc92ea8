/** The npm tarball, as `npm pack` makes it from package.json's list of files. */
import { join } from "node:path"
import { emitDeclarations } from "../declarations.ts"
import { root } from "../root.ts"
import { run } from "./command.ts"
import type { Wanted } from "./release.ts"

export const buildNpm = ({ out }: Wanted): string => {
  emitDeclarations()
  // Its scripts would build what has just been built.
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", out]
  const [{ filename }] = JSON.parse(run("npm", args, { cwd: root })) as [{ readonly filename: string }]
  return join(out, filename)
}
