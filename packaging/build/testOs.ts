/**
 * `npm run test:os`: the tests in `test/os`, which need a real service manager and are no part of `npm test`.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { root } from "./root.ts"

if (!existsSync(join(root, "test/os"))) {
  process.stdout.write(
    "There are no tests that need a service manager yet (test/os does not exist): nothing was run.\n"
  )
} else {
  const vitest = join(root, "node_modules/vitest/vitest.mjs")
  const args = [vitest, "run", "--config", "vitest.os.config.ts", ...process.argv.slice(2)]
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" })
  process.exitCode = status ?? 1
}
