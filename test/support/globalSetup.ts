/**
 * Runs once before all tests: bundles the daemon if a source has changed, so that tests speak to what was just written.
 *
 * A bundle that cannot be built fails the tests that start a daemon, each saying why, and not the others.
 */
import { spawnSync } from "node:child_process"

export default function setup() {
  if (process.env.AGENTD_BIN !== undefined) return
  const { status } = spawnSync(process.execPath, ["packaging/build/bundle.ts", "--if-stale"], { stdio: "inherit" })
  if (status !== 0) process.env.AGENTD_BUNDLE_BROKEN = "1"
}
