/** The .deb on machines that run: installed, used, upgraded under live sessions, removed, purged. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { SYSTEMS } from "./support/Image.ts"
import { Machine } from "./support/Machine.ts"
import { TEST_MS } from "./support/onSystems.ts"
import { buildPackages, dpkg, installDeb, packagingTools } from "./support/packages.ts"

interface Listed {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly pid: number
}

/** Sessions that live through an upgrade. */
const SESSIONS = 10

const reason = inject("cannotBoot") ?? packagingTools()
const out = mkdtempSync(join(tmpdir(), "agentd-packages-"))
let first = ""
let second = ""

/** A running machine on which the package was never installed, and a user who has a user manager. */
const fresh = async (system: (typeof SYSTEMS)[number]) => {
  const machine = await Machine.boot(system)
  return { machine, user: await machine.user(), [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose]() }
}

beforeAll(() => {
  if (reason !== null) return
  first = buildPackages(join(out, "1"), "deb")[0]!
  second = buildPackages(join(out, "2"), "deb", "--build", "2")[0]!
}, TEST_MS)
afterAll(() => rmSync(out, { recursive: true, force: true }))

describe.skipIf(reason !== null).each(SYSTEMS)(
  "the .deb on $name (systemd $systemd)",
  { timeout: TEST_MS },
  (system) => {
    it("is installed, starts nothing, and answers the first who asks", async () => {
      await using place = await fresh(system)
      const { machine, user } = place
      await installDeb(machine, first)
      expect(await user.processes()).toEqual([])
      expect((await user.run(["agentd", "--version"])).stdout).toMatch(/^agentd \d/)
      expect((await user.agentctl("--version")).stdout).toMatch(/^agentctl \d/)
      expect((await user.systemctl("is-enabled", "agentd.socket")).stdout.trim()).toBe("enabled")
      // As at the next login: the socket is up by itself, the daemon is not.
      await user.unlinger()
      await user.linger()
      expect((await user.systemctl("is-active", "agentd.socket")).stdout.trim()).toBe("active")
      expect(await user.daemon()).toBe(0)
      expect((await user.agentctl("run", "-d", "--name", "hello", "--", "sleep", "1000")).code).toBe(0)
      expect(await user.daemon()).toBeGreaterThan(1)
      const { Type } = await user.show("agentd.service", "Type")
      expect(Type).toBe(system.systemd >= 254 ? "notify-reload" : "notify")
    })

    it(`is upgraded under ${SESSIONS} live sessions, and loses none and no line of them`, async () => {
      await using place = await fresh(system)
      const { machine, user } = place
      await installDeb(machine, first)
      const counting = "for n in $(seq 1 100000); do echo line $n; sleep 0.02; done"
      for (let number = 0; number < SESSIONS; number++)
        await user.agentctl("run", "-d", "--name", `work-${number}`, "--", "bash", "-c", counting)
      const before = await user.json<ReadonlyArray<Listed>>("ls")
      const old = await user.daemon()
      await installDeb(machine, second)
      expect(await user.daemon()).toBeGreaterThan(1)
      expect(await user.daemon()).not.toBe(old)
      const after = await user.json<ReadonlyArray<Listed>>("ls")
      const identity = (sessions: ReadonlyArray<Listed>) =>
        sessions.map(({ id, name, pid, status }) => ({ id, name, pid, status })).sort((a, b) => (a.id < b.id ? -1 : 1))
      expect(identity(after)).toEqual(identity(before))
      for (const { name } of after) {
        await user.agentctl("stop", name)
        const lines = (await user.agentctl("logs", name)).stdout.trim().split(/\r?\n/)
        expect(lines.length).toBeGreaterThan(10)
        expect(lines.slice(0, -1)).toEqual(lines.slice(0, -1).map((_, at) => `line ${at + 1}`))
      }
    })

    it("is what the session never notices: installed, enabled, used, its daemon killed, replaced by a newer one", async () => {
      await using place = await fresh(system)
      const { machine, user } = place
      await installDeb(machine, first)
      await user.systemctl("enable", "--now", "agentd.socket")
      const counting = 'for n in $(seq 1 100000); do echo "line $n"; sleep 0.01; done'
      await user.agentctl("run", "-d", "--name", "work", "--", "bash", "-c", counting)
      const [before] = await user.json<ReadonlyArray<Listed>>("ls")
      await user.killDaemon("KILL")
      await user.agentctl("ls")
      await installDeb(machine, second)
      const [after] = await user.json<ReadonlyArray<Listed>>("ls")
      expect(after).toMatchObject({ id: before?.id, pid: before?.pid, status: "running" })
      await user.agentctl("stop", "work")
      const lines = (await user.agentctl("logs", "work", "--text")).stdout.trim().split(/\r?\n/)
      expect(lines.slice(0, -1)).toEqual(lines.slice(0, -1).map((_, at) => `line ${at + 1}`))
    })

    it("refuses the database of a newer version after a downgrade, says the way out, and leaves it as it is", async () => {
      await using place = await fresh(system)
      const { machine, user } = place
      await installDeb(machine, second)
      await user.agentctl("run", "-d", "--name", "kept", "--", "true")
      await user.agentctl("wait", "kept")
      await user.systemctl("stop", "agentd.service")
      const database = `${user.home}/.local/state/agentd/agentd.db`
      // What a later version would do to it.
      const setVersion = (change: string) =>
        user.run([
          "/usr/lib/agentd/node",
          "-e",
          `const { DatabaseSync } = require("node:sqlite"); const db = new DatabaseSync(process.argv[1]); const { user_version: version } = db.prepare("PRAGMA user_version").get(); db.exec("PRAGMA user_version = " + (version ${change}))`,
          database
        ])
      await setVersion("+ 1")
      const sum = async () => (await user.run(["sha256sum", database])).stdout
      const before = await sum()
      await installDeb(machine, first)
      expect((await machine.run(["dpkg-query", "--show", "agentd"])).stdout.trim()).toMatch(/-1$/)
      const refused = await user.run(["agentctl", "ls"], { mayFail: true })
      expect(refused.code).not.toBe(0)
      await user.until("it to be said", async () => (await user.journal()).includes("has schema version"))
      expect(await user.journal()).toContain("Install the agentd that wrote it, or a later one")
      expect(await sum()).toBe(before)
      await setVersion("- 1")
      await user.systemctl("restart", "agentd.service")
      expect((await user.json<ReadonlyArray<Listed>>("ls", "--all")).map(({ name }) => name)).toEqual(["kept"])
    })

    it("leaves an administrator's choice alone, and everyone's data", async () => {
      await using place = await fresh(system)
      const { machine, user } = place
      await installDeb(machine, first)
      await user.agentctl("run", "-d", "--name", "old", "--", "sleep", "1000")
      await machine.run(["systemctl", "--global", "disable", "agentd.socket"])
      await installDeb(machine, second)
      const enabled = () => existsSync(machine.path("/etc/systemd/user/sockets.target.wants"))
      const state = `${user.home}/.local/state/agentd/agentd.db`
      expect(enabled()).toBe(false)

      const removal = await dpkg(machine, "--remove", "agentd")
      expect(removal.stderr).not.toMatch(/warning|could not/)
      expect((await user.processes()).filter((line) => /agentd|sleep/.test(line))).toEqual([])
      expect(existsSync(machine.path("/usr/lib/agentd"))).toBe(false)
      expect(existsSync(machine.path("/usr/lib/systemd/user/agentd.service.d"))).toBe(false)
      expect(existsSync(machine.path(state))).toBe(true)

      await installDeb(machine, second)
      expect(enabled()).toBe(false)
      const sessions = await user.json<ReadonlyArray<Listed>>("ls", "--all")
      expect(sessions.map(({ name }) => name)).toEqual(["old"])

      const { stdout } = await dpkg(machine, "--purge", "agentd")
      expect(stdout).toContain(`${user.home}/.local/state/agentd`)
      expect(existsSync(machine.path(state))).toBe(true)
    })

    it("follows an upgrade of systemd: the features of the version that is there hold", async () => {
      await using place = await fresh(system)
      const { machine } = place
      await installDeb(machine, first)
      const dropIn = machine.path("/usr/lib/systemd/user/agentd.service.d/10-systemd-254.conf")
      const there = () =>
        execFileSync("find", [join(dropIn, ".."), "-name", "10-*"], { encoding: "utf8" }).trim() !== ""
      expect(there()).toBe(system.systemd >= 254)
      // Another version answers from now on, as after an upgrade whose trigger then runs.
      const other = system.systemd >= 254 ? 252 : 257
      await machine.run([
        "sh",
        "-c",
        `mkdir -p /var/tmp/other && printf '#!/bin/sh\\necho systemd ${other}\\n' > /var/tmp/other/systemctl && chmod +x /var/tmp/other/systemctl`
      ])
      await machine.run(["dpkg-trigger", "--no-await", "--by-package=systemd", "/usr/lib/systemd/systemd"])
      await machine.run(["dpkg", "--triggers-only", "--pending"], {
        env: { PATH: "/var/tmp/other:/usr/sbin:/usr/bin:/sbin:/bin" }
      })
      expect(there()).toBe(other >= 254)
    })
  }
)
