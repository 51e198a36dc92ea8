/** What a session's programs make is as open as in the user's own shell, though the daemon's own files are private. */
import { statSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { spawnDaemon } from "./support.ts"

describe("the mask of a session's programs", () => {
  // The daemon once handed its own 077 down: a build in a session made files that nobody else could read.
  it("is the one the daemon was started with, while the daemon's own files stay private", async () => {
    const { sandbox, user } = await spawnDaemon({ through: ["sh", "-c", 'umask 027; exec "$@"', "sh"] })
    const { output } = await user.run("umask")
    expect(output.toString().trim()).toBe("0027")
    expect(statSync(sandbox.database).mode & 0o777).toBe(0o600)
  })
})
