/**
 * A virtual machine (QEMU, emulated: no hardware help is needed) with a kernel, control groups and a disk of its own. What only a
 * whole machine can show: limits that are enforced, and the power going out.
 *
 *     await using vm = await Vm.boot(disk)
 *     await vm.run(["systemctl", "is-system-running"])
 *     await vm.cutPower()
 *
 * The disk is a file of the host's (cache=writeback): QEMU's write cache is the host's page cache, which outlives QEMU. So what a power
 * cut loses is what the machine itself had not written to its disk yet, its whole page cache: everything that no fsync(2) covered.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as pause } from "node:timers/promises"
import { CommandFailed, environment, type Result, type RunOptions } from "./Machine.ts"
import { type Emulator, emulator, VM_USER } from "./VmImage.ts"

/** Milliseconds a boot may take: ten seconds here, several times that on a busy host. */
const BOOT_MS = 120_000

/** `mitigations=off`, `cryptomgr.notests`, `audit=0`: a third of the boot, for nothing that is tested here. */
const COMMAND_LINE =
  "console=ttyS0 quiet panic=-1 rw systemd.show_status=0 mitigations=off audit=0 nokaslr cryptomgr.notests tsc=reliable"

const MEMORY_MIB = 1024

export class Vm implements AsyncDisposable {
  readonly #qemu: ChildProcess
  readonly #folder: string
  readonly #waiting = new Map<number, (reply: string) => void>()
  readonly #console: Array<string> = []
  #control: Socket | undefined
  #count = 0
  /** What programs wrote to /dev/vport0p2, line by line, in the order it left the machine. */
  readonly reported: Array<string> = []
  /** Called for each of these lines. */
  onReport: (line: string) => void = () => {}

  /** `options` are further ones for QEMU. */
  static async boot(disk: string, ...options: ReadonlyArray<string>): Promise<Vm> {
    const vm = new Vm(disk, await emulator(), options)
    try {
      await vm.#connected()
      return vm
    } catch (cause) {
      await vm[Symbol.asyncDispose]()
      throw cause
    }
  }

  private constructor(disk: string, emulator: Emulator, options: ReadonlyArray<string>) {
    this.#folder = mkdtempSync(join(tmpdir(), "agentd-vm-"))
    const port = (name: string, number: number) => [
      "-chardev",
      `socket,id=${name},path=${join(this.#folder, name)},server=on,wait=off`,
      "-device",
      `virtserialport,chardev=${name},name=${name},nr=${number}`
    ]
    const [program, ...args] = [
      // Also when the test runner is killed, no machine is left.
      ...["setpriv", "--pdeathsig", "KILL", "--"],
      ...emulator.argv,
      ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio"],
      ...["-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", String(MEMORY_MIB)],
      ...["-kernel", emulator.kernel, "-initrd", emulator.initrd, "-append", COMMAND_LINE],
      ...["-drive", `file=${disk},format=raw,if=virtio,cache=writeback`],
      ...["-device", "virtio-serial-pci", ...port("control", 1), ...port("report", 2)],
      ...options
    ]
    this.#qemu = spawn(program!, args, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, ...emulator.env }
    })
    for (const stream of [this.#qemu.stdout, this.#qemu.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => this.#console.push(text))
    }
    process.on("exit", this.#kill)
  }

  /** Runs a program as root. */
  run(argv: ReadonlyArray<string>, options: RunOptions = {}): Promise<Result> {
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", ...options.env }
    return this.execute([...environment(env), ...argv], options)
  }

  /** Runs a program as the machine's user. */
  user(argv: ReadonlyArray<string>, options: RunOptions = {}): Promise<Result> {
    const { name, uid } = VM_USER
    const env = {
      HOME: `/home/${name}`,
      USER: name,
      SHELL: "/bin/bash",
      PATH: "/usr/local/bin:/usr/bin:/bin",
      LANG: "C.UTF-8",
      TERM: "xterm-256color",
      XDG_RUNTIME_DIR: `/run/user/${uid}`,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=/run/user/${uid}/bus`,
      ...options.env
    }
    const as = ["setpriv", "--reuid", String(uid), "--regid", String(uid), "--init-groups", "--"]
    return this.execute([...environment(env), ...as, ...argv], { cwd: env.HOME, ...options })
  }

  async execute(argv: ReadonlyArray<string>, { cwd = "/", input = "", mayFail = false }: RunOptions): Promise<Result> {
    const number = ++this.#count
    const script = `cd ${quoted(cwd)} && exec ${argv.map(quoted).join(" ")}`
    const reply = new Promise<string>((resolve) => this.#waiting.set(number, resolve))
    this.#control!.write(`${number} ${base64(script)} ${base64(input)}\n`)
    const [code, stdout, stderr] = (await reply).split(" ")
    const result = { code: Number(code), stdout: text(stdout), stderr: text(stderr) }
    if (result.code !== 0 && !mayFail) throw new CommandFailed(argv, result)
    return result
  }

  /** Polls, because what is waited for happens in another machine. */
  async until(what: string, look: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + BOOT_MS
    while (!(await look())) {
      if (Date.now() > end) throw new Error(`not within ${BOOT_MS / 1000} s: ${what}`)
      await pause(100)
    }
  }

  /** From one moment to the next nothing of it runs. */
  async cutPower(): Promise<void> {
    if (this.#qemu.exitCode === null && this.#qemu.signalCode === null) {
      const gone = once(this.#qemu, "exit")
      this.#kill()
      await gone
    }
    process.off("exit", this.#kill)
  }

  /** What it said on its console. */
  get console(): string {
    return this.#console.join("")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  readonly #kill = () => void this.#qemu.kill("SIGKILL")

  async #connected(): Promise<void> {
    const up = new Promise<void>((resolve) => this.#waiting.set(0, () => resolve()))
    const lines = async (name: string, take: (line: string) => void) => {
      const socket = await dial(join(this.#folder, name), this.#qemu)
      createInterface({ input: socket }).on("line", take)
      return socket
    }
    await lines("report", (line) => {
      this.reported.push(line)
      this.onReport(line)
    })
    this.#control = await lines("control", (line) => {
      const [, number, reply] = /^(?:(\d+) )?(.*)$/.exec(line) ?? []
      this.#waiting.get(Number(number ?? 0))?.(reply ?? "")
    })
    const failed = once(this.#qemu, "exit").then(() => "it ended")
    const late = pause(BOOT_MS, `not within ${BOOT_MS / 1000} s`, { ref: false })
    const reason = await Promise.race([up.then(() => null), failed, late])
    if (reason !== null) throw new Error(`the virtual machine did not boot: ${reason}\n${this.console}`)
  }
}

/** Connects once QEMU listens. */
const dial = async (path: string, qemu: ChildProcess): Promise<Socket> => {
  for (;;) {
    const socket = connect(path)
    try {
      await once(socket, "connect")
      // Ends with the machine.
      return socket.on("error", () => {})
    } catch {
      if (qemu.exitCode !== null) throw new Error("QEMU ended before it listened")
      await pause(20)
    }
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
const base64 = (script: string): string => Buffer.from(script).toString("base64")
/** Each is preceded by a sign, so that an empty one is a word too. */
const text = (encoded = "="): string => Buffer.from(encoded.slice(1), "base64").toString()
