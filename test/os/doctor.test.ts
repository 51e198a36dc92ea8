/** `agentctl doctor` on machines where the package is installed: silent when all is well, and each fix it prints works. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import type { Finding } from "../../src/contract/Daemon.ts"
import { SYSTEMS } from "./support/Image.ts"
import { Machine } from "./support/Machine.ts"
import { TEST_MS } from "./support/onSystems.ts"
import { buildPackages, installDeb, packagingTools } from "./support/packages.ts"
import type { User } from "./support/User.ts"

const reason = inject("cannotBoot") ?? packagingTools()
const out = mkdtempSync(join(tmpdir(), "agentd-packages-"))
let deb = ""

beforeAll(() => {
  if (reason === null) deb = buildPackages(out, "deb")[0]!
}, TEST_MS)
afterAll(() => rmSync(out, { recursive: true, force: true }))

const doctor = async (user: User, env: Readonly<Record<string, string>> = {}) => {
  const { code, stdout } = await user.run(["agentctl", "doctor", "--json"], {
    mayFail: true,
    env: { USER: user.name, ...env }
  })
  const all = JSON.parse(stdout).findings as ReadonlyArray<Finding>
  return {
    code,
    all,
    bad: all.filter(({ level }) => level !== "ok"),
    of: (check: string) => all.find((one) => one.check === check)
  }
}

describe.skipIf(reason !== null).each(SYSTEMS)("the doctor on $name", { timeout: TEST_MS }, (system) => {
  let machine: Machine
  beforeAll(async () => {
    machine = await Machine.boot(system)
    await installDeb(machine, deb)
  }, TEST_MS)
  afterAll(() => machine?.[Symbol.asyncDispose](), TEST_MS)

  const installed = async () => {
    const user = await machine.user()
    await user.systemctl("enable", "--now", "agentd.socket")
    return user
  }

  it("has nothing to say of a good install with a live session", async () => {
    await using user = await installed()
    await user.agentctl("run", "-d", "--name", "live", "--", "sleep", "1000")
    const { all, bad, code, of } = await doctor(user)
    // Nothing was captured for this user, and the host of this container may keep its controllers to itself.
    const expected = ["environment", "controllers"]
    expect(bad.filter(({ check }) => !expected.includes(check))).toEqual([])
    expect(bad.filter(({ level }) => level === "problem")).toEqual([])
    expect(code).toBe(0)
    expect(all.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        "units",
        "unit files",
        "linger",
        "systemd",
        "controllers",
        "user namespaces",
        "terminals"
      ])
    )
    expect(of("terminals")).toMatchObject({
      message: expect.stringMatching(/keeps 1 of at most \d+ descriptors, for 1 live/)
    })
    expect(of("launcher")).toMatchObject({
      message: expect.stringContaining(system.systemd >= 254 ? "service of its own" : "but not a stop")
    })
    await user.agentctl("stop", "live")
  })

  it("says that lingering is off, what that means, and the command", async () => {
    await using user = await installed()
    // As logind sees it when nobody has enabled it; the user manager stays up, as it does while somebody is logged in.
    await machine.run(["rm", `/var/lib/systemd/linger/${user.name}`])
    const { bad, code } = await doctor(user)
    expect(bad).toContainEqual(
      expect.objectContaining({ check: "linger", level: "warning", message: expect.stringContaining("last logout") })
    )
    expect(code).toBe(0)
    const fix = bad.find(({ check }) => check === "linger")!.fix!
    await machine.run(["sh", "-c", fix])
    expect((await doctor(user)).of("linger")).toMatchObject({ level: "ok" })
  })

  it("says which unit file was modified, and where", async () => {
    await using user = await installed()
    const path = "/usr/lib/systemd/user/agentd.service"
    const before = readFileSync(machine.path(path), "utf8")
    writeFileSync(machine.path(path), before.replace("Restart=on-failure", "Restart=no"))
    await user.systemctl("daemon-reload")
    expect((await doctor(user)).of("unit files")).toMatchObject({
      level: "warning",
      message: expect.stringContaining(`${path} differs ("Restart=no")`),
      fix: expect.stringContaining("--reinstall")
    })
    writeFileSync(machine.path(path), before)
    // A copy of the user's own, which shadows the package's.
    await user.write(
      `${user.home}/.config/systemd/user/agentd.service`,
      before.replace("WatchdogSec=30", "WatchdogSec=3")
    )
    await user.systemctl("daemon-reload")
    const shadowed = (await doctor(user)).of("unit files")
    expect(shadowed).toMatchObject({ level: "warning", message: expect.stringContaining("WatchdogSec=3") })
    await user.bash(shadowed!.fix!)
    expect((await doctor(user)).of("unit files")).toMatchObject({ level: "ok" })
  })

  it("says that the units are masked, and that the service failed; what it prints puts both right", async () => {
    await using user = await installed()
    await user.systemctl("mask", "--now", "agentd.socket")
    const masked = (await doctor(user)).of("units")
    expect(masked).toMatchObject({ level: "warning", message: expect.stringContaining("masked") })
    await user.bash(masked!.fix!)
    expect((await doctor(user)).of("units")).toMatchObject({ level: "ok" })

    await user.systemctl("stop", "agentd.socket", "agentd.service")
    await user.write(`${user.home}/.config/agentd/agentd.toml`, "[session]\ncols = -1\n")
    await user.run(["systemctl", "--user", "start", "agentd.service"], { mayFail: true })
    const failed = await doctor(user)
    expect(failed.code).toBe(1)
    expect(failed.of("daemon")).toMatchObject({
      level: "problem",
      message: expect.stringContaining("could not be started")
    })
    // Whoever knocks is told at once, and each knock starts it once: nobody stays in the queue to have it started for ever.
    const failures = async () => (await user.journal()).split("agentd.service: Failed with result").length - 1
    const before = await failures()
    const refused = await user.run(["agentctl", "ls"], { mayFail: true })
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("agentd.toml:2: session.cols")])
    await user.until("the daemon to have failed", async () => (await failures()) > before)
    await user.run(["agentctl", "ls"], { mayFail: true })
    await user.until("the daemon to have failed again", async () => (await failures()) > before + 1)
    expect(await failures()).toBe(before + 2)
    expect(failed.of("configuration")).toMatchObject({
      level: "problem",
      message: expect.stringContaining("agentd.toml:2")
    })
    expect(failed.of("units")).toMatchObject({ level: "problem", message: expect.stringContaining("failed") })
    await user.bash("rm ~/.config/agentd/agentd.toml")
    await user.bash(failed.of("units")!.fix!)
    expect((await doctor(user)).bad.filter(({ level }) => level === "problem")).toEqual([])
  })

  it("knows what the service captured, and what a session that starts by itself would lack", async () => {
    await using user = await installed()
    const env = { PATH: `${user.home}/tools:/usr/bin:/bin` }
    await user.bash("mkdir ~/tools")
    const lacking = (await doctor(user, env)).of("environment")
    expect(lacking).toMatchObject({ level: "warning", message: expect.stringContaining(`${user.home}/tools`) })
    await user.run(["sh", "-c", lacking!.fix!], { env })
    expect((await doctor(user, env)).of("environment")).toMatchObject({
      level: "ok",
      message: expect.stringContaining("service.env")
    })
  })

  it("makes a bug report with the units and the journal, and without names, arguments and output", async () => {
    await using user = await installed()
    await user.agentctl(
      "run",
      "-d",
      "--name",
      "private-name",
      "--",
      "sh",
      "-c",
      "echo private output; exec sleep 1000",
      "private argument"
    )
    await user.run(["agentctl", "bug-report", "-o", "report.tar.gz"])
    const { stdout } = await user.bash(
      "stat --format=%a report.tar.gz; mkdir r; tar -xzf report.tar.gz -C r --strip-components=1; ls r"
    )
    expect(stdout.split("\n")).toEqual(expect.arrayContaining(["600", "service.txt", "daemon.log", "machine.json"]))
    const everything = (await user.bash("cat r/*")).stdout
    for (const words of ["private output", "private argument", "private-name", user.home])
      expect(everything).not.toContain(words)
    expect(everything).not.toMatch(new RegExp(`\\b${user.name}\\b`))
    const service = await user.read(`${user.home}/r/service.txt`)
    expect(service).toContain("ListenStream=%t/agentd/api.sock")
    expect(service).toMatch(/agentd-session-ses_\w+\.service +loaded +active/)
    expect(await user.read(`${user.home}/r/daemon.log`)).toMatch(/agentd .* listens on/)
    await user.agentctl("stop", "private-name")
  })
})
