/** The unit files themselves, as systemd's own tools judge them. */
import { expect, it } from "vitest"
import { onSystems } from "./support/onSystems.ts"

/** Exposure as systemd-analyze counts it, 0 to 10: with every line of the sandbox it is 1.8. */
const MOST_EXPOSED = 2.0

onSystems("the units", ({ system, user }) => {
  it("are without a fault", async () => {
    await using somebody = await user()
    const units = ["agentd.service", "agentd.socket", "agentd-resume.service", "app-agentd.slice"].map(
      (name) => `/usr/lib/systemd/user/${name}`
    )
    // What else its generators and links bring up is not ours.
    const { stderr, stdout } = await somebody.run(["systemd-analyze", "--user", "--man=no", "verify", ...units])
    expect(`${stdout}${stderr}`).not.toMatch(/agentd/)
  })

  it("leave the daemon no more than it needs", async () => {
    await using somebody = await user()
    await somebody.agentctl("ls")
    const how =
      system.systemd >= 254 ? ["--user", "agentd.service"] : ["--offline=true", "/usr/lib/systemd/user/agentd.service"]
    const { stdout } = await somebody.run(["systemd-analyze", "security", "--no-pager", ...how])
    const exposure = Number(/Overall exposure level for agentd.service: ([\d.]+)/.exec(stdout)?.[1])
    process.stdout.write(`${system.name}: exposure ${exposure}\n`)
    expect(exposure).toBeLessThanOrEqual(MOST_EXPOSED)
  })
})
