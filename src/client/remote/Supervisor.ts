/**
 * Keeps one connection to another machine: runs ssh, has the daemon over there started, forwards its socket, and begins again when
 * the connection breaks. It is the program of a session, so that it outlives the command that started it and can ask for a
 * password on that session's terminal.
 *
 * Whoever connects to its socket is sent its status, a JSON line now and one at every change, and may send orders, a word a line:
 * `kick`, `kick terminal`, `stop`.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { existsSync, rmdirSync, rmSync, watch } from "node:fs"
import { connect, createServer, type Server, type Socket } from "node:net"
import { LineSplitter, TOO_LONG } from "../../wire/LineSplitter.ts"
import { AgentdError } from "../AgentdError.ts"
import { greet, lastLine, parseStarted, Unusable } from "./OtherDaemon.ts"
import { lossOf, masterArgs, startCommand, throughMaster } from "./Ssh.ts"
import { ownDirectory, type TunnelFiles } from "./TunnelFiles.ts"
import { first, next, type TunnelEvent, type TunnelState } from "./TunnelState.ts"

export interface SupervisorOptions {
  readonly name: string
  readonly target: string
  readonly files: TunnelFiles
  /** `-o` options for ssh. */
  readonly options: ReadonlyArray<string>
  /** What agentctl is called over there. */
  readonly agentctl: string
  /** Told each change, for the session's terminal. */
  readonly onState: (state: TunnelState) => void
}

/** What is told of a connection. */
export interface TunnelStatus {
  readonly name: string
  readonly target: string
  readonly state: TunnelState
  /** What agentctl is called over there. */
  readonly agentctl: string
}

/** Milliseconds the daemon over there may take to start. */
const START_MS = 30_000
/** Characters of ssh's last words that are kept, and bytes of an answer that are read. */
const LAST_WORDS = 4_096
const MAX_ANSWER_BYTES = 64 * 1024
/** Bytes of an order. */
const MAX_ORDER_BYTES = 64

/** Resolves when it was told to stop. @throws AgentdError `Conflict` when the same connection is kept already */
export const supervise = async (options: SupervisorOptions): Promise<void> => {
  ownDirectory(options.files.directory)
  const tunnel = new Tunnel(options)
  await tunnel.listen()
  try {
    await tunnel.run()
  } finally {
    tunnel.close()
  }
}

class Tunnel {
  readonly #options: SupervisorOptions
  readonly #watchers = new Set<Socket>()
  readonly #closed = Promise.withResolvers<void>()
  #server: Server | undefined
  #state: TunnelState
  #master: ChildProcess | undefined
  /** What this master forwards. */
  #forwarded: string | undefined
  #timer: NodeJS.Timeout | undefined
  /** Answers that come after a change of state belong to the one before. */
  #turn = 0

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#state = first(process.stdin.isTTY === true)
  }

  async listen(): Promise<void> {
    const { name, files } = this.#options
    if (await answers(files.supervisor)) {
      throw new AgentdError("Conflict", `A connection to ${name} is kept already. "agentctl hosts" shows it.`)
    }
    rmSync(files.supervisor, { force: true })
    this.#server = createServer((socket) => this.#serve(socket))
    await new Promise<void>((resolve, reject) => {
      this.#server!.once("error", reject).listen(files.supervisor, resolve)
    })
  }

  async run(): Promise<void> {
    this.#enter()
    await this.#closed.promise
  }

  close(): void {
    this.#turn += 1
    clearTimeout(this.#timer)
    this.#master?.kill("SIGTERM")
    for (const socket of this.#watchers) socket.destroySoon()
    this.#server?.close()
    const { api, control, directory, supervisor } = this.#options.files
    for (const file of [api, control, supervisor]) rmSync(file, { force: true })
    try {
      rmdirSync(directory)
    } catch {
      // Another connection has its sockets there.
    }
  }

  #serve(socket: Socket): void {
    const lines = new LineSplitter(MAX_ORDER_BYTES)
    this.#watchers.add(socket)
    socket.on("error", () => {})
    socket.on("close", () => this.#watchers.delete(socket))
    socket.on("data", (chunk: Buffer) =>
      lines.push(chunk, (line) => {
        if (line === TOO_LONG) socket.destroy()
        else if (line === "stop") this.#on({ type: "stop" })
        else if (line === "kick" || line === "kick terminal") this.#on({ type: "kick", terminal: line !== "kick" })
        return true
      })
    )
    socket.write(this.#line())
  }

  #line(): string {
    const { agentctl, name, target } = this.#options
    const status: TunnelStatus = { name, target, state: this.#state, agentctl }
    return `${JSON.stringify(status)}\n`
  }

  #on(event: TunnelEvent): void {
    const state = next(this.#state, event)
    if (state === this.#state) return
    this.#state = state
    this.#enter()
  }

  #enter(): void {
    const state = this.#state
    this.#turn += 1
    clearTimeout(this.#timer)
    this.#options.onState(state)
    for (const socket of this.#watchers) socket.write(this.#line())
    switch (state.at) {
      case "connecting":
        return this.#connect(state.batch)
      case "starting":
        return void this.#start()
      case "waiting":
        this.#timer = setTimeout(() => this.#on({ type: "elapsed" }), state.delayMs)
        return
      case "failed":
      case "needs-login":
        // A connection that is of no use to us is none.
        this.#master?.kill("SIGTERM")
        return
      case "closed":
        return this.#closed.resolve()
      case "up":
        return
    }
  }

  /** Starts the master, and waits for its control socket or its end. */
  #connect(batch: boolean): void {
    const { files, options, target } = this.#options
    rmSync(files.control, { force: true })
    const master = spawn("ssh", masterArgs({ target, control: files.control, batch, options }), {
      // Passwords are asked for on the terminal itself; what it prints is shown there and kept for the reason.
      stdio: ["inherit", "ignore", "pipe"],
      env: { ...process.env, LC_ALL: "C" }
    })
    this.#master = master
    this.#forwarded = undefined
    let said = ""
    master.stderr!.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-LAST_WORDS)
      process.stderr.write(chunk)
    })
    // Without it, when somebody removes the directory, the end of ssh is what is left to hear of.
    const folder = watch(files.directory, () => look()).on("error", () => {})
    const look = () => {
      if (this.#master === master && existsSync(files.control)) this.#on({ type: "connected" })
    }
    look()
    const over = (code: number | null) => {
      folder.close()
      if (this.#master !== master) return
      this.#master = undefined
      this.#on({ type: "lost", loss: lossOf(said, code), now: Date.now() })
    }
    master.on("error", (cause) => {
      said += `\nssh: unknown option or no such program: ${cause.message}`
      over(null)
    })
    master.on("close", over)
  }

  /** Finds the daemon over there, forwards its socket, and sees that we understand each other. */
  async #start(): Promise<void> {
    const turn = this.#turn
    const { agentctl, files } = this.#options
    try {
      const remote = parseStarted(await this.#through(["x", startCommand(agentctl)]))
      await this.#forward(`${files.api}:${remote.socket}`)
      await greet(files.api)
      if (turn === this.#turn) this.#on({ type: "ready", remote, now: Date.now() })
    } catch (error) {
      if (turn !== this.#turn) return
      const reason = (error as Error).message
      if (error instanceof Unusable) this.#on({ type: "unusable", reason })
      // With the master it ends in the one way that is looked after.
      else if (this.#master === undefined)
        this.#on({ type: "lost", loss: { kind: "network", reason }, now: Date.now() })
      else this.#master.kill("SIGTERM")
    }
  }

  /** The same one again would be taken for done, whether its socket is still there or not. */
  async #forward(path: string): Promise<void> {
    if (this.#forwarded !== undefined) {
      await this.#through(["-O", "cancel", "-L", this.#forwarded, "x"]).catch(() => {})
      this.#forwarded = undefined
    }
    rmSync(this.#options.files.api, { force: true })
    await this.#through(["-O", "forward", "-L", path, "x"])
    this.#forwarded = path
  }

  #through(args: ReadonlyArray<string>): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(
        "ssh",
        throughMaster(this.#options.files.control, ...args),
        { timeout: START_MS, maxBuffer: MAX_ANSWER_BYTES, env: { ...process.env, LC_ALL: "C" } },
        (error, stdout, stderr) => {
          if (error === null) return resolve(stdout)
          const code = (error as { readonly code?: unknown }).code
          const said = lastLine(stderr)
          if (code === 127) {
            reject(new Unusable(`${this.#options.agentctl} is not installed there, or not on its PATH (${said})`))
          } else if (code === 255 || typeof code !== "number") reject(new Error(said || error.message))
          else reject(new Unusable(`its daemon could not be started: ${said}`))
        }
      )
    })
  }
}

/** Does somebody listen on this socket? */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
