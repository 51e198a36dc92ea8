// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are for shells and for systemd, and must be left as they are
/**
 * What a session in a sandbox can and cannot do, tried from inside of it; and limits, as far as a container can hold anybody to them.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { expect, it } from "vitest"
import { hookedAgent } from "./support/hookedAgent.ts"
import { onSystems } from "./support/onSystems.ts"
import { ended, type Listed, said } from "./support/sessions.ts"
import type { User } from "./support/User.ts"

/** Runs a script in a session in this directory and sandbox; what it printed, line by line. */
const inside = async (user: User, cwd: string, sandbox: string, script: string): Promise<ReadonlyArray<string>> => {
  const argv = ["agentctl", "run", "--sandbox", sandbox, "--", "bash", "-c", script]
  const { code, stderr, stdout } = await user.run(argv, { cwd, mayFail: true })
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}${stdout}`)
  return stdout.split(/\r?\n/).slice(0, -1)
}

/** A script that says of each line of shell whether it works. */
const tries = (...lines: ReadonlyArray<string>) =>
  lines.map((line) => `if ( ${line} ) >/dev/null 2>&1; then echo yes; else echo no; fi`).join("\n")

const connects = "exec 3<>/dev/tcp/127.0.0.1/$PORT"

onSystems("a sandbox", ({ machine, user }) => {
  const profile = (name: string, text: string) => {
    const path = machine().path(`/etc/agentd/sandbox.d/${name}.toml`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode: 0o644 })
    return path
  }

  it("keeps a session in its working tree: home and system read-only, no network, a /tmp of its own", async () => {
    await using somebody = await user()
    const project = `${somebody.home}/a project: %h $y \\ é`
    await somebody.run(["mkdir", "-p", `${project}/sub`, `${project}/.git/hooks`])
    await somebody.bash("echo secret >/tmp/outside")
    const script = tries(
      'echo 1 >"$PWD/new"',
      "mkdir sub/deeper",
      "cat ~/.bashrc",
      "echo 1 >~/new",
      "echo 1 >~/.bashrc",
      "echo 1 >/usr/local/new",
      "echo 1 >/tmp/mine",
      "cat /tmp/outside",
      "test -e $XDG_RUNTIME_DIR/bus",
      "test -e $XDG_RUNTIME_DIR/systemd",
      "systemd-run --user true",
      "agentctl ls",
      "echo $$ >/sys/fs/cgroup/cgroup.procs",
      "umount /tmp",
      "test -e /run/dbus/system_bus_socket",
      "echo 1 >.git/index",
      "echo 1 >.git/hooks/pre-commit",
      "mv .git .git-away",
      "mv .git/hooks .git/hooks-away",
      "ip route get 1.1.1.1"
    )
    expect(await inside(somebody, project, "workspace", script)).toEqual([
      ..."yes yes yes no no no yes no no no no no no no no yes no no no no".split(" ")
    ])
    expect((await somebody.run(["ls", project])).stdout.split("\n")).toContain("new")
    expect((await somebody.bash("ls /tmp")).stdout).not.toContain("mine")
    const session = await somebody.json<Listed & { sandbox: string }>("inspect", "-")
    expect(session.sandbox).toBe("workspace")
    expect((await somebody.agentctl("inspect", "-")).stdout).toMatch(/^sandbox +workspace$/m)
  })

  it("shuts the network off, and a profile of the administrator's opens what it names", async () => {
    await using somebody = await user()
    await somebody.bash("mkdir -p project cache")
    profile("online", 'network = true\ndaemon = true\nread_write = ["~/cache", "~/missing"]\nhidden = ["~/.bashrc"]\n')
    const project = `${somebody.home}/project`
    const server =
      'use Socket; socket(S,PF_INET,SOCK_STREAM,0); bind(S,sockaddr_in(0,INADDR_LOOPBACK)); listen(S,9); $|=1; print "port=",(sockaddr_in(getsockname(S)))[0],"\\n"; while(accept(C,S)){close C}'
    await somebody.agentctl("run", "-d", "--name", "server", "--", "perl", "-e", server)
    await said(somebody, "server", "port=\\d+")
    const port = /port=(\d+)/.exec((await somebody.agentctl("logs", "server")).stdout)?.[1]
    const script = `PORT=${port}\n${tries(connects, "agentctl ls", "echo 1 >~/cache/new", "echo 1 >~/new", "cat ~/.bashrc", "test -e $XDG_RUNTIME_DIR/bus")}`
    expect(await inside(somebody, project, "open", script)).toEqual("yes yes yes yes yes yes".split(" "))
    expect(await inside(somebody, project, "workspace", script)).toEqual("no no no no yes no".split(" "))
    expect(await inside(somebody, project, "online", script)).toEqual("yes yes yes no no no".split(" "))
  })

  it("lets an agent's hooks tell its state where its profile leads to the daemon, and keeps no agent that they cannot", async () => {
    await using somebody = await user()
    profile("telling", "daemon = true\n")
    const agent = await hookedAgent(somebody)
    for (const sandbox of ["open", "telling", "workspace"]) {
      const argv = ["agentctl", "run", "-d", "--name", sandbox, "--sandbox", sandbox, "--", agent]
      await somebody.run(argv, { cwd: `${somebody.home}/project` })
    }
    for (const sandbox of ["open", "telling", "workspace"]) await said(somebody, sandbox, "hook ended 0")
    type Told = { readonly name: string; readonly state: object }
    const asking = await somebody.json<ReadonlyArray<Told>>("ls", "--state", "needs-permission")
    expect(asking.map(({ name, state }) => ({ name, state }))).toMatchObject(
      ["open", "telling"].map((name) => ({ name, state: { source: "hook", question: "Bash: make" } }))
    )
    expect(asking).toHaveLength(2)
    await somebody.agentctl("stop", "open", "telling", "workspace")
  })

  it("puts an empty home in the place of the real one", async () => {
    await using somebody = await user()
    await somebody.bash("mkdir project")
    profile("empty", 'home = "empty"\nread_only = ["~/.profile"]\n')
    const script = tries(
      "echo 1 >here",
      "test -e ~/.profile",
      "test -e ~/.bashrc",
      "echo 1 >~/scratch",
      "echo 1 >>~/.profile"
    )
    expect(await inside(somebody, `${somebody.home}/project`, "empty", script)).toEqual("yes yes no yes no".split(" "))
    expect((await somebody.bash("ls project; ls -a")).stdout).toContain("here")
    expect((await somebody.bash("ls -a")).stdout).not.toContain("scratch")
  })

  it("works in a directory below /tmp too", async () => {
    await using somebody = await user()
    await somebody.bash("mkdir /tmp/mine-$(id -u)")
    const there = `/tmp/mine-${somebody.uid}`
    expect(await inside(somebody, there, "workspace", tries("echo 1 >here", "echo 1 >../beside"))).toEqual([
      "yes",
      "yes"
    ])
    expect((await somebody.bash(`ls /tmp ${there}`)).stdout).toContain("here")
    expect((await somebody.bash("ls /tmp")).stdout).not.toContain("beside")
  })

  it("has input from a pipe, secrets, a terminal, its exit code and its end as any session", async () => {
    await using somebody = await user()
    await somebody.bash("mkdir project")
    const cwd = `${somebody.home}/project`
    const sorted = await somebody.run(["agentctl", "run", "--sandbox", "workspace", "--", "sort"], {
      cwd,
      input: "b\na\n"
    })
    expect(sorted.stdout).toBe("a\nb\n")
    await somebody.bash("umask 077; echo hunter2 >token")
    const secret = ["--secret-file", "KEY_FILE=../token", "--", "bash", "-c", "cat $KEY_FILE"]
    const told = await somebody.run(["agentctl", "run", "--sandbox", "workspace", ...secret], { cwd, input: "" })
    expect(told.stdout).toBe("hunter2\n")
    const argv = [
      "agentctl",
      "run",
      "-d",
      "--name",
      "one",
      "--sandbox",
      "workspace",
      "--",
      "bash",
      "-c",
      "tty; sleep 1000"
    ]
    await somebody.run(argv, { cwd })
    await said(somebody, "one", "/dev/pts/\\d+")
    await somebody.killDaemon()
    await somebody.agentctl("stop", "one")
    expect(await ended(somebody, "one")).toMatchObject({ by: "stop", took: "term" })
    const left = await somebody.run(["agentctl", "run", "--sandbox", "workspace", "--", "bash", "-c", "exit 33"], {
      cwd,
      mayFail: true
    })
    expect(left.code).toBe(33)
    await somebody.agentctl("resume", "-d", "one")
    expect((await somebody.json<Listed & { sandbox: string }>("inspect", "one")).sandbox).toBe("workspace")
  })

  it("is refused where it would be none: an unknown profile, a home for a working tree, a bad file", async () => {
    await using somebody = await user()
    await somebody.bash("mkdir project")
    const refused = async (cwd: string, ...flags: ReadonlyArray<string>) => {
      const { code, stderr } = await somebody.run(["agentctl", "run", ...flags, "--", "true"], { cwd, mayFail: true })
      expect(code).not.toBe(0)
      return stderr
    }
    const project = `${somebody.home}/project`
    profile("bad", "network = 1\n")
    profile("writable", "network = true\n")
    await machine().run(["chmod", "666", "/etc/agentd/sandbox.d/writable.toml"])
    expect(await refused(project, "--sandbox", "nothing")).toContain(
      'there is no profile "nothing"; there are open, workspace, bad'
    )
    expect(await refused(somebody.home, "--sandbox", "workspace")).toContain("start it in a project's directory")
    await somebody.run(["mkdir", `${somebody.home}/it's`])
    expect(await refused(`${somebody.home}/it's`, "--sandbox", "workspace")).toContain("a path with quotes")
    expect(await refused(project, "--sandbox", "bad")).toContain("bad.toml:1: network: expected true or false, found 1")
    expect(await refused(project, "--sandbox", "writable")).toContain("others than its owner may write to it")
    expect((await somebody.json<ReadonlyArray<Listed>>("ls", "--all")).length).toBe(0)
  })

  it("may be locked by the administrator, for every session", async () => {
    await using somebody = await user()
    await somebody.bash("mkdir project")
    const policy = machine().path("/etc/agentd/conf.d/10-sandbox.toml")
    mkdirSync(dirname(policy), { recursive: true })
    writeFileSync(policy, '[session]\nsandbox = "workspace"\n[lock]\nkeys = ["session.sandbox"]\n')
    try {
      const cwd = `${somebody.home}/project`
      const argv = ["agentctl", "run", "--sandbox", "open", "--", "true"]
      const { code, stderr } = await somebody.run(argv, { cwd, mayFail: true })
      expect(code).toBe(5)
      expect(stderr).toContain('session.sandbox is locked at "workspace" by /etc/agentd/conf.d/10-sandbox.toml:2')
      const { stdout } = await somebody.run(["agentctl", "run", "--", "bash", "-c", tries("echo 1 >~/new")], { cwd })
      expect(stdout.trim()).toBe("no")
    } finally {
      rmSync(policy)
    }
  })
})

onSystems("limits of a session", ({ machine, user }) => {
  it("are properties of its unit, or refused with the controller that is missing", async () => {
    await using somebody = await user()
    const controllers = (await somebody.bash("cat /sys/fs/cgroup/cgroup.controllers")).stdout.trim().split(" ")
    const flags = ["--memory", "256M", "--tasks", "64"]
    const argv = ["agentctl", "run", "--json", "-d", "--name", "held", ...flags, "--", "sleep", "1000"]
    const { code, stderr, stdout } = await somebody.run(argv, { mayFail: true })
    if (!controllers.includes("memory") || !controllers.includes("pids")) {
      expect(code).not.toBe(0)
      expect(`${stdout}${stderr}`).toMatch(/hierarchy has no controller .*(memory|pids)/)
      expect(await somebody.json<ReadonlyArray<Listed>>("ls", "--all")).toEqual([])
      return
    }
    const { id } = JSON.parse(stdout) as Listed
    const unit = await somebody.show(`agentd-session-${id}.service`, "MemoryMax", "MemorySwapMax", "TasksMax")
    expect(unit).toEqual({ MemoryMax: String(256 * 1024 ** 2), MemorySwapMax: "0", TasksMax: "64" })
  })

  it("are bounded by what the administrator has locked", async () => {
    await using somebody = await user()
    const policy = machine().path("/etc/agentd/conf.d/20-limits.toml")
    mkdirSync(dirname(policy), { recursive: true })
    writeFileSync(policy, '[limits]\ntimeout = "1h"\n[lock]\nkeys = ["limits.timeout"]\n')
    try {
      for (const loose of ["none", "61m"]) {
        const argv = ["agentctl", "run", "--timeout", loose, "--", "true"]
        const { code, stderr } = await somebody.run(argv, { mayFail: true })
        expect(code).toBe(5)
        expect(stderr).toContain("limits.timeout is locked at 1h by /etc/agentd/conf.d/20-limits.toml:2")
      }
      await somebody.agentctl("run", "-d", "--name", "tight", "--timeout", "59m", "--", "sleep", "1000")
      await somebody.agentctl("run", "-d", "--name", "usual", "--", "sleep", "1000")
      expect((await somebody.agentctl("inspect", "tight")).stdout).toMatch(/^limits +timeout 3540 s$/m)
      expect((await somebody.agentctl("inspect", "usual")).stdout).toMatch(/^limits +timeout 3600 s$/m)
    } finally {
      rmSync(policy)
    }
  })

  it("in time end it gently, whether or not the daemon that started it is still there", async () => {
    await using somebody = await user()
    const script = "trap '' HUP; trap 'echo asked; exit 3' TERM; while :; do sleep 0.1; done"
    await somebody.agentctl(
      "run",
      "-d",
      "--name",
      "short",
      "--timeout",
      "2s",
      "--nice",
      "4",
      "--",
      "bash",
      "-c",
      script
    )
    const { id } = await somebody.json<Listed>("inspect", "short")
    const unit = await somebody.show(`agentd-session-${id}.service`, "RuntimeMaxUSec", "Nice")
    // The two seconds, five of grace and half a minute.
    expect(unit).toEqual({ RuntimeMaxUSec: "37s", Nice: "4" })
    await somebody.killDaemon()
    expect(await ended(somebody, "short")).toMatchObject({ by: "timeout", code: 3, took: "term" })
    expect((await somebody.agentctl("ls", "--all")).stdout).toContain("exit 3 (timeout)")
  })

  it("show what it uses", async () => {
    await using somebody = await user()
    const script = 'perl -e \'my $x = "x" x (20 << 20); $|=1; print "held\\n"; sleep 1000\''
    await somebody.agentctl("run", "-d", "--name", "user", "--", "bash", "-c", `${script} & wait`)
    await said(somebody, "user", "held")
    type Used = {
      readonly usage: { readonly memoryBytes: number; readonly cpuMs: number; readonly tasks: number } | null
    }
    const { usage } = await somebody.json<Used>("inspect", "user")
    expect(usage?.memoryBytes).toBeGreaterThan(20 * 1024 ** 2)
    expect(usage?.tasks).toBe(2)
    expect((await somebody.agentctl("ls", "--long")).stdout).toMatch(/MEMORY +CPU +TASKS/)
    expect((await somebody.json<ReadonlyArray<Used>>("ls"))[0]?.usage).toBeNull()
    await somebody.killDaemon()
    expect((await somebody.json<ReadonlyArray<Used>>("ls", "--long"))[0]?.usage?.tasks).toBe(2)
  })
})

onSystems("a host that lets nobody make namespaces", ({ machine, user }) => {
  it("is found out before a session starts that would be in no sandbox", async () => {
    await using somebody = await user()
    await somebody.bash("mkdir project")
    // The daemon's own sandbox needs them too; docs/operations.md says how to do without.
    await machine().run(["sh", "-c", "rm /usr/lib/systemd/user/agentd.service.d/*sandbox.conf"])
    const dropIn = machine().path(`/etc/systemd/system/user@${somebody.uid}.service.d/none.conf`)
    mkdirSync(dirname(dropIn), { recursive: true })
    writeFileSync(dropIn, "[Service]\nRestrictNamespaces=yes\n")
    await machine().run(["systemctl", "daemon-reload"])
    await machine().run(["systemctl", "restart", `user@${somebody.uid}.service`])
    const cwd = `${somebody.home}/project`
    const run = (sandbox: string) =>
      somebody.run(["agentctl", "run", "--sandbox", sandbox, "--", "echo", "ran"], { cwd, mayFail: true })
    const { code, stderr, stdout } = await run("workspace")
    expect(stdout).not.toContain("ran")
    expect(code).not.toBe(0)
    expect(stderr).toContain('The sandbox "workspace" cannot be enforced here')
    expect(stderr).toContain("user namespaces")
    expect(await somebody.json<ReadonlyArray<Listed>>("ls", "--all")).toEqual([])
    expect((await run("open")).stdout).toContain("ran")
  })
})
