/** `agentctl service` with a real systemd, and the units for hosts whose users have no manager of their own. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { SYSTEMS } from "./support/Image.ts"
import { Machine } from "./support/Machine.ts"
import { TEST_MS } from "./support/onSystems.ts"
import { buildPackages, installDeb, packagingTools } from "./support/packages.ts"

const reason = inject("cannotBoot") ?? packagingTools()
const out = mkdtempSync(join(tmpdir(), "agentd-packages-"))
let deb = ""

beforeAll(() => {
  if (reason === null) deb = buildPackages(out, "deb")[0]!
}, TEST_MS)
afterAll(() => rmSync(out, { recursive: true, force: true }))

describe.skipIf(reason !== null).each(SYSTEMS)("the service on $name", { timeout: TEST_MS }, (system) => {
  let machine: Machine
  beforeAll(async () => {
    machine = await Machine.boot(system)
    await installDeb(machine, deb)
  }, TEST_MS)
  afterAll(() => machine?.[Symbol.asyncDispose](), TEST_MS)

  it("has the environment it was installed with, and is restarted under its sessions", async () => {
    await using user = await machine.user()
    const env = { PATH: "/opt/tools/bin:/usr/bin:/bin", API_KEY: 'a "quoted" $ecret' }
    await user.run(["agentctl", "service", "install", "--env", "API_KEY"], { env })
    await user.agentctl("run", "-d", "--name", "kept", "--", "sleep", "1000")
    const variables = readFileSync(machine.path(`/proc/${await user.daemon()}/environ`), "utf8").split("\0")
    expect(variables).toContain(`API_KEY=${env.API_KEY}`)
    expect(variables).toContain(`PATH=${env.PATH}`)
    expect((await user.systemctl("show", "agentd.service")).stdout).not.toContain("$ecret")

    const before = await user.daemon()
    await user.agentctl("service", "restart")
    expect(await user.daemon()).not.toBe(before)
    const status = JSON.parse((await user.agentctl("service", "status", "--json")).stdout)
    expect(status).toMatchObject({
      supervisor: "systemd",
      installed: true,
      running: true,
      definition: "/usr/lib/systemd/user/agentd.service",
      environment: `${user.home}/.config/agentd/service.env`,
      notes: []
    })
    const sessions = await user.json<ReadonlyArray<{ name: string; status: string }>>("ls")
    expect(sessions).toMatchObject([{ name: "kept", status: "running" }])

    const refused = await user.run(["agentctl", "service", "uninstall"], { mayFail: true })
    expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining("kept")])
    await user.agentctl("stop", "kept")
    await user.agentctl("service", "uninstall")
    expect(await user.daemon()).toBe(0)
    expect((await user.run(["agentctl", "service", "status"], { mayFail: true })).code).toBe(3)
  })

  it("serves a user without a user manager through the administrator's socket", async () => {
    await using user = await machine.user()
    await user.unlinger()
    const bare = { XDG_RUNTIME_DIR: "", DBUS_SESSION_BUS_ADDRESS: "" }
    await machine.run(["systemctl", "enable", "--now", `agentd@${user.uid}.socket`])
    const { stdout } = await user.run(["agentctl", "run", "--", "sh", "-c", "echo hello from $(id -un)"], { env: bare })
    expect(stdout).toContain(`hello from ${user.name}`)
    const status = JSON.parse((await user.run(["agentctl", "daemon", "status", "--json"], { env: bare })).stdout)
    expect(status).toMatchObject({ socket: `/run/agentd/${user.uid}/api.sock`, launcher: "direct", ephemeral: false })
    const { stdout: active } = await machine.run(["systemctl", "is-active", `agentd@${user.uid}.service`])
    expect(active.trim()).toBe("active")
    // Its sessions are its children: an upgrade of the package has it become the new version with them, in place.
    const kept = JSON.parse(
      (await user.run(["agentctl", "run", "-d", "--json", "--name", "kept", "--", "sleep", "1000"], { env: bare }))
        .stdout
    )
    const unit = async () =>
      (await machine.run(["systemctl", "show", `agentd@${user.uid}.service`, "-p", "MainPID,NRestarts,SubState"]))
        .stdout
    const before = await unit()
    await machine.run(["/usr/lib/agentd/units", "restart"])
    await user.until("the new version", async () => {
      const now = JSON.parse((await user.run(["agentctl", "daemon", "status", "--json"], { env: bare })).stdout)
      return now.startedAt > status.startedAt
    })
    expect(await unit()).toBe(before)
    const found = JSON.parse((await user.run(["agentctl", "inspect", "--json", "kept"], { env: bare })).stdout)
    expect(found).toMatchObject({ status: "running", pid: kept.pid })
    await user.run(["agentctl", "stop", "kept"], { env: bare })
    // Nobody else gets in.
    await using other = await machine.user()
    const elsewhere = { AGENTD_SOCKET: `/run/agentd/${user.uid}/api.sock` }
    expect((await other.run(["agentctl", "ls"], { env: elsewhere, mayFail: true })).code).not.toBe(0)
    await machine.run(["systemctl", "disable", "--now", `agentd@${user.uid}.socket`, `agentd@${user.uid}.service`])
  })
})
