/**
 * A real OpenSSH server on loopback, and behind it another home with another daemon: "the other machine".
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { program } from "../../cli/support/agentctl.ts"
import { freePort } from "../../support/freePort.ts"
import { oneGone } from "../../support/poll.ts"
import { makeSandbox, type Sandbox } from "../../support/Sandbox.ts"

const SSHD = "/usr/sbin/sshd"

export const hasSshServer = existsSync(SSHD)

/** For the passphrase-protected key. */
export const PASSPHRASE = "correct horse"

export interface SshServerOptions {
  /** Where it listens, if not on loopback. */
  readonly address?: string
  /** A program, with arguments, that runs it: `ip netns exec NAME`. */
  readonly through?: ReadonlyArray<string>
}

export class SshServer implements AsyncDisposable {
  /** The other machine's home. */
  readonly there: Sandbox
  readonly address: string
  readonly port: number
  readonly #server: ChildProcess
  readonly #folder: string

  private constructor(there: Sandbox, address: string, port: number, folder: string, through: ReadonlyArray<string>) {
    this.there = there
    this.address = address
    this.port = port
    this.#folder = folder
    const [file, ...words] = [...through, SSHD, "-D", "-e", "-f", join(folder, "sshd_config")]
    this.#server = spawn(file!, words, { stdio: ["ignore", "ignore", "pipe"] })
  }

  static async start({ address = "127.0.0.1", through = [] }: SshServerOptions = {}): Promise<SshServer> {
    const there = makeSandbox()
    const folder = join(there.root, "ssh")
    mkdirSync(folder, { mode: 0o700 })
    const keygen = (file: string, passphrase = "") =>
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", join(folder, file)])
    for (const key of ["host", "other-host", "user", "stranger"]) keygen(key)
    keygen("locked", PASSPHRASE)
    const keys = ["user.pub", "locked.pub"].map((key) => readFileSync(join(folder, key), "utf8"))
    writeFileSync(join(folder, "authorized"), keys.join(""), { mode: 0o600 })
    // Every login is one into the other home.
    const variables = Object.entries({ ...there.env, PATH: `${dirname(program)}:${there.env.PATH}` })
    writeFileSync(
      join(folder, "enter"),
      [
        "#!/bin/sh",
        ...variables.map(([name, value]) => `export ${name}='${value}'`),
        'exec sh -c "$SSH_ORIGINAL_COMMAND"',
        ""
      ].join("\n"),
      { mode: 0o700 }
    )
    const port = await freePort()
    writeFileSync(
      join(folder, "sshd_config"),
      [
        `Port ${port}`,
        `ListenAddress ${address}`,
        `HostKey ${join(folder, "host")}`,
        "PidFile none",
        `AuthorizedKeysFile ${join(folder, "authorized")}`,
        // The directories above belong to whoever runs the tests, wherever these are.
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin yes",
        `ForceCommand ${join(folder, "enter")}`,
        ""
      ].join("\n")
    )
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true })
    const server = new SshServer(there, address, port, folder, through)
    server.trust("host")
    await server.#listening()
    return server
  }

  /** The host key that the user's known_hosts has for it. */
  trust(key: "host" | "other-host"): void {
    const line = readFileSync(join(this.#folder, `${key}.pub`), "utf8")
    writeFileSync(join(this.#folder, "known"), `[${this.address}]:${this.port} ${line}`)
  }

  /** What agentctl is called with to come here, with one of the keys. */
  options(key: "user" | "stranger" | "locked" = "user"): ReadonlyArray<string> {
    return [
      `Port=${this.port}`,
      `IdentityFile=${join(this.#folder, key)}`,
      "IdentitiesOnly=yes",
      "IdentityAgent=none",
      `UserKnownHostsFile=${join(this.#folder, "known")}`,
      "GlobalKnownHostsFile=none",
      "StrictHostKeyChecking=yes"
    ].flatMap((option) => ["-o", option])
  }

  /** Besides `options`: the same server over a pipe, on a machine with ports of its own. Root's privilege. */
  withOwnPorts(): ReadonlyArray<string> {
    const serve = `ip link set lo up && exec ${SSHD} -i -f "${join(this.#folder, "sshd_config")}"`
    return ["-o", `ProxyCommand=unshare --net sh -c '${serve}'`]
  }

  /** Puts another program in the place of the other machine's agentctl, and answers its path. */
  agentctl(script: string): string {
    const file = join(this.#folder, "agentctl-other")
    writeFileSync(file, script)
    chmodSync(file, 0o755)
    return file
  }

  /** Cuts every connection there is, without a word to either side's ssh. */
  cut(): void {
    for (const pid of this.#connections()) signal(pid, "SIGKILL")
  }

  /** Keeps connections, and lets nothing through, until the returned function is called. */
  freeze(): () => void {
    const stopped = this.#connections()
    for (const pid of stopped) signal(pid, "SIGSTOP")
    return () => {
      for (const pid of stopped) signal(pid, "SIGCONT")
    }
  }

  /** Stops listening, and cuts every connection. */
  async close(): Promise<void> {
    this.cut()
    this.#server.kill("SIGKILL")
    if (this.#server.exitCode === null && this.#server.signalCode === null) await once(this.#server, "exit")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    await stopDaemon(this.there)
    await this.there[Symbol.asyncDispose]()
  }

  /** Children of our own server, and no other. */
  #connections(): ReadonlyArray<number> {
    const below = (pid: number): ReadonlyArray<number> => childrenOf(pid).flatMap((child) => [child, ...below(child)])
    return below(this.#server.pid!).filter((pid) => read(`/proc/${pid}/comm`).startsWith("sshd"))
  }

  /** Its log is read to the end, or it would wait for its reader. */
  #listening(): Promise<void> {
    return new Promise((resolve, reject) => {
      let log = ""
      this.#server.stderr!.setEncoding("utf8").on("data", (text: string) => {
        if (log.includes("Server listening")) return
        log += text
        if (log.includes("Server listening")) resolve()
      })
      this.#server.once("exit", () => reject(new Error(`sshd ended: ${log}`)))
    })
  }
}

/** A connection may end by itself at any moment. */
const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}

/** Empty for a process that has gone meanwhile. */
const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

const childrenOf = (pid: number): ReadonlyArray<number> =>
  read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number)

/** The daemon over there was started through ssh, by nobody that a test has a handle on. */
const stopDaemon = async ({ pidFile }: Sandbox): Promise<void> => {
  if (!existsSync(pidFile)) return
  const { pid } = JSON.parse(readFileSync(pidFile, "utf8")) as { readonly pid: number }
  process.kill(pid, "SIGTERM")
  await oneGone([pid])
}
