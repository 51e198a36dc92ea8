/**
 * Starts a program on a terminal, as leader of a session of its own, and tells when it ends: posix_spawn(3) and waitpid(2).
 *
 * node-pty has a thread for each program that collects its end the moment it comes. An end that such a thread has collected
 * while this process turns into its own next version (execve(2)) would be lost; here it stays with the kernel until somebody asks.
 */
import { type Spawning, spawningLibc } from "../Libc.ts"

export interface Command {
  /** Absolute path of what is executed. */
  readonly file: string
  /** argv[0] and the arguments. */
  readonly argv: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Path of the terminal. */
  readonly terminal: string
}

/** Called once, with the exit code and the signal's number (0 for none). Code null: somebody else has collected it. */
export type OnExit = (code: number | null, signal: number) => void

/** Room for any C library's posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t; glibc's largest has 336 bytes. */
const STRUCT_BYTES = 1024

const ENOEXEC = 8
const SETSIGDEF = 0x04
const SETSIGMASK = 0x08
const SETSID = 0x80
const O_RDWR = 2

const cString = (text: string) => Buffer.from(`${text}\0`)

/**
 * Answers the pid.
 *
 * @throws Error with the error number
 */
export const spawn = (c: Spawning, { argv, cwd, env, file, terminal }: Command): number => {
  const actions = Buffer.alloc(STRUCT_BYTES)
  const attributes = Buffer.alloc(STRUCT_BYTES)
  const signals = Buffer.alloc(STRUCT_BYTES)
  const pid = Buffer.alloc(4)
  const [directory, path] = [cString(cwd), cString(terminal)]
  c.posix_spawn_file_actions_init(actions)
  c.posix_spawnattr_init(attributes)
  try {
    // Node ignores SIGPIPE, and what is ignored stays so in the program.
    c.sigfillset(signals)
    c.posix_spawnattr_setsigdefault(attributes, signals)
    c.sigemptyset(signals)
    c.posix_spawnattr_setsigmask(attributes, signals)
    c.posix_spawnattr_setflags(attributes, SETSIGDEF | SETSIGMASK | SETSID)
    c.posix_spawn_file_actions_addchdir_np(actions, directory)
    // The first terminal that a session leader opens becomes its controlling terminal (tty_ioctl(4)).
    c.posix_spawn_file_actions_addopen(actions, 0, path, O_RDWR, 0)
    c.posix_spawn_file_actions_adddup2(actions, 0, 1)
    c.posix_spawn_file_actions_adddup2(actions, 0, 2)
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const start = (program: string, given: ReadonlyArray<string>) =>
      c.posix_spawn(pid, cString(program), actions, attributes, given, variables)
    const error = start(file, argv)
    // A script without a first line that says what runs it: execvp(3) gives it to the shell.
    const second = error === ENOEXEC ? start("/bin/sh", ["/bin/sh", file, ...argv.slice(1)]) : error
    if (second !== 0) throw new Error(`${file} cannot be executed (errno ${second})`)
    return pid.readInt32LE(0)
  } finally {
    c.posix_spawn_file_actions_destroy(actions)
    c.posix_spawnattr_destroy(attributes)
  }
}

const waited = new Map<number, OnExit>()
let listening = false
let looking = false
let held = false

/** Waits for a child of this process that nobody else waits for. */
export const awaitExit = (pid: number, onExit: OnExit): void => {
  if (!listening) process.on("SIGCHLD", lookSoon)
  listening = true
  waited.set(pid, onExit)
  lookSoon()
}

/** While held, ends stay with the kernel. */
export const holdEnds = (hold: boolean): void => {
  held = hold
  if (!held && waited.size > 0) lookSoon()
}

/** Many children that end at once are one look. */
const lookSoon = (): void => {
  if (looking || held) return
  looking = true
  setImmediate(() => {
    looking = false
    if (!held) look()
  })
}

const look = (): void => {
  const WNOHANG = 1
  const c = spawningLibc()!
  const status = Buffer.alloc(4)
  for (const [pid, onExit] of [...waited]) {
    const found = c.waitpid(pid, status, WNOHANG)
    if (found === 0) continue
    waited.delete(pid)
    // Anything else than its pid: it is no child of ours.
    if (found === pid) onExit(...decodeStatus(status.readInt32LE(0)))
    else onExit(null, 0)
  }
  if (waited.size > 0) return
  process.off("SIGCHLD", lookSoon)
  listening = false
}

/** wait(2): exit code and signal. */
export const decodeStatus = (status: number): [code: number, signal: number] => [(status >> 8) & 0xff, status & 0x7f]
