/**
 * A machine with a service manager of its own: a container that boots (systemd-nspawn) from an image nobody writes to; what it
 * writes goes to memory and is gone with it.
 *
 *     await using machine = await Machine.boot(system)
 *     await using user = await machine.user()
 *     await user.run(["systemctl", "--user", "start", "agentd.socket"])
 */
import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { type Groups, joinGroupsOf, makeGroups } from "./Cgroups.ts"
import { Disk } from "./Disk.ts"
import { imagePath, type System } from "./Image.ts"
import { User } from "./User.ts"

/** Milliseconds a machine may take to boot on a busy host; half a second is usual. */
const BOOT_MS = 60_000
/** Milliseconds until a machine that does not power off is killed. */
const POWER_OFF_MS = 20_000

export interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Do not throw when the program fails. */
  readonly mayFail?: boolean
}

/** What a program on a machine ended with, when that was not expected. */
export class CommandFailed extends Error {
  readonly result: Result

  constructor(argv: ReadonlyArray<string>, result: Result) {
    super(`${argv.join(" ")}: exit code ${result.code}\n${result.stderr}${result.stdout}`)
    this.result = result
  }
}

export class Machine implements AsyncDisposable {
  readonly system: System
  readonly #disk: Disk | null
  // Nobody else's, whoever runs these tests on this host at the same time, from a PID namespace of their own maybe.
  readonly #name = `agentd-test-${randomBytes(6).toString("hex")}`
  #container: ChildProcess
  #groups: Groups
  readonly #console: Array<string> = []
  #init = 0
  #join: ReadonlyArray<string> = []
  #users = 0

  /** `lasting`: what it writes is still there after a reboot, and goes with the machine. */
  static async boot(system: System, { lasting = false }: { readonly lasting?: boolean } = {}): Promise<Machine> {
    const machine = new Machine(system, lasting)
    try {
      await machine.#booted()
      return machine
    } catch (cause) {
      await machine[Symbol.asyncDispose]()
      throw cause
    }
  }

  private constructor(system: System, lasting: boolean) {
    this.system = system
    this.#disk = lasting ? new Disk(system) : null
    this.#groups = makeGroups(this.#name)
    this.#container = this.#start()
    process.on("exit", this.#kill)
  }

  /** Switches a lasting machine off, in good order or by cutting its power, and on again. */
  async restart(how: "in good order" | "power cut"): Promise<void> {
    if (this.#disk === null) throw new Error("this machine would forget everything")
    if (how === "power cut") this.#kill()
    await this.#end()
    this.#init = 0
    this.#groups = makeGroups(this.#name)
    this.#container = this.#start()
    await this.#booted()
  }

  #start(): ChildProcess {
    const [program, ...args] = [
      ...this.#groups.enter,
      "systemd-nspawn",
      "--quiet",
      "--boot",
      ...(this.#disk === null
        ? // Shared, so that several machines may boot from one image; the overlay is what they write to.
          ["--read-only", "--volatile=overlay", `--directory=${imagePath(this.system)}`]
        : [`--directory=${this.#disk.tree}`]),
      `--machine=${this.#name}`,
      "--register=no",
      ...this.#groups.options,
      "--kill-signal=SIGRTMIN+3",
      "--console=pipe"
    ]
    // Of its own process group: Ctrl-C is for the test runner, which then powers the machine off.
    const container = spawn(program!, args, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      // One hierarchy inside, as on every system that is not old, even where the host still has several.
      env: { ...process.env, UNIFIED_CGROUP_HIERARCHY: "1" }
    })
    for (const stream of [container.stdout, container.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => this.#console.push(text))
    }
    return container
  }

  /** A path inside of the machine, as the host sees it. */
  path(inside: string): string {
    return join(`/proc/${this.#init}/root`, inside)
  }

  /** Runs a program as root. */
  run(argv: ReadonlyArray<string>, options: RunOptions = {}): Promise<Result> {
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", ...options.env }
    return this.execute([...environment(env), ...argv], options)
  }

  /** Starts a program in the machine's namespaces, whoever it then becomes, and returns at once. */
  spawn(argv: ReadonlyArray<string>): ChildProcess {
    const [program, ...args] = [...this.#join, "nsenter", "--target", String(this.#init), "--all", "--", ...argv]
    return spawn(program!, args, { stdio: "pipe" })
  }

  async execute(argv: ReadonlyArray<string>, { cwd, input, mayFail = false }: RunOptions): Promise<Result> {
    const child = this.spawn(cwd === undefined ? argv : ["env", "--chdir", cwd, ...argv])
    let stdout = ""
    let stderr = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text))
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text))
    // A program that does not read its input is not at fault.
    child.stdin?.on("error", () => {}).end(input)
    const [code] = (await once(child, "close")) as [number | null]
    const result = { code: code ?? -1, stdout, stderr }
    if (result.code !== 0 && !mayFail) throw new CommandFailed(argv, result)
    return result
  }

  /** An ordinary user nobody has had before, who lingers: with a user manager of their own that is up. */
  async user(): Promise<User> {
    const name = `user${++this.#users}`
    await this.run(["useradd", "--create-home", "--shell", "/bin/bash", name])
    const uid = Number((await this.run(["id", "--user", name])).stdout)
    const user = new User(this, name, uid)
    await user.linger()
    return user
  }

  async journal(...match: ReadonlyArray<string>): Promise<string> {
    await this.run(["journalctl", "--sync"], { mayFail: true })
    const { stdout } = await this.run(["journalctl", "--no-pager", "--output=short-monotonic", ...match], {
      mayFail: true
    })
    return stdout
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("exit", this.#kill)
    try {
      await this.#end()
    } finally {
      this.#disk?.[Symbol.dispose]()
    }
  }

  /** Powers off what still runs. */
  async #end(): Promise<void> {
    const container = this.#container
    if (container.exitCode === null && container.signalCode === null) {
      const gone = once(container, "exit")
      container.kill("SIGTERM")
      const late = setTimeout(this.#kill, POWER_OFF_MS)
      await gone
      clearTimeout(late)
    }
    await this.#leaveGroups()
  }

  /** Of a machine that was killed, the last processes go a moment later. */
  async #leaveGroups(): Promise<void> {
    const end = Date.now() + POWER_OFF_MS
    for (;;) {
      try {
        return this.#groups.remove()
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EBUSY" || Date.now() > end) throw cause
        await pause(20)
      }
    }
  }

  readonly #kill = () => {
    // The init of a PID namespace takes everything in it along.
    if (this.#init > 1) process.kill(this.#init, "SIGKILL")
    this.#container.kill("SIGKILL")
  }

  async #booted(): Promise<void> {
    const end = Date.now() + BOOT_MS
    while (Date.now() < end) {
      if (this.#container.exitCode !== null) throw new Error(`the machine did not boot:\n${this.#console.join("")}`)
      this.#init = this.#findInit()
      if (this.#init > 0) {
        this.#join = joinGroupsOf(this.#init)
        // Waits for the boot to end, once init listens.
        const { stdout } = await this.run(["systemctl", "is-system-running", "--wait"], { mayFail: true })
        if (/^(running|degraded)/.test(stdout)) return
      }
      await pause(50)
    }
    throw new Error(`the machine did not boot within ${BOOT_MS / 1000} s:\n${this.#console.join("")}`)
  }

  /** The container's init, as the host numbers it: systemd-nspawn's child, once it is in namespaces of its own. */
  #findInit(): number {
    try {
      const pid = this.#container.pid
      const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number)
      if (child === undefined || child < 2) return 0
      return /^NSpid:\s+\d+\s+1$/m.test(readFileSync(`/proc/${child}/status`, "utf8")) ? child : 0
    } catch {
      return 0
    }
  }
}

/** The program that runs another one with this environment and no other. */
export const environment = (env: Readonly<Record<string, string>>): ReadonlyArray<string> => [
  "env",
  "--ignore-environment",
  ...Object.entries(env).map(([name, value]) => `${name}=${value}`)
]
