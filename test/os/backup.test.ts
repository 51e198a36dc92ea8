/** Backups by a daemon that systemd runs, in its sandbox where there is one, and putting one back under its socket. */
import { expect, it } from "vitest"
import { onSystems } from "./support/onSystems.ts"
import { ended, listed, said } from "./support/sessions.ts"

onSystems("backups", ({ machine, system, user }) => {
  it("are made while sessions run and put back once none does, by the next daemon", async () => {
    await using somebody = await user()
    await somebody.agentctl("run", "-d", "--name", "first", "--", "echo", "first words")
    await ended(somebody, "first")
    await somebody.agentctl("run", "-d", "--name", "at-work", "--", "bash", "-c", "echo ready; cat")
    await said(somebody, "at-work", "ready")
    await somebody.agentctl("backup", "create")
    const daemon = await somebody.daemon()

    const refused = await somebody.run(["agentctl", "backup", "restore", "--yes", "latest"], { mayFail: true })
    expect(refused).toMatchObject({ code: 6, stderr: expect.stringContaining("at-work") })
    // Nor by itself, while the session outlives its daemon (systemd 254 and later).
    if (system.systemd >= 254) {
      await somebody.systemctl("stop", "agentd.socket", "agentd.service")
      const alone = await somebody.run(["agentd", "--restore", "latest"], { mayFail: true })
      expect(alone).toMatchObject({ code: 1, stderr: expect.stringContaining("agentd-session-") })
      await somebody.systemctl("start", "agentd.socket")
    }
    await somebody.agentctl("stop", "at-work")
    await somebody.agentctl("run", "-d", "--name", "later", "--", "true")
    await ended(somebody, "later")
    await somebody.agentctl("backup", "restore", "--yes", "latest")

    expect(await listed(somebody, "--all")).toEqual([
      ["first", "exited"],
      ["at-work", "interrupted"]
    ])
    expect((await somebody.agentctl("logs", "first")).stdout).toContain("first words")
    expect(await somebody.daemon()).not.toBe(daemon)
    expect((await somebody.show("agentd.service", "Result")).Result).toBe("success")
    expect((await somebody.agentctl("backup", "verify")).stdout).not.toContain("DAMAGED")
  })

  it("go to another disk once the unit allows it", async () => {
    await using somebody = await user()
    const directory = `/srv/${somebody.name}`
    await machine().run(["install", "-d", "-o", somebody.name, "-m", "700", directory])
    await somebody.write(`${somebody.home}/.config/agentd/agentd.toml`, `[backup]\ndirectory = "${directory}"\n`)
    const confined = await somebody.run(["agentctl", "backup", "create"], { mayFail: true })
    // The sandbox is there from 254 on.
    if (system.systemd >= 254)
      expect(confined).toMatchObject({ code: 1, stderr: expect.stringContaining("backup.directory") })
    await somebody.dropIn("agentd.service", "backup", `[Service]\nReadWritePaths=-${directory}\n`)
    await somebody.systemctl("restart", "agentd.service")
    await somebody.agentctl("backup", "create")
    expect((await somebody.bash(`ls ${directory}`)).stdout).toMatch(/^bak_.*\.jsonl$/m)
  })
})
