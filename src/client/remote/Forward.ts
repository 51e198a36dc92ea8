/**
 * A port that a connection forwards: how people write one, and what ssh is told of it. It listens on the loopback address and on no
 * other, whichever machine that is on.
 */
import { shellWord } from "../../contract/text/ShellWord.ts"

export interface Forward {
  /** `local`: listens on this machine and leads there; `remote`: listens there and leads here. */
  readonly direction: "local" | "remote"
  /** Where it listens: `127.0.0.1:PORT`, or a Unix socket's path. */
  readonly listen: string
  /** Where it leads on the other side: `HOST:PORT`, or a Unix socket's path. */
  readonly to: string
}

export interface ForwardStatus extends Forward {
  /** `waiting`: for the connection. `refused`: tried again every few seconds. */
  readonly state: "open" | "waiting" | "refused"
  readonly reason: string | null
}

const LOOPBACK = "127.0.0.1"

/** `PORT`, `PORT:PORT` or `PORT:HOST:PORT`. */
const SPECIFICATION = /^(\d{1,5})(?::(?:([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\]):)?(\d{1,5}))?$/

/** Null when it is none. Without a host it leads to the other machine itself, without a second port to the same one. */
export const parseForward = (direction: Forward["direction"], text: string): Forward | null => {
  const [, listen, host = "localhost", port = listen] = SPECIFICATION.exec(text) ?? []
  if (listen === undefined || !isPort(listen) || !isPort(port)) return null
  return { direction, listen: `${LOOPBACK}:${Number(listen)}`, to: `${host}:${Number(port)}` }
}

const isPort = (text: string | undefined): boolean => Number(text) >= 1 && Number(text) <= 65_535

/** The port it listens on; null for a Unix socket. */
export const portOf = ({ listen }: Forward): number | null =>
  listen.startsWith(`${LOOPBACK}:`) ? Number(listen.slice(LOOPBACK.length + 1)) : null

/** Two forwards that listen at the same place cannot both be there. */
export const placeOf = ({ direction, listen }: Pick<Forward, "direction" | "listen">): string =>
  `${direction} ${listen}`

/** A path that ssh cannot take for anything else. */
const SOCKET = /^\/[^:\s\0]{1,106}$/
const ADDRESS = /^([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}$/

/** What comes as an order over the supervisor's socket, checked again: nothing may listen on another address. */
export const isForward = (value: unknown): value is Forward => {
  const { direction, listen, to } = (value ?? {}) as Readonly<Record<string, unknown>>
  if ((direction !== "local" && direction !== "remote") || typeof listen !== "string" || typeof to !== "string")
    return false
  const listens = SOCKET.test(listen) || (/^127\.0\.0\.1:\d{1,5}$/.test(listen) && isPort(listen.split(":")[1]))
  return listens && (SOCKET.test(to) || ADDRESS.test(to))
}

/** What an SSH agent's socket over there is called, beside the daemon's own. */
export const agentSocketName = (digits: string): string => `agent-${digits}.sock`
const AGENT_SOCKET = /\/agent-[0-9a-f]{16}\.sock$/

/** sshd leaves a socket behind when it is killed, and then cannot make it again. Only of sockets that agentctl has named. */
export const clearCommand = ({ direction, listen }: Forward): string | null =>
  direction === "remote" && AGENT_SOCKET.test(listen) ? `rm -f -- ${shellWord(listen)}` : null

/** The socket on this machine that it leads to, if that is gone with it. */
export const endOf = ({ direction, to }: Forward): string | null =>
  direction === "remote" && AGENT_SOCKET.test(to) ? to : null

/** For ssh(1). */
export const forwardArgs = ({ direction, listen, to }: Forward): ReadonlyArray<string> => [
  direction === "local" ? "-L" : "-R",
  `${listen}:${to}`
]
