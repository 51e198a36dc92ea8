/**
 * Keeps one connection to another machine: runs ssh, has the daemon over there started, forwards its socket, and begins again when
 * the connection breaks. It is the program of a session, so that it outlives the command that started it and can ask for a
 * password on that session's terminal.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { existsSync, rmdirSync, rmSync, watch } from "node:fs"
import { AgentdError } from "../AgentdError.ts"
import { type ForwardStatus, isForward, placeOf } from "./Forward.ts"
import { Forwarder } from "./Forwarder.ts"
import { greet, lastLine, parseStarted, Unusable } from "./OtherDaemon.ts"
import { lossOf, masterArgs, startCommand, throughMaster } from "./Ssh.ts"
import { type Order, StatusSocket } from "./StatusSocket.ts"
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
  readonly forwards: ReadonlyArray<ForwardStatus>
}

/** Milliseconds the daemon over there may take to start. */
const START_MS = 30_000
/** Characters of ssh's last words that are kept, and bytes of an answer that are read. */
const LAST_WORDS = 4_096
const MAX_ANSWER_BYTES = 64 * 1024

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
  readonly #socket: StatusSocket
  readonly #forwards: Forwarder
  readonly #closed = Promise.withResolvers<void>()
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
    this.#forwards = new Forwarder({ ask: (args) => this.#through(args), onChange: () => this.#socket.changed() })
    this.#socket = new StatusSocket({
      path: options.files.supervisor,
      status: () => this.#status(),
      onWord: (word) => {
        if (word === "stop") this.#on({ type: "stop" })
        else if (word === "kick" || word === "kick terminal") this.#on({ type: "kick", terminal: word !== "kick" })
      },
      onOrder: (order, from) => this.#order(order, from),
      onGone: (from) => this.#forwards.release(from)
    })
  }

  listen(): Promise<void> {
    return this.#socket.listen(this.#options.name)
  }

  async run(): Promise<void> {
    this.#enter()
    await this.#closed.promise
  }

  close(): void {
    this.#turn += 1
    clearTimeout(this.#timer)
    this.#master?.kill("SIGTERM")
    this.#forwards.down()
    this.#socket.close()
    const { api, control, directory } = this.#options.files
    for (const file of [api, control]) rmSync(file, { force: true })
    try {
      rmdirSync(directory)
    } catch {
      // Another connection has its sockets there.
    }
  }

  #status(): TunnelStatus {
    const { agentctl, name, target } = this.#options
    return { name, target, state: this.#state, agentctl, forwards: this.#forwards.list }
  }

  async #order(order: Order, from: object): Promise<void> {
    if (!isForward(order.forward)) throw new AgentdError("InvalidParams", "This is no forward that a connection makes.")
    if (order.order === "forward") return this.#forwards.add(order.forward, order.held ? from : null)
    if (await this.#forwards.remove(placeOf(order.forward))) return
    throw new AgentdError("Conflict", `Nothing is forwarded from there. "agentctl forwards" lists what is.`)
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
    this.#socket.changed()
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
        return this.#forwards.up()
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
      this.#forwards.down()
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
