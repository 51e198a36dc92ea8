/**
 * What becomes of sessions when the machine is rebooted, and when its power is cut: each machine is really switched off and on, with
 * the same disk.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { SYSTEMS } from "./support/Image.ts"
import { install } from "./support/install.ts"
import { Machine } from "./support/Machine.ts"
import { TEST_MS } from "./support/onSystems.ts"
import { type Listed, said } from "./support/sessions.ts"
import type { User } from "./support/User.ts"

interface Known extends Listed {
  readonly resumedFrom: string | null
  readonly resumedBy: string | null
  readonly argv: ReadonlyArray<string>
}

/** Stands in for Claude Code: says how it was called, and where. */
const CLAUDE = '#!/bin/sh\necho "claude [$*] in $PWD, $(stty size), home $HOME, secret $SECRET."\nexec sleep 1000\n'

for (const system of SYSTEMS) {
  describe.skipIf(inject("cannotBoot") !== null)(`a reboot (${system.name}, systemd ${system.systemd})`, () => {
    let machine: Machine
    let user: User
    beforeAll(async () => {
      machine = await Machine.boot(system, { lasting: true })
      await install(machine)
      user = await machine.user()
      await user.write(`${user.home}/bin/claude`, CLAUDE)
      await user.run(["chmod", "+x", `${user.home}/bin/claude`])
      await user.run(["mkdir", `${user.home}/project`])
      // As `agentctl service install` captures it.
      await user.dropIn("agentd.service", "path", `[Service]\nEnvironment=PATH=${user.home}/bin:/usr/bin:/bin\n`)
      await user.systemctl("enable", "--now", "agentd.socket")
    }, TEST_MS)
    afterAll(() => machine?.[Symbol.asyncDispose](), TEST_MS)

    const boot = async () => (await machine.run(["cat", "/proc/sys/kernel/random/boot_id"])).stdout.trim()
    const known = () => user.json<ReadonlyArray<Known>>("ls", "--all")
    const connections = async () =>
      (JSON.parse((await user.agentctl("daemon", "status", "--json")).stdout) as { readonly connections: number })
        .connections
    const run = (name: string, ...words: ReadonlyArray<string>) =>
      user.run(["agentctl", "run", "-d", "--name", name, "--cwd", `${user.home}/project`, ...words], {
        env: { PATH: `${user.home}/bin:/usr/bin:/bin`, SECRET: "hunter2" }
      })
    /** Without anybody having asked for anything: the daemon is there, and then the session. */
    const goesOnByItself = async () => {
      await user.until("the daemon to be started at boot", async () => (await user.daemon()) > 0)
      await user.until("the agent to go on", async () =>
        (await known()).some(({ name, status }) => name === "agent" && status === "running")
      )
    }

    it(
      "interrupts sessions; one that asked for it goes on by itself, once, where it was",
      async () => {
        await run(
          "agent",
          "--restart",
          "on-boot",
          "--cols",
          "91",
          "--rows",
          "27",
          "--tag",
          "t",
          // It is no Claude Code, and would print the options it is given for them.
          "--hooks",
          "off",
          "--",
          "claude",
          "do it"
        )
        await run("shell", "--", "bash", "-c", "echo shell said; exec sleep 1000")
        await said(user, "agent", "claude \\[do it\\].*hunter2")
        await said(user, "shell", "shell said")
        const before = await boot()
        // Who waits keeps a daemon that is stopped for seconds: time to see what systemd does to the sessions.
        const waiting = user.spawn(["agentctl", "wait", "shell"])
        await user.until("it to wait", async () => (await connections()) > 1)
        await machine.restart("in good order")
        waiting.kill()
        expect(await boot()).not.toBe(before)
        await goesOnByItself()
        await said(
          user,
          "agent",
          `claude \\[--continue\\] in ${user.home}/project, 27 91, home ${user.home}, secret \\.`
        )
        const sessions = await known()
        expect(sessions).toMatchObject([
          { name: "agent", status: "interrupted", exit: { by: "reboot", code: null, signal: null } },
          { name: "shell", status: "interrupted", exit: { by: "reboot" }, resumedBy: null },
          { name: "agent", status: "running", tags: ["t"], resumedFrom: sessions[0]!.id, cols: 91, rows: 27 }
        ])
        // Killed and started again, the daemon does nothing a second time.
        await user.killDaemon()
        expect(await known()).toHaveLength(3)
        const logs = (await user.agentctl("logs", "agent", "--all", "--text")).stdout
        expect(logs).toMatch(/claude \[do it\].*claude \[--continue\]/s)
        expect((await user.agentctl("screen", "agent", "--scrollback", "100")).stdout).toMatch(
          /claude \[do it\].*the machine was rebooted.*claude \[--continue\]/s
        )
      },
      TEST_MS
    )

    it(
      "by a power cut does the same, and those that did not ask are started by agentctl resume --interrupted",
      async () => {
        await machine.restart("power cut")
        await goesOnByItself()
        const agents = (await known()).filter(({ name }) => name === "agent")
        expect(agents).toMatchObject([
          { exit: { by: "reboot" } },
          { exit: { by: "reboot" }, resumedFrom: agents[0]!.id },
          { status: "running", resumedFrom: agents[1]!.id, argv: ["claude", "--continue"] }
        ])
        expect((await user.agentctl("resume", "--interrupted", "--dry-run")).stdout).toContain("shell: bash -c")
        expect((await user.agentctl("resume", "--interrupted")).stdout).toBe("shell\n")
        await said(user, "shell", "shell said")
        expect((await user.agentctl("resume", "--interrupted")).stdout).toContain("No session waits")
      },
      TEST_MS
    )

    it(
      "starts no daemon for users none of whose sessions asked for it",
      async () => {
        await user.agentctl("stop", "agent")
        await user.agentctl("stop", "shell")
        await run("plain", "--", "sleep", "1000")
        await machine.restart("in good order")
        await user.until(
          "agentd-resume to have looked",
          async () => (await user.show("agentd-resume.service", "ConditionResult")).ConditionResult === "no"
        )
        await user.systemctl("is-active", "agentd.socket")
        expect(await user.daemon()).toBe(0)
        expect((await known()).at(-1)).toMatchObject({ name: "plain", status: "interrupted", exit: { by: "reboot" } })
      },
      TEST_MS
    )
  })
}
