/**
 * Starts the daemon if none listens: through the service manager where agentd's unit is installed, else as a process of
 * its own that shares nothing with the caller, neither terminal nor files.
 */
import { spawn } from "node:child_process"
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  watch
} from "node:fs"
import { homedir, tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { START_MS } from "../contract/Limits.ts"
import { AgentdError } from "./AgentdError.ts"
import { Connection } from "./Connection.ts"
import { type Environment, findSocket } from "./Places.ts"

export interface EnsureDaemonOptions {
  readonly socket?: string
  readonly env?: Environment
  /** End by itself once nobody uses it. Default true; only without a service manager. */
  readonly ephemeral?: boolean
  /** Told what is waited for when it takes longer than a second. */
  readonly onProgress?: (message: string) => void
}

/** Milliseconds of silence before the caller is told what is waited for. */
const QUIET_MS = 1_000
/** Milliseconds between two attempts when no event of the directory announces the socket. */
const RETRY_MS = 100
/** Bytes of log a daemon may find before the file is put aside (one old one is kept). */
const LOG_BYTES = 4 * 1024 * 1024
/** Lines and bytes of log shown when a daemon ends at once. */
const LAST_LINES = 8
const LAST_BYTES = 8 * 1024
/** The daemon's exit code when another one holds the lock (sysexits.h, EX_TEMPFAIL). */
const EX_TEMPFAIL = 75

const UNIT = "agentd.socket"

/** Resolves when a daemon listens on the socket; `started` says whether it had to be started. */
export const ensureDaemon = async (options: EnsureDaemonOptions = {}): Promise<{ readonly started: boolean }> => {
  const env = options.env ?? process.env
  const socket = options.socket ?? findSocket(env)
  if (await listens(socket)) return { started: false }
  const starting =
    hasUnit(env) && socket === findSocket({ ...env, AGENTD_SOCKET: undefined })
      ? startUnit(env)
      : startProcess(env, socket, options.ephemeral ?? true)
  const quiet = setTimeout(() => options.onProgress?.(`Waiting for ${starting.what} …`), QUIET_MS)
  try {
    await appears(socket, starting)
  } finally {
    clearTimeout(quiet)
    starting.release()
  }
  return { started: true }
}

interface Starting {
  /** For the sentence "Waiting for …". */
  readonly what: string
  /** Rejects when it cannot come up any more. */
  readonly failed: Promise<never>
  /** Lets the caller end before it does. */
  readonly release: () => void
}

const listens = async (socket: string): Promise<boolean> => {
  try {
    ;(await Connection.open(socket)).close()
    return true
  } catch (error) {
    if (error instanceof AgentdError && error.tag === "NoDaemon") return false
    throw error
  }
}

/** Waits for the socket, woken by its directory, the child's end, and now and then by the clock. */
const appears = async (socket: string, starting: Starting): Promise<void> => {
  const deadline = Date.now() + START_MS
  const folder = dirname(socket)
  while (Date.now() < deadline) {
    const woken = Promise.withResolvers<void>()
    const timer = setTimeout(woken.resolve, RETRY_MS)
    const watcher = existsSync(folder) ? watch(folder, () => woken.resolve()).on("error", () => {}) : undefined
    try {
      // Looked at after the watch began, so that nothing falls between the two.
      if (await listens(socket)) return
      await Promise.race([woken.promise, starting.failed])
    } finally {
      clearTimeout(timer)
      watcher?.close()
    }
  }
  throw new AgentdError("StartFailed", `${starting.what} did not come up within ${START_MS / 1000} s (${socket}).`, {
    data: { socket }
  })
}

/** Whether agentd is installed for a running systemd user manager: files only, because asking systemctl takes 20 ms. */
export const hasUnit = (env: Environment): boolean => {
  const runtime = env.XDG_RUNTIME_DIR
  if (process.platform !== "linux" || !runtime || !existsSync(join(runtime, "systemd", "private"))) return false
  const home = env.HOME ?? homedir()
  const unit = [
    join(env.XDG_CONFIG_HOME || join(home, ".config"), "systemd/user"),
    join(env.XDG_DATA_HOME || join(home, ".local/share"), "systemd/user"),
    "/etc/systemd/user",
    "/run/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user"
  ]
    .map((folder) => join(folder, UNIT))
    .find((file) => existsSync(file))
  // A link to nowhere is how a user declines a unit that everybody has (systemctl --user mask).
  return unit !== undefined && realpathSync(unit) !== "/dev/null"
}

const startUnit = (env: Environment): Starting => {
  const child = spawn("systemctl", ["--user", "start", UNIT], { stdio: ["ignore", "ignore", "pipe"], env })
  let said = ""
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-LAST_BYTES)
  })
  const failed = new Promise<never>((_, reject) => {
    child.on("error", (cause) => reject(startFailed(`systemctl could not be run: ${cause.message}`)))
    child.on("close", (code) => {
      if (code !== 0) reject(startFailed(`"systemctl --user start ${UNIT}" failed: ${said.trim()}`))
    })
  })
  failed.catch(() => {})
  return { what: `${UNIT} (systemd)`, failed, release: () => {} }
}

const startProcess = (env: Environment, socket: string, ephemeral: boolean): Starting => {
  const program = daemonProgram(env)
  const log = openLog(logFile(env)) ?? unnamedLog()
  const child = spawn(program, ephemeral ? ["--ephemeral"] : [], {
    // Its own session (setsid(2)): no terminal to lose, no signal meant for the caller.
    detached: true,
    stdio: ["ignore", log?.fd ?? "ignore", log?.fd ?? "ignore"],
    // Not the caller's directory: a daemon must not keep a file system busy.
    cwd: "/",
    env: { ...env, AGENTD_SOCKET: socket === findSocket({ ...env, AGENTD_SOCKET: undefined }) ? undefined : socket }
  })
  const failed = new Promise<never>((_, reject) => {
    child.on("error", (cause) => reject(startFailed(`${program} could not be run: ${cause.message}`)))
    child.on("exit", (code, signal) => {
      // Somebody else's daemon is starting at the same moment: wait for that one.
      if (code === EX_TEMPFAIL) return
      const end = signal === null ? `exit code ${code}` : signal
      const lines = log === undefined ? "" : lastLines(log)
      reject(startFailed(`the daemon ended at once (${end})${lines === "" ? "" : `:\n${lines}`}`))
    })
  })
  failed.catch(() => {})
  child.unref()
  const release = () => {
    child.removeAllListeners()
    if (log !== undefined) closeSync(log.fd)
  }
  return { what: "the daemon to start", failed, release }
}

/** `bin/agentd` of this package; `$AGENTD_BIN` names another. */
export const daemonProgram = (env: Environment = process.env): string => {
  if (env.AGENTD_BIN) return env.AGENTD_BIN
  // From src/client, dist/client or dist up to the package.
  let folder = dirname(fileURLToPath(import.meta.url))
  for (let up = 0; up < 4; up++) {
    const program = join(folder, "bin", "agentd")
    if (existsSync(program)) return program
    folder = dirname(folder)
  }
  throw startFailed("its program bin/agentd is not where this package has it; name it with AGENTD_BIN")
}

const startFailed = (why: string) =>
  new AgentdError("StartFailed", `The daemon could not be started: ${why.replace(/\.+$/, "")}.`)

/** Where a daemon that nobody supervises writes its log. */
export const logFile = (env: Environment = process.env): string => {
  if (env.XDG_STATE_HOME) return join(env.XDG_STATE_HOME, "agentd", "agentd.log")
  const home = env.HOME ?? homedir()
  return process.platform === "darwin"
    ? join(home, "Library", "Application Support", "agentd", "agentd.log")
    : join(home, ".local", "state", "agentd", "agentd.log")
}

interface Log {
  readonly fd: number
  /** Where this daemon's lines begin. */
  readonly from: number
}

/** Open for reading too: what a daemon that ends at once has to say is shown. */
const openLog = (path: string): Log | undefined => {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    if (existsSync(path) && statSync(path).size > LOG_BYTES) renameSync(path, `${path}.1`)
    const fd = openSync(path, "a+", 0o600)
    return { fd, from: fstatSync(fd).size }
  } catch {
    return undefined
  }
}

/** Where no log can be written, no daemon can run: a file without a name carries its reason to the caller. */
const unnamedLog = (): Log | undefined => {
  try {
    const folder = mkdtempSync(join(tmpdir(), "agentd-"))
    try {
      return { fd: openSync(join(folder, "log"), "ax+", 0o600), from: 0 }
    } finally {
      rmSync(folder, { recursive: true })
    }
  } catch {
    return undefined
  }
}

const lastLines = ({ fd, from }: Log): string => {
  const size = fstatSync(fd).size
  const start = Math.max(from, size - LAST_BYTES)
  const bytes = Buffer.alloc(size - start)
  readSync(fd, bytes, 0, bytes.length, start)
  return bytes.toString("utf8").trimEnd().split("\n").slice(-LAST_LINES).join("\n")
}
