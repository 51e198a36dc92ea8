/**
 * An ordinary user on a machine, with a user manager and maybe an agentd: what they type, and what the tests need to know of it.
 */
import type { ChildProcess } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { root } from "../../../packaging/build/root.ts"
import { PROGRAM } from "./install.ts"
import { environment, type Machine, type Result, type RunOptions } from "./Machine.ts"

/** Milliseconds until what should happen soon has happened, on a busy host. */
const SOON_MS = 20_000

export class User implements AsyncDisposable {
  readonly home: string
  readonly runtime: string
  readonly machine: Machine
  readonly name: string
  readonly uid: number
  /** What was in the journal at the end. */
  lastJournal = ""

  constructor(machine: Machine, name: string, uid: number) {
    this.machine = machine
    this.name = name
    this.uid = uid
    this.home = `/home/${name}`
    this.runtime = `/run/user/${uid}`
  }

  /** Runs a program as this user would from a shell after logging in. */
  run(argv: ReadonlyArray<string>, options: RunOptions = {}): Promise<Result> {
    return this.machine.execute(this.#as(argv, options.env), { cwd: this.home, ...options })
  }

  spawn(argv: ReadonlyArray<string>): ChildProcess {
    return this.machine.spawn(this.#as(argv, {}))
  }

  /** A script for bash. */
  bash(script: string, options: RunOptions = {}): Promise<Result> {
    return this.run(["bash", "-c", script], options)
  }

  agentctl(...args: ReadonlyArray<string>): Promise<Result> {
    return this.run(["agentctl", ...args])
  }

  /** What `agentctl COMMAND --json …` prints. */
  async json<A>(command: string, ...args: ReadonlyArray<string>): Promise<A> {
    return JSON.parse((await this.agentctl(command, "--json", ...args)).stdout) as A
  }

  systemctl(...args: ReadonlyArray<string>): Promise<Result> {
    return this.run(["systemctl", "--user", ...args])
  }

  /** Properties of a unit. */
  async show(unit: string, ...properties: ReadonlyArray<string>): Promise<Readonly<Record<string, string>>> {
    const { stdout } = await this.systemctl("show", `--property=${properties.join(",")}`, unit)
    return Object.fromEntries(
      stdout
        .trim()
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)])
    )
  }

  /** Polls, because what is waited for happens in another machine: its value once it is neither null nor false. */
  async until<A>(what: string, look: () => Promise<A | null | false>): Promise<A> {
    const end = Date.now() + SOON_MS
    for (;;) {
      const found = await look()
      if (found !== null && found !== false) return found
      if (Date.now() > end) throw new Error(`not within ${SOON_MS / 1000} s: ${what}`)
      await pause(20)
    }
  }

  /** The daemon's pid in the machine; 0 while none runs. */
  async daemon(): Promise<number> {
    return Number((await this.show("agentd.service", "MainPID")).MainPID)
  }

  /** Kills the daemon that runs now, as a crash would, and waits until systemd has noticed. */
  async killDaemon(signal = "KILL"): Promise<void> {
    const pid = await this.daemon()
    if (!(pid > 1)) throw new Error("no daemon runs")
    await this.run(["kill", `-${signal}`, String(pid)])
    await this.until("the daemon to be gone", async () => (await this.daemon()) !== pid)
  }

  /** Runs a program of `test/os/programs` with the package's own Node, and returns what it prints as JSON. */
  async program<A>(name: string, options: object): Promise<A> {
    const script = `${this.home}/${name}`
    await this.write(script, readFileSync(join(root, "test/os/programs", name), "utf8"))
    const [node] = (await this.bash(`echo ${PROGRAM}/node_modules/node-linux-*/bin/node`)).stdout.trim().split(" ")
    const { stderr, stdout } = await this.run([
      node!,
      "--disable-warning=ExperimentalWarning",
      script,
      `${PROGRAM}/dist/client/index.js`,
      JSON.stringify(options)
    ])
    process.stderr.write(stderr)
    return JSON.parse(stdout) as A
  }

  /** Adds a drop-in to a unit of this user's. */
  async dropIn(unit: string, name: string, text: string): Promise<void> {
    await this.write(`${this.home}/.config/systemd/user/${unit}.d/${name}.conf`, text)
    await this.systemctl("daemon-reload")
  }

  /** Writes a file that belongs to this user. */
  async write(path: string, text: string): Promise<void> {
    const outside = this.machine.path(path)
    mkdirSync(dirname(outside), { recursive: true })
    writeFileSync(outside, text)
    await this.machine.run(["chown", "--recursive", `${this.name}:`, this.home])
  }

  async read(path: string): Promise<string> {
    return (await this.run(["cat", path])).stdout
  }

  /** Has a user manager from now on, as after `loginctl enable-linger`, whether logged in or not. */
  async linger(): Promise<void> {
    await this.machine.run(["loginctl", "enable-linger", this.name])
    await this.machine.run(["systemctl", "start", `user@${this.uid}.service`])
  }

  /** No user manager any more: everything of this user's ends. */
  async unlinger(): Promise<void> {
    await this.machine.run(["loginctl", "disable-linger", this.name])
    await this.machine.run(["systemctl", "stop", `user@${this.uid}.service`])
  }

  /** Command lines of this user's processes, those of the user manager itself left out. */
  async processes(): Promise<ReadonlyArray<string>> {
    const { stdout } = await this.machine.run(["ps", "-u", this.name, "-o", "args="], { mayFail: true })
    return stdout.split("\n").filter((line) => line !== "" && !/systemd --user|\(sd-pam\)|dbus-daemon/.test(line))
  }

  /** What this user's services wrote. */
  journal(): Promise<string> {
    return this.machine.journal(`_UID=${this.uid}`)
  }

  /** Ends the user manager; fails when a process of the user's outlives it. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Gone with the user manager.
    this.lastJournal = await this.journal()
    await this.unlinger()
    const left = await this.processes()
    await this.machine.run(["pkill", "-KILL", "-u", this.name], { mayFail: true })
    if (left.length > 0) throw new Error(`processes outlived the user manager of ${this.name}: ${left.join(", ")}`)
  }

  #as(argv: ReadonlyArray<string>, env: RunOptions["env"] = {}): ReadonlyArray<string> {
    const own = {
      HOME: this.home,
      USER: this.name,
      SHELL: "/bin/bash",
      PATH: "/usr/local/bin:/usr/bin:/bin",
      LANG: "C.UTF-8",
      TERM: "xterm-256color",
      XDG_RUNTIME_DIR: this.runtime,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${this.runtime}/bus`,
      ...env
    }
    const id = String(this.uid)
    return [...environment(own), "setpriv", "--reuid", id, "--regid", id, "--init-groups", "--", ...argv]
  }
}
