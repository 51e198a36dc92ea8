/**
 * The variables of a session that follow whoever is attached, through paths that stay: `SSH_AUTH_SOCK` is a symbolic link to the agent
 * of the terminal that came last, and a file next to it, for shells to source, has the others.
 *
 * Attaching must not give a program what it was not started with: a name is refreshed only where the session has had it from the start.
 */
import { mkdirSync, renameSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { MAX_SOCKET_PATH_LINUX } from "../../contract/Limits.ts"
import { MAX_REFRESHED_BYTES, REFRESHED, type RefreshedName } from "../../contract/session/Refreshed.ts"
import { CONTROL } from "../../contract/text/Characters.ts"
import { shellWord } from "../../contract/text/ShellWord.ts"
import { ownSocket } from "../../host/sockets/OwnSocket.ts"

export type Variables = Partial<Readonly<Record<RefreshedName, string>>>

/** The variable that names the file. */
const FILE_VARIABLE = "AGENTD_ENVIRONMENT"

/** Where a session's link and file lie. */
export const refreshedDirectory = (runtime: string, session: string) => join(runtime, "refreshed", session)
const linkIn = (directory: string) => join(directory, "agent.sock")
const fileIn = (directory: string) => join(directory, "environment")

const PATH = new RegExp(`^/[^${CONTROL}]+$`, "u")

/** What a value may look like: it ends up in a file that a shell executes, and in programs that believe it. */
const SHAPES: Readonly<Record<RefreshedName, RegExp>> = {
  SSH_AUTH_SOCK: PATH,
  SSH_CONNECTION: /^[0-9A-Fa-f:.%a-z]+ \d{1,5} [0-9A-Fa-f:.%a-z]+ \d{1,5}$/u,
  SSH_TTY: /^\/dev\/[A-Za-z0-9/]+$/u,
  DISPLAY: /^[A-Za-z0-9._:/[\]-]+$/u,
  WAYLAND_DISPLAY: /^[A-Za-z0-9._/-]+$/u,
  XAUTHORITY: PATH,
  TERM: /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/u,
  COLORTERM: /^[A-Za-z0-9._+-]{1,64}$/u
}

/** Of what a client says, what may be believed. An agent is the socket itself: links of links could lead back to our own. */
export const acceptable = (
  said: Readonly<Record<string, string>>,
  agentAt: (path: string) => string | null = ownSocket
): Variables =>
  Object.fromEntries(
    REFRESHED.flatMap((name) => {
      const value = Object.hasOwn(said, name) ? said[name]! : undefined
      if (value === undefined || Buffer.byteLength(value) > MAX_REFRESHED_BYTES || !SHAPES[name].test(value)) return []
      const believed = name === "SSH_AUTH_SOCK" ? agentAt(value) : value
      return believed === null ? [] : [[name, believed]]
    })
  )

/** For a POSIX shell. What a terminal does not have is taken away; a terminal always has a type. */
export const shellFile = (names: ReadonlyArray<RefreshedName>, values: Variables): string =>
  names
    .flatMap((name) => {
      const value = values[name]
      if (value !== undefined) return [`export ${name}=${shellWord(value)}\n`]
      return name === "TERM" || name === "SSH_AUTH_SOCK" ? [] : [`unset ${name}\n`]
    })
    .join("")

/** What a new session's program sees of them: the same, with its agent behind the link. */
export const forProgram = (directory: string, env: Readonly<Record<string, string>>): Record<string, string> => {
  const link = linkIn(directory)
  // Whatever stands for its agent now, the next one to attach may have one.
  const said = acceptable(env, (path) => ownSocket(path) ?? path)
  const linked = said.SSH_AUTH_SOCK !== undefined && Buffer.byteLength(link) <= MAX_SOCKET_PATH_LINUX
  const names = REFRESHED.filter((name) => env[name] !== undefined)
  write(directory, names, said, linked)
  return { ...env, [FILE_VARIABLE]: fileIn(directory), ...(linked ? { SSH_AUTH_SOCK: link } : {}) }
}

const write = (
  directory: string,
  names: ReadonlyArray<RefreshedName>,
  { SSH_AUTH_SOCK: agent, ...others }: Variables,
  linked: boolean
): void => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const replace = (path: string, make: (path: string) => void) => {
    const next = `${path}.new`
    rmSync(next, { force: true })
    make(next)
    renameSync(next, path)
  }
  if (linked && agent !== undefined) replace(linkIn(directory), (path) => symlinkSync(agent, path))
  const values = linked ? { ...others, SSH_AUTH_SOCK: linkIn(directory) } : others
  replace(fileIn(directory), (path) => writeFileSync(path, shellFile(names, values), { mode: 0o600 }))
}

/** Of one live session: whose terminal the variables are of. */
export class Refreshed {
  readonly #directory: string
  readonly #names: ReadonlyArray<RefreshedName>
  readonly #linked: boolean
  readonly #clients = new Map<string, Variables>()

  /** `has` answers with what the session's program was started with. */
  constructor(directory: string, has: (name: string) => string | null) {
    this.#directory = directory
    this.#names = REFRESHED.filter((name) => has(name) !== null)
    this.#linked = has("SSH_AUTH_SOCK") === linkIn(directory)
  }

  /** What a client has said, as far as it is believed. */
  of(client: string): Variables | undefined {
    return this.#clients.get(client)
  }

  /** The session's agent is this client's now. */
  leadsTo(client: string): boolean {
    return this.#linked && this.#clients.get(client)?.SSH_AUTH_SOCK !== undefined
  }

  add(client: string, said: Readonly<Record<string, string>>): void {
    this.#clients.set(client, acceptable(said))
    this.#apply()
  }

  /** Whoever came before it counts again; when nobody is left, what is there stays. */
  delete(client: string): void {
    const last = [...this.#clients.keys()].at(-1)
    if (this.#clients.delete(client) && last === client && this.#clients.size > 0) this.#apply()
  }

  #apply(): void {
    const newest = [...this.#clients.values()].at(-1) ?? {}
    // A terminal without an agent does not take away the one that is there: jobs may be using it.
    write(this.#directory, this.#names, newest, this.#linked)
  }
}

export const forgetRefreshed = (runtime: string, session: string): void => {
  rmSync(refreshedDirectory(runtime, session), { recursive: true, force: true })
  try {
    rmdirSync(dirname(refreshedDirectory(runtime, session)))
  } catch {
    // Another session has its own there, or nobody ever had.
  }
}
