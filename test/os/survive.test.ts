/**
 * What happens to sessions when their daemon crashes, hangs, is restarted, stopped or replaced: nothing.
 */
import { expect, it } from "vitest"
import { hookedAgent } from "./support/hookedAgent.ts"
import { onSystems } from "./support/onSystems.ts"
import { ended, type Listed, listed, numbers, said, unitOf } from "./support/sessions.ts"

onSystems("sessions and their daemon", ({ machine, system, user }) => {
  it("starts the daemon when it is first used, and nothing before", async () => {
    await using somebody = await user()
    expect(await somebody.daemon()).toBe(0)
    expect(await somebody.processes()).toEqual([])
    const began = performance.now()
    await somebody.agentctl("ls")
    process.stdout.write(`${system.name}: first answer after ${Math.round(performance.now() - began)} ms\n`)
    const { StatusText, SubState } = await somebody.show("agentd.service", "StatusText", "SubState")
    expect({ StatusText, SubState }).toEqual({
      StatusText: `listening on ${somebody.runtime}/agentd/api.sock`,
      SubState: "running"
    })
  })

  it("runs each session as a service of its own, beside the daemon and without its sandbox", async () => {
    await using somebody = await user()
    const { id } = await somebody.json<Listed>("run", "-d", "--", "sleep", "1000")
    const { ControlGroup, MainPID, Slice } = await somebody.show(unitOf(id), "ControlGroup", "MainPID", "Slice")
    expect(Slice).toBe("app-agentd.slice")
    expect(ControlGroup).toContain(`/app-agentd.slice/${unitOf(id)}`)
    const status = async (pid: number | string) =>
      (await somebody.read(`/proc/${pid}/status`)).match(/^(NoNewPrivs|CapBnd|Seccomp_filters):.*$/gm)
    const manager = (await machine().run(["pgrep", "-u", somebody.name, "-x", "systemd"])).stdout.trim()
    expect(await status(MainPID!)).toEqual(await status(manager))
    expect(await status(await somebody.daemon())).not.toEqual(await status(manager))
  })

  const deaths: Readonly<Record<string, (somebody: Awaited<ReturnType<typeof user>>) => Promise<unknown>>> = {
    "kill -9": (somebody) => somebody.killDaemon("KILL"),
    "a crash (SIGSEGV)": (somebody) => somebody.killDaemon("SEGV"),
    "a restart": (somebody) => somebody.systemctl("restart", "agentd.service"),
    "a hang that the watchdog ends": async (somebody) => {
      await somebody.dropIn("agentd.service", "watchdog", "[Service]\nWatchdogSec=2\n")
      await somebody.systemctl("restart", "agentd.service")
      await somebody.killDaemon("STOP")
      expect(await somebody.journal()).toContain("Watchdog timeout")
    },
    "a new service manager (daemon-reexec)": async (somebody) => {
      await somebody.systemctl("daemon-reexec")
      await somebody.killDaemon("KILL")
    }
  }
  for (const [name, death] of Object.entries(deaths)) {
    it(`survive ${name}: the same process, every line, and what is typed still arrives`, async () => {
      await using somebody = await user()
      const { id } = await somebody.json<Listed>("run", "-d", "--name", "counter", "--", "bash", "-c", numbers(500))
      const shell = await somebody.json<Listed>("run", "-d", "--name", "shell", "--", "cat")
      const { MainPID } = await somebody.show(unitOf(id), "MainPID")
      await death(somebody)
      expect(await listed(somebody)).toEqual([
        ["counter", "running"],
        ["shell", "running"]
      ])
      expect((await somebody.show(unitOf(id), "MainPID")).MainPID).toBe(MainPID)
      await somebody.agentctl("send", "shell", "--enter", "still there")
      await said(somebody, "shell", "still there\\r?\\nstill there")
      await somebody.killDaemon()
      await somebody.write(`${somebody.home}/go`, "")
      await somebody.agentctl("wait", "counter")
      const text = (await somebody.agentctl("logs", "counter", "--text")).stdout
      expect(text.trim().split("\n")).toEqual(Array.from({ length: 500 }, (_, i) => `line ${i + 1}`))
      expect(shell.id).not.toBe(id)
    })
  }

  it("remembers after kill -9 what a hook said of a session, with its source, its time and its question", async () => {
    await using somebody = await user()
    const agent = await hookedAgent(somebody)
    await somebody.agentctl("run", "-d", "--name", "agent", "--", agent)
    await somebody.agentctl("wait", "agent", "--for", "needs-permission", "--timeout", "30s")
    const asking = async () =>
      (await somebody.json<ReadonlyArray<{ readonly state: object }>>("ls", "--state", "needs-permission")).map(
        ({ state }) => state
      )
    const before = await asking()
    expect(before).toMatchObject([{ name: "needs-permission", source: "hook", question: "Bash: make" }])
    await somebody.killDaemon("KILL")
    expect(await asking()).toEqual(before)
    await somebody.systemctl("restart", "agentd.service")
    expect(await asking()).toEqual(before)
    // It was answered: that is remembered as well.
    await somebody.agentctl("send", "agent", "--enter", "yes")
    await somebody.agentctl("wait", "agent", "--for", "unknown", "--timeout", "30s")
    await somebody.killDaemon("KILL")
    expect(await asking()).toEqual([])
    await somebody.agentctl("stop", "--all", "--yes")
  })

  it(
    system.systemd >= 254
      ? "keeps sessions from a stop of the daemon to its next start"
      : "reports sessions as lost when the daemon is stopped, and leaves nothing of them running",
    async () => {
      await using somebody = await user()
      await somebody.agentctl("run", "-d", "--name", "one", "--", "bash", "-c", "echo said; sleep 1000")
      await said(somebody, "one", "said")
      await somebody.systemctl("stop", "agentd.service")
      expect(await somebody.daemon()).toBe(0)
      const [one] = await somebody.json<ReadonlyArray<Listed>>("ls", "--all")
      if (system.systemd >= 254) expect(one?.status).toBe("running")
      else {
        expect(one).toMatchObject({ status: "interrupted", exit: { by: "lost" } })
        await somebody.until(
          "its program to end",
          async () => !(await somebody.processes()).some((it) => /sleep/.test(it))
        )
      }
      expect((await somebody.agentctl("logs", "one", "--text")).stdout).toContain("said")
    }
  )

  it("are kept by agentctl daemon restart, and named before agentctl daemon stop ends them", async () => {
    await using somebody = await user()
    await somebody.agentctl("run", "-d", "--name", "one", "--", "sleep", "1000")
    const before = await somebody.daemon()
    await somebody.agentctl("daemon", "restart")
    expect(await somebody.daemon()).not.toBe(before)
    expect(await listed(somebody)).toEqual([["one", "running"]])
    const stopped = await somebody.run(["agentctl", "daemon", "stop"], { mayFail: true })
    if (system.systemd >= 254) expect(stopped.code).toBe(0)
    else {
      expect(stopped.code).toBe(6)
      expect(stopped.stderr).toContain("1 live session ends with the daemon: one")
    }
    expect(await listed(somebody)).toEqual([["one", "running"]])
  })

  it("reads its configuration again when systemd reloads it, and sessions go on", async () => {
    await using somebody = await user()
    await somebody.agentctl("run", "-d", "--name", "one", "--", "sleep", "1000")
    const before = await somebody.daemon()
    await somebody.write(`${somebody.home}/.config/agentd/agentd.toml`, '[session]\nterm = "vt100"\n')
    await somebody.systemctl("reload", "agentd.service")
    await somebody
    await somebody.until("it to be said", async () => (await somebody.journal()).includes("changed: session.term"))
    expect(await somebody.daemon()).toBe(before)
    expect((await somebody.show("agentd.service", "ActiveState", "SubState")).SubState).toBe("running")
    expect(await listed(somebody)).toContainEqual(["one", "running"])
  })

  it("has what a session printed, and how it ended, while no daemon ran", async () => {
    await using somebody = await user()
    const script = 'until [ -e "$HOME/go" ]; do sleep 0.02; done; seq 1 300; echo end; exit 37'
    const { id } = await somebody.json<Listed>("run", "-d", "--name", "one", "--", "bash", "-c", script)
    // Held back: systemd would start it again at once.
    await somebody.dropIn("agentd.service", "later", "[Service]\nRestartSec=3\n")
    await somebody.killDaemon()
    await somebody.write(`${somebody.home}/go`, "")
    await somebody.until("the unit to end", async () => {
      const { ActiveState } = await somebody.show(unitOf(id), "ActiveState")
      return ActiveState !== "active" && ActiveState !== "deactivating"
    })
    expect(await somebody.daemon()).toBe(0)
    expect(await ended(somebody, "one")).toMatchObject({ code: 37, by: "program" })
    const text = (await somebody.agentctl("logs", "one", "--text")).stdout
    expect(text.trim().split("\n")).toEqual([...Array.from({ length: 300 }, (_, i) => String(i + 1)), "end"])
  })
})
