/**
 * What is wrong around the daemon: it says so, or carries on; it never takes its socket or its sessions along.
 */
import { expect, it } from "vitest"
import { onSystems } from "./support/onSystems.ts"
import { ended, type Listed, listed, said, unitOf } from "./support/sessions.ts"

onSystems("trouble", ({ machine, system, user }) => {
  it("a daemon that fails again and again does not close the socket, and serves once it can", async () => {
    await using somebody = await user()
    await somebody.agentctl("run", "-d", "--name", "kept", "--", "sleep", "1000")
    await somebody.dropIn("agentd.service", "broken", "[Service]\nExecStartPre=/bin/false\n")
    await somebody.killDaemon()
    await somebody.until(
      "ten failures",
      async () => Number((await somebody.show("agentd.service", "NRestarts")).NRestarts) >= 10
    )
    expect((await somebody.show("agentd.socket", "ActiveState")).ActiveState).toBe("active")
    await somebody.dropIn("agentd.service", "broken", "")
    expect(await listed(somebody)).toEqual([["kept", "running"]])
  })

  it("a broken configuration is named, and its repair is enough", async () => {
    await using somebody = await user()
    const file = `${somebody.home}/.config/agentd/agentd.toml`
    await somebody.write(file, "[session]\ncols = -1\n")
    const failed = await somebody.systemctl("start", "agentd.service").catch((cause: unknown) => cause)
    expect(failed).toBeInstanceOf(Error)
    await somebody.until("it to be said", async () => (await somebody.journal()).includes("session.cols"))
    expect((await somebody.show("agentd.service", "ExecMainStatus")).ExecMainStatus).toBe("78")
    await somebody.write(file, "")
    expect(await listed(somebody)).toEqual([])
  })

  it("a drop-in nobody but root can read, and a locked key that is set all the same, are named", async () => {
    await using somebody = await user()
    const folder = "/etc/agentd/conf.d"
    const starts = async () => (await somebody.systemctl("start", "agentd.service").catch(() => null)) !== null
    const statusOf = async () => (await somebody.show("agentd.service", "ExecMainStatus")).ExecMainStatus
    try {
      await machine().run([
        "bash",
        "-c",
        `mkdir -p ${folder} && echo >${folder}/50-secret.toml && chmod 600 ${folder}/*`
      ])
      expect(await starts()).toBe(false)
      expect(await statusOf()).toBe("78")
      await somebody.until("the file to be named", async () => {
        const journal = await somebody.journal()
        return journal.includes(`${folder}/50-secret.toml`) && journal.includes("permission denied")
      })
      const locking = '[session]\ncols = 90\n[lock]\nkeys = ["session.cols"]\n'
      await machine().run(["bash", "-c", `cat >${folder}/50-secret.toml && chmod 644 ${folder}/*`], { input: locking })
      const file = `${somebody.home}/.config/agentd/agentd.toml`
      await somebody.write(file, "[session]\ncols = 100\n")
      expect(await starts()).toBe(false)
      await somebody.until("both places to be named", async () =>
        (await somebody.journal()).includes(`this key is locked by ${folder}/50-secret.toml:4`)
      )
      expect(await somebody.journal()).toContain(`${file}:2: session.cols`)
      await somebody.write(file, "")
      expect(await listed(somebody)).toEqual([])
    } finally {
      await machine().run(["rm", "-r", folder])
    }
  })

  it("a second daemon for the same store names the first and leaves", async () => {
    await using somebody = await user()
    await somebody.agentctl("run", "-d", "--name", "kept", "--", "sleep", "1000")
    const pid = await somebody.daemon()
    const second = await somebody.run(["agentd"], { mayFail: true })
    expect(second.code).toBe(75)
    expect(second.stderr).toContain(String(pid))
    expect(await listed(somebody)).toEqual([["kept", "running"]])
  })

  it("a descriptor kept under a session's name that is no terminal costs at most that session", async () => {
    await using somebody = await user()
    const { id } = await somebody.json<Listed>("run", "-d", "--name", "one", "--", "sleep", "1111")
    await somebody.agentctl("run", "-d", "--name", "two", "--", "sleep", "2222")
    await somebody.systemctl("stop", "agentd.service")
    await somebody.write(
      `${somebody.home}/.config/systemd/user/other.socket`,
      `[Socket]\nListenStream=%t/other.sock\nFileDescriptorName=session-${id}\nService=agentd.service\n`
    )
    await somebody.systemctl("daemon-reload")
    await somebody.systemctl("start", "other.socket")
    const found = await listed(somebody, "--all")
    // Before systemd 254 a stop loses the real terminals anyway.
    const status = system.systemd >= 254 ? "running" : "interrupted"
    expect(found).toEqual([
      ["one", status],
      ["two", status]
    ])
    expect((await somebody.show("agentd.service", "SubState")).SubState).toBe("running")
    if (status === "interrupted") {
      await somebody.until(
        "their programs to end",
        async () => !(await somebody.processes()).some((it) => /1111|2222/.test(it))
      )
    }
  })

  it("wrong LISTEN_FDS in a daemon's environment are no reason to fail, a wrong socket is one", async () => {
    await using somebody = await user()
    const start = (variables: string) =>
      `mkdir -m 700 -p ~/rt; export XDG_RUNTIME_DIR=$HOME/rt XDG_STATE_HOME=$HOME/st AGENTD_SOCKET=$HOME/rt/s
       sh -c 'LISTEN_PID=$$ ${variables} exec agentd --ephemeral 3</dev/null'`
    // It ends by itself when nobody comes.
    await somebody.write(`${somebody.home}/.config/agentd/agentd.toml`, '[daemon]\nidle_exit = "1s"\n')
    const served = await somebody.bash(start("LISTEN_FDS=9 LISTEN_FDNAMES=session-ses_x:a"), { mayFail: true })
    expect(served).toMatchObject({ code: 0 })
    expect(served.stderr).toContain("listens on")
    const refused = await somebody.bash(start("LISTEN_FDS=1 LISTEN_FDNAMES=api"), { mayFail: true })
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain("Cannot listen on")
  })

  it("sessions that ended with their user manager are listed as interrupted, with what they printed", async () => {
    await using somebody = await user()
    await somebody.agentctl("run", "-d", "--name", "one", "--", "bash", "-c", "echo something; sleep 1000")
    await said(somebody, "one", "something")
    await somebody.unlinger()
    expect(await somebody.processes()).toEqual([])
    await somebody.linger()
    expect(await listed(somebody, "--all")).toEqual([["one", "interrupted"]])
    expect((await somebody.agentctl("logs", "one", "--text")).stdout).toContain("something")
    expect(await ended(somebody, "one")).toMatchObject({ by: "lost" })
  })

  it("an end that its unit could not record is known all the same", async () => {
    await using somebody = await user()
    const { id } = await somebody.json<Listed>("run", "-d", "--name", "one", "--", "sleep", "1000")
    await somebody.bash("rm $XDG_RUNTIME_DIR/agentd/record-end")
    await somebody.systemctl("kill", "--signal=USR1", unitOf(id))
    expect(await ended(somebody, "one")).toMatchObject({ code: null, signal: "SIGUSR1" })
    await somebody.until(
      "its unit to be let go",
      async () => (await somebody.show(unitOf(id), "LoadState")).LoadState === "not-found"
    )
  })
})
