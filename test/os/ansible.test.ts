/** The Ansible role, linted, and played by real ansible-playbook against a machine that runs. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { ansibleTools, play, role } from "./support/ansible.ts"
import { SYSTEMS } from "./support/Image.ts"
import { Machine } from "./support/Machine.ts"
import { TEST_MS } from "./support/onSystems.ts"
import { buildPackages, packagingTools } from "./support/packages.ts"

const tools = ansibleTools() ?? packagingTools()
const reason = inject("cannotBoot") ?? tools
if (reason !== null) process.stdout.write(`\nThe Ansible role is not played: ${reason}\n\n`)

it.skipIf(tools !== null)(
  "ansible-lint finds nothing in it, by its production profile",
  () => {
    const args = ["--profile", "production", "--offline", "--nocolor", "roles/agentd", "example.yml"]
    const { stderr, stdout } = spawnSync("ansible-lint", args, { cwd: role, encoding: "utf8" })
    expect(`${stdout}${stderr}`).toMatch(/Passed with production profile: 0 failure\(s\), 0 warning\(s\)/)
  },
  TEST_MS
)

// Debian 12's Ansible knows Python up to 3.11, and Debian 13 has 3.13: the machine is a Debian 12.
describe.skipIf(reason !== null)("the role on Debian 12", { timeout: TEST_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), "agentd-ansible-"))
  let machine: Machine
  let first = ""
  let second = ""
  beforeAll(async () => {
    first = buildPackages(join(folder, "1"), "deb")[0]!
    second = buildPackages(join(folder, "2"), "deb", "--build", "2")[0]!
    machine = await Machine.boot(SYSTEMS[0]!)
    const apt = { env: { DEBIAN_FRONTEND: "noninteractive" } }
    await machine.run(["apt-get", "update", "-qq"], apt)
    await machine.run(
      ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "python3", "python3-apt", "sudo"],
      apt
    )
  }, TEST_MS)
  afterAll(async () => {
    await machine?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }, TEST_MS)

  it("installs, gives a user a daemon, locks what it is told to; a second time changes nothing", async () => {
    await using user = await machine.user()
    await user.unlinger()
    const variables = {
      agentd_package: first,
      agentd_users: [user.name],
      agentd_policy: { transcript: { keep_for: "90d" } },
      agentd_locked: ["transcript.keep_for"]
    }
    const done = play(machine, folder, variables)
    expect(done.code, done.output).toBe(0)
    expect(done.changed).toBeGreaterThan(3)
    expect((await user.systemctl("is-active", "agentd.socket")).stdout.trim()).toBe("active")
    expect((await user.agentctl("config", "show", "--origin")).stdout).toMatch(
      /transcript\.keep_for.*90d.*\/etc\/agentd\/conf\.d\/50-ansible\.toml/
    )

    const again = play(machine, folder, variables)
    expect([again.code, again.changed], again.output).toEqual([0, 0])

    // Checking says what would change, and changes nothing.
    const stricter = { ...variables, agentd_policy: { transcript: { keep_for: "7d" } } }
    const checked = play(machine, folder, stricter, "--check")
    expect([checked.code, checked.changed > 0], checked.output).toEqual([0, true])
    const policy = () => readFileSync(machine.path("/etc/agentd/conf.d/50-ansible.toml"), "utf8")
    expect(policy()).toContain('keep_for = "90d"')

    // The running daemon takes what is new.
    const changed = play(machine, folder, stricter)
    expect(changed.code, changed.output).toBe(0)
    await user.until("the daemon to read it", async () =>
      (await user.agentctl("config", "show")).stdout.includes('"7d"')
    )

    // Nothing wrong ever gets into place.
    const wrong = play(machine, folder, { ...variables, agentd_policy: { transcript: { keep_for: "soon" } } })
    expect(wrong.code).not.toBe(0)
    expect(wrong.output).toMatch(/transcript\.keep_for/)
    expect(policy()).toContain('keep_for = "7d"')

    // A newer package, under a live session.
    await user.agentctl("run", "-d", "--name", "kept", "--", "sleep", "1000")
    const upgraded = play(machine, folder, { ...stricter, agentd_package: second })
    expect(upgraded.code, upgraded.output).toBe(0)
    const sessions = await user.json<ReadonlyArray<{ name: string; status: string }>>("ls")
    expect(sessions).toMatchObject([{ name: "kept", status: "running" }])
    const { stdout } = await machine.run(["dpkg", "--status", "agentd"])
    expect(stdout).toMatch(/^Version: .*-2$/m)

    const gone = play(machine, folder, { agentd_state: "absent" })
    expect(gone.code, gone.output).toBe(0)
    expect(existsSync(machine.path("/usr/bin/agentctl"))).toBe(false)
    expect(existsSync(machine.path(`${user.home}/.local/state/agentd`))).toBe(true)
  })
})
