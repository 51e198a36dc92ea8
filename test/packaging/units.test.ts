/** What the packages' `units restart` does for daemons that no user manager runs. */
import { execFileSync } from "node:child_process"
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { open } from "../support/restart.ts"
import { startCat } from "../support/sessions.ts"

const units = fileURLToPath(new URL("../../packaging/linux/units", import.meta.url))

test.runIf(process.platform === "linux")(
  "an upgrade of the package has them become the new version in place",
  async () => {
    const { client, daemon, installed } = await open()
    const session = await startCat(client)
    // It lies beside the programs, and looks for daemons that run from there.
    const script = join(installed.root, "units")
    copyFileSync(units, script)
    installed.install("1.3.0")
    const restarted = daemon.written(/becoming[\s\S]* listens on /)
    execFileSync("/bin/sh", [script, "restart"], {
      env: { PATH: "/usr/bin:/bin" },
      stdio: ["ignore", "ignore", "inherit"]
    })
    await restarted
    expect(await client.result("daemon.status")).toMatchObject({ pid: daemon.pid, version: "1.3.0" })
    expect(await client.result("session.get", { session: session.id })).toMatchObject({
      pid: session.pid,
      status: "running"
    })
  }
)
