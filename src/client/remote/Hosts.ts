/**
 * Other machines, from the side of a command: which connections there are, how each is doing, and a way through one.
 */
import { readdirSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import type { Duplex } from "node:stream"
import { LineSplitter } from "../../wire/LineSplitter.ts"
import { AgentdError, type AgentdErrorTag } from "../AgentdError.ts"
import type { Environment } from "../Places.ts"
import type { Answer, Order } from "./StatusSocket.ts"
import type { TunnelStatus } from "./Supervisor.ts"
import { SUPERVISOR_SUFFIX, tunnelDirectory, tunnelFiles } from "./TunnelFiles.ts"

/** Milliseconds a supervisor, which is on this machine, may take to tell its status. */
const STATUS_MS = 2_000
/** Milliseconds a command waits for a connection that is coming up. */
const UP_MS = 10_000
/** Bytes of a status line. */
const MAX_STATUS_BYTES = 64 * 1024

/** Follows a connection's status until `stop`; the promise resolves when the supervisor has gone. */
export interface Following {
  readonly order: (word: "kick" | "kick terminal" | "stop") => void
  /** @throws AgentdError for what the supervisor refuses */
  readonly ask: (order: Order) => Promise<void>
  readonly stop: () => void
  readonly gone: Promise<void>
}

/** Null when nobody keeps such a connection. */
export const follow = (path: string, onStatus: (status: TunnelStatus) => void): Promise<Following | null> =>
  new Promise((resolve) => {
    const gone = Promise.withResolvers<void>()
    const socket: Socket = connect(path)
    const lines = new LineSplitter(MAX_STATUS_BYTES)
    const asked = new Map<number, (answer: Answer) => void>()
    let last = 0
    socket.on("data", (chunk: Buffer) =>
      lines.push(chunk, (line) => {
        if (typeof line !== "string") return true
        const said = JSON.parse(line) as TunnelStatus | Answer
        if ("answer" in said) asked.get(said.answer)?.(said)
        else onStatus(said)
        return true
      })
    )
    const ask = async (order: Order) => {
      last += 1
      const id = last
      const { promise, resolve: answered } = Promise.withResolvers<Answer | null>()
      asked.set(id, answered)
      void gone.promise.then(() => answered(null))
      socket.write(`${JSON.stringify({ id, ...order })}\n`)
      const answer = await promise
      asked.delete(id)
      if (answer === null) throw new AgentdError("HostDown", "The connection was given up just now.")
      if (answer.error !== undefined) throw new AgentdError(answer.error.tag as AgentdErrorTag, answer.error.message)
    }
    socket.on("error", () => resolve(null))
    socket.on("close", () => gone.resolve())
    socket.on("connect", () =>
      resolve({
        order: (word) => void socket.write(`${word}\n`),
        ask,
        stop: () => socket.destroy(),
        gone: gone.promise
      })
    )
  })

/** Waits for the first status that `wanted` takes; null when there is no such connection, or not in time. */
export const awaitStatus = async (
  path: string,
  wanted: (status: TunnelStatus) => boolean,
  timeoutMs: number
): Promise<TunnelStatus | null> => {
  const found = Promise.withResolvers<TunnelStatus | null>()
  const following = await follow(path, (status) => {
    if (wanted(status)) found.resolve(status)
  })
  if (following === null) return null
  const timer = setTimeout(() => found.resolve(null), timeoutMs)
  void following.gone.then(() => found.resolve(null))
  const status = await found.promise
  clearTimeout(timer)
  following.stop()
  return status
}

/** Every connection that is kept, by name. */
export const listHosts = async (env: Environment = process.env): Promise<ReadonlyArray<TunnelStatus>> => {
  const directory = tunnelDirectory(env)
  const statuses = await Promise.all(
    supervisors(directory).map((name) => awaitStatus(join(directory, name), () => true, STATUS_MS))
  )
  return statuses.filter((status) => status !== null).sort((a, b) => (a.name < b.name ? -1 : 1))
}

const supervisors = (directory: string): ReadonlyArray<string> => {
  try {
    return readdirSync(directory).filter((name) => name.endsWith(SUPERVISOR_SUFFIX))
  } catch {
    return []
  }
}

/**
 * A stream to the daemon of another machine, for `Client`'s `connect`.
 *
 * @throws AgentdError `NoHost` when nobody keeps a connection to it, `HostDown` when that is not up
 */
export const throughHost =
  (name: string, env: Environment = process.env) =>
  async (): Promise<Duplex> => {
    const { api, supervisor } = tunnelFiles(name, env)
    let last: TunnelStatus | undefined
    const settled = (status: TunnelStatus) => {
      last = status
      return status.state.at === "up" || status.state.at === "failed" || status.state.at === "needs-login"
    }
    const status = await awaitStatus(supervisor, settled, UP_MS)
    if (last === undefined) {
      throw new AgentdError("NoHost", `There is no connection to "${name}". Run: agentctl connect ${name}`, {
        data: { host: name }
      })
    }
    if (status?.state.at !== "up") {
      const reason = "reason" in last.state ? `: ${last.state.reason}` : ""
      const message = `The connection to "${name}" is not up (${last.state.at}${reason}). "agentctl hosts" shows it; "agentctl connect ${name}" tries again now.`
      throw new AgentdError("HostDown", message, { data: { host: name, state: last.state.at } })
    }
    return new Promise((resolve, reject) => {
      const socket = connect(api)
      socket.once("connect", () => resolve(socket))
      socket.once("error", (cause) =>
        reject(
          new AgentdError("HostDown", `The connection to "${name}" broke just now. "agentctl hosts" shows it.`, {
            data: { host: name },
            cause
          })
        )
      )
    })
  }
