/**
 * Where agentd keeps its things: the XDG directories, what systemd says, or their macOS counterparts.
 *
 * A directory that is a symlink, belongs to somebody else or is open to others is refused, never "repaired":
 * whoever planted it could read terminals through it.
 */
import { chmodSync, lstatSync, mkdirSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { Config, Context, Effect, Layer, Option, Schema } from "effect"
import { MAX_SOCKET_PATH_LINUX, MAX_SOCKET_PATH_MACOS } from "../../contract/Limits.ts"

/** A directory or path cannot be used; the message says why and what to do. Exit code 78 (EX_CONFIG). */
export class DirectoryRefused extends Schema.TaggedError<DirectoryRefused>()("DirectoryRefused", {
  path: Schema.String,
  reason: Schema.String,
  fix: Schema.String
}) {
  override get message() {
    return `${this.path}: ${this.reason}. ${this.fix}`
  }
}

export interface Places {
  readonly runtime: string
  readonly state: string
  readonly config: string
  readonly socket: string
  readonly lock: string
  readonly pidFile: string
  readonly database: string
  readonly backups: string
  readonly transcripts: string
}

export class Directories extends Context.Service<Directories, Places>()("agentd/host/Directories") {
  static readonly layer = Layer.effect(
    Directories,
    Effect.gen(function* () {
      const uid = process.getuid?.() ?? 0
      const places = yield* decidePlaces
      const limit = process.platform === "darwin" ? MAX_SOCKET_PATH_MACOS : MAX_SOCKET_PATH_LINUX
      if (Buffer.byteLength(places.socket) > limit) {
        return yield* new DirectoryRefused({
          path: places.socket,
          reason: `a Unix socket's path may have ${limit} bytes, this one has ${Buffer.byteLength(places.socket)}`,
          fix: "Set XDG_RUNTIME_DIR or AGENTD_SOCKET to a shorter path."
        })
      }
      for (const path of [places.runtime, places.state]) yield* ensurePrivate(path, uid)
      return places
    })
  )
}

/** Where everything would be; nothing is made or checked. */
export const decidePlaces = Effect.suspend(() =>
  Effect.map(read, (environment) => {
    const bases = decideBases(environment, process.platform, homedir(), process.getuid?.() ?? 0)
    return placesIn(bases, environment.socket)
  })
)

interface Environment {
  readonly runtime: string | undefined
  readonly state: string | undefined
  readonly config: string | undefined
  readonly xdgRuntime: string | undefined
  readonly xdgState: string | undefined
  readonly xdgConfig: string | undefined
  readonly socket: string | undefined
}

const variable = (name: string) =>
  Config.String(name).pipe(
    Config.option,
    Config.map((value) => Option.getOrUndefined(Option.filter(value, (text) => text !== "")))
  )

const read = Config.all({
  runtime: variable("RUNTIME_DIRECTORY"),
  state: variable("STATE_DIRECTORY"),
  config: variable("CONFIGURATION_DIRECTORY"),
  xdgRuntime: variable("XDG_RUNTIME_DIR"),
  xdgState: variable("XDG_STATE_HOME"),
  xdgConfig: variable("XDG_CONFIG_HOME"),
  socket: variable("AGENTD_SOCKET")
})

interface Bases {
  readonly runtime: string
  readonly state: string
  readonly config: string
}

/**
 * What systemd says wins, then XDG, then the platform's habit.
 *
 * systemd puts a user unit's StateDirectory under ~/.config before version 254, so a state directory it names is taken only
 * when it agrees with XDG; otherwise an upgrade of systemd would make every session disappear.
 */
export const decideBases = (env: Environment, platform: string, home: string, uid: number): Bases => {
  const mac = join(home, "Library", "Application Support", "agentd")
  const state =
    env.xdgState !== undefined
      ? join(env.xdgState, "agentd")
      : platform === "darwin"
        ? mac
        : join(home, ".local", "state", "agentd")
  const system = uid === 0 || !env.state?.startsWith(home)
  return {
    runtime:
      env.runtime ?? (env.xdgRuntime !== undefined ? join(env.xdgRuntime, "agentd") : join("/tmp", `agentd-${uid}`)),
    state: env.state !== undefined && system ? env.state : state,
    config:
      env.xdgConfig !== undefined
        ? join(env.xdgConfig, "agentd")
        : platform === "darwin"
          ? mac
          : join(home, ".config", "agentd")
  }
}

export const placesIn = (bases: Bases, socket: string | undefined): Places => ({
  ...bases,
  socket: socket ?? join(bases.runtime, "api.sock"),
  lock: join(bases.state, "agentd.lock"),
  pidFile: join(bases.runtime, "agentd.pid"),
  database: join(bases.state, "agentd.db"),
  backups: join(bases.state, "backups"),
  transcripts: join(bases.state, "transcripts")
})

/** Makes the directory 0700, or refuses the one that is there. */
export const ensurePrivate = (path: string, uid: number): Effect.Effect<void, DirectoryRefused> =>
  Effect.suspend(() => {
    const refuse = (reason: string, fix: string) => Effect.fail(new DirectoryRefused({ path, reason, fix }))
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 })
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      // A link that leads nowhere is there and cannot be made either: below it is refused as what it is.
      if (code === "ENOTDIR" || lstatSync(path, { throwIfNoEntry: false }) === undefined) {
        return refuse(`it cannot be made (${code})`, "Make it, owned by you, mode 0700.")
      }
    }
    const found = lstatSync(path)
    if (found.isSymbolicLink()) return refuse("it is a symbolic link", "Remove the link and use a real directory.")
    if (!found.isDirectory()) return refuse("it is not a directory", "Move that file away.")
    if (found.uid !== uid)
      return refuse(`it belongs to uid ${found.uid}, not to you (${uid})`, "Choose another directory.")
    if ((found.mode & 0o077) !== 0) {
      if ((found.mode & 0o022) !== 0) return refuse("others may write to it", `Run: chmod 700 ${path}`)
      // Made by mkdir -p or systemd with a wider umask: nobody else could have put anything in, so closing it suffices.
      chmodSync(path, 0o700)
    }
    return Effect.void
  })
