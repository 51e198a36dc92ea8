/**
 * The `.d.ts` files of `agentd/client`: what a program that imports it sees of the contract's types.
 */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { root } from "./root.ts"

export const emitDeclarations = (): void => {
  const { status } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", "packaging/build/tsconfig.client.json"], {
    cwd: root,
    stdio: "inherit"
  })
  if (status !== 0)
    throw new Error("The declarations of agentd/client could not be emitted; the compiler said why above.")
}
