/**
 * How ssh(1) is asked, and what its last words mean. One connection is kept as a master (ssh_config(5), ControlMaster), and
 * everything else goes through it.
 */
import { shellWord } from "../../contract/text/ShellWord.ts"
import type { Loss } from "./TunnelState.ts"

export interface Connecting {
  readonly target: string
  /** Path of the master's control socket. */
  readonly control: string
  /** Never ask for a password. */
  readonly batch: boolean
  /** `-o` options of the user's. */
  readonly options: ReadonlyArray<string>
}

/**
 * Set whatever the user's own configuration says: a dead connection is noticed within seconds, nothing is forwarded that was not
 * asked for, and no other master is shared.
 */
const OPTIONS = [
  "ServerAliveInterval=3",
  "ServerAliveCountMax=2",
  "ConnectTimeout=15",
  "ExitOnForwardFailure=no",
  "StreamLocalBindUnlink=yes",
  "ForwardAgent=no",
  "ForwardX11=no",
  "ClearAllForwardings=yes",
  "PermitLocalCommand=no",
  "RemoteCommand=none"
]

/** With ssh the first value of an option holds: what makes it a master of ours comes before the user's options, the rest after. */
export const masterArgs = ({ batch, control, options, target }: Connecting): ReadonlyArray<string> => [
  "-N",
  "-T",
  ...["ControlMaster=yes", "ControlPersist=no", `ControlPath=${control}`, ...(batch ? ["BatchMode=yes"] : [])]
    .concat(options, OPTIONS)
    .flatMap((option) => ["-o", option]),
  "--",
  target
]

/** Through the master; the destination is only a word then, and no configuration is read. */
export const throughMaster = (control: string, ...args: ReadonlyArray<string>): ReadonlyArray<string> => [
  "-F",
  "none",
  "-o",
  `ControlPath=${control}`,
  "-o",
  "ControlMaster=no",
  "-o",
  "BatchMode=yes",
  // Without its master ssh would look for a machine of that name.
  "-o",
  "ProxyCommand=false",
  ...args
]

/** Where people have their programs, although a shell that is not interactive may not know. */
const PLACES = "$HOME/.local/bin:/usr/local/bin:/opt/homebrew/bin:/home/linuxbrew/.linuxbrew/bin"

/** Starts the daemon if none runs, and tells where it listens. */
export const startCommand = (agentctl: string): string => overThere(agentctl, "daemon start --json")

/** The far end of a copy of files. */
export const filesCommand = (agentctl: string): string => overThere(agentctl, "__files")

const overThere = (agentctl: string, words: string): string =>
  `PATH="$PATH:${PLACES}" exec ${shellWord(agentctl)} ${words}`

const PATTERNS: ReadonlyArray<readonly [RegExp, Loss["kind"]]> = [
  [/host key verification failed|remote host identification has changed/i, "host-key"],
  [/permission denied|no supported authentication|too many authentication failures|no more authentication/i, "login"],
  [/could not resolve hostname|name or service not known|nodename nor servname/i, "name"],
  [
    /bad configuration option|unknown option|usage: ssh|invalid (user|host) ?name|unsupported option|command-line line/i,
    "refused"
  ]
]

/** How many characters of what ssh said are passed on. */
const REASON_LENGTH = 200

/** What ended a master, from what it printed last. Whatever is not known is worth another try. */
export const lossOf = (printed: string, code: number | null): Loss => {
  const lines = printed
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
  for (const [pattern, kind] of PATTERNS) {
    const line = lines.findLast((one) => pattern.test(one))
    if (line !== undefined) return { kind, reason: line.slice(0, REASON_LENGTH) }
  }
  return { kind: "network", reason: (lines.at(-1) ?? `ssh ended (${code ?? "a signal"})`).slice(0, REASON_LENGTH) }
}
