/**
 * Runs git on a repository that is ours alone, as the user, with the user's own configuration and credentials and no way to ask for
 * anything: bounded in time, in what it prints and in the files it writes, and with its whole family of processes when it is ended.
 *
 * Under systemd the daemon's own sandbox has no network. What needs one runs as a service of its own, outside of it.
 */
import { spawn } from "node:child_process"
import { Context, Effect, Layer, Schema } from "effect"
import { ServiceManager } from "../service/ServiceManager.ts"

/** Milliseconds git may take on its own repository, and with a network in between. */
const LOCAL_MS = 60_000
const NETWORK_MS = 120_000
/** Bytes of a file git may write, and what is fetched comes in one: a branch that needs more is not one of messages. */
export const MAX_FILE_BYTES = 1024 ** 3
/** Bytes of what git says about an exchange. */
const MAX_SAID_BYTES = 1024 * 1024
/** Seconds to wait for an ssh connection. */
const CONNECT_SECONDS = 15

export class GitProcessFailed extends Schema.TaggedError<GitProcessFailed>()("GitProcessFailed", {
  reason: Schema.String,
  stdout: Schema.String
}) {}

export interface LocalOptions {
  readonly stdin?: Iterable<Uint8Array>
  /** Bytes it may print. */
  readonly maxBytes: number
}

export class GitProcess extends Context.Service<
  GitProcess,
  {
    /** Without a network, whatever the repository or its remotes say. */
    readonly local: (args: ReadonlyArray<string>, options: LocalOptions) => Effect.Effect<Buffer, GitProcessFailed>
    /** `anonymous`: as somebody who has no configuration and no credentials. */
    readonly network: (
      args: ReadonlyArray<string>,
      options?: { readonly anonymous?: boolean }
    ) => Effect.Effect<string, GitProcessFailed>
  }
>()("agentd/host/GitProcess") {
  /** As children of this process, none of which writes a file of more than so many bytes. */
  static readonly directUpTo = (maxFileBytes: number) =>
    Layer.succeed(GitProcess, {
      local: (args, options) =>
        run(args, { ...options, maxFileBytes, env: environment({ offline: true }), ms: LOCAL_MS }),
      network: Effect.fnUntraced(function* (args: ReadonlyArray<string>, { anonymous = false } = {}) {
        const env = environment({ anonymous, ssh: yield* sshCommand })
        return (yield* run(args, { maxBytes: MAX_SAID_BYTES, maxFileBytes, env, ms: NETWORK_MS })).toString("utf8")
      })
    })

  static readonly direct = GitProcess.directUpTo(MAX_FILE_BYTES)

  /** What needs a network as a service of the user's manager. */
  static readonly asService = Layer.effect(
    GitProcess,
    Effect.gen(function* () {
      const { attempt } = yield* ServiceManager
      const { local } = yield* GitProcess
      return {
        local,
        network: Effect.fnUntraced(function* (args: ReadonlyArray<string>, { anonymous = false } = {}) {
          const env = environment({ anonymous, ssh: yield* sshCommand })
          const { code, stderr, stdout } = yield* attempt({
            description: "agentd exchanges messages",
            slice: "app-agentd.slice",
            properties: [
              `RuntimeMaxSec=${NETWORK_MS / 1_000}`,
              "KillMode=control-group",
              "TimeoutStopSec=2",
              `LimitFSIZE=${MAX_FILE_BYTES}`,
              "UMask=0077",
              "NoNewPrivileges=yes",
              ...Object.entries(env).map(([name, value]) => `Environment="${name}=${value.replace(/["\\]/g, "\\$&")}"`)
            ],
            argv: ["/bin/sh", "-c", GIT, "git", ...args]
          })
          if (code === 0) return stdout
          return yield* new GitProcessFailed({ reason: stderr, stdout })
        })
      }
    })
  ).pipe(Layer.provide(GitProcess.direct))
}

/** Settings that win over the user's and the repository's (git-config(1), GIT_CONFIG_COUNT). */
const SETTINGS: ReadonlyArray<readonly [string, string]> = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  // Nothing is remembered of an exchange that a power cut could take away again; by itself git has it so for packs only.
  ["core.fsync", "all"],
  // One flush for all objects of a push: a third of the time, and a copy of ours that is torn all the same is made anew.
  ["core.fsyncMethod", "batch"],
  ["core.askPass", "true"],
  // Larger ones are hashed piece by piece instead of in memory.
  ["core.bigFileThreshold", "4m"],
  ["credential.interactive", "false"],
  ["fetch.recurseSubmodules", "false"],
  // In one file, which has a limit; single objects would be many, each of them below it.
  ["fetch.unpackLimit", "1"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["push.gpgSign", "false"],
  ["push.recurseSubmodules", "no"],
  ["http.lowSpeedLimit", "1000"],
  ["http.lowSpeedTime", "20"],
  ["protocol.ext.allow", "never"]
]

/** The ssh this user's git runs, as far as it is theirs to say: no repository is asked. */
const sshCommand: Effect.Effect<string> = Effect.suspend(() => {
  const { GIT_SSH_COMMAND } = process.env
  if (GIT_SSH_COMMAND !== undefined) return Effect.succeed(GIT_SSH_COMMAND)
  const asked = run(["config", "--get", "core.sshCommand"], {
    maxBytes: MAX_SAID_BYTES,
    maxFileBytes: MAX_FILE_BYTES,
    env: environment({ offline: true }),
    ms: LOCAL_MS
  })
  return Effect.match(asked, { onFailure: () => "ssh", onSuccess: (bytes) => bytes.toString("utf8").trim() || "ssh" })
})

const environment = ({ anonymous = false, offline = false, ssh = "ssh" }): Readonly<Record<string, string>> => {
  const settings = [
    ...SETTINGS,
    ...(offline ? [["protocol.allow", "never"] as const] : []),
    ...(anonymous ? [["credential.helper", ""] as const] : [])
  ]
  const numbered = settings.flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, key] as const,
    [`GIT_CONFIG_VALUE_${at}`, value] as const
  ])
  const { HOME = "/nonexistent", PATH = "/usr/bin:/bin", SSH_AUTH_SOCK, XDG_CONFIG_HOME } = process.env
  return {
    PATH,
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "true",
    SSH_ASKPASS_REQUIRE: "never",
    // Whatever ssh would ask, nobody is there to answer.
    GIT_SSH_COMMAND: `${ssh} -oBatchMode=yes -oConnectTimeout=${CONNECT_SECONDS}`,
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(numbered),
    ...(anonymous
      ? { HOME: "/nonexistent", GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" }
      : {
          HOME,
          ...(SSH_AUTH_SOCK === undefined ? {} : { SSH_AUTH_SOCK }),
          ...(XDG_CONFIG_HOME === undefined ? {} : { XDG_CONFIG_HOME })
        })
  }
}

interface Running extends LocalOptions {
  readonly env: Readonly<Record<string, string>>
  readonly ms: number
  readonly maxFileBytes: number
}

/** Without the signal for a file that becomes too large git says so, instead of being ended by it. */
const GIT = `trap '' XFSZ; exec git "$@"`

/** ulimit(1p) counts blocks of 512 bytes. */
const limited = (maxFileBytes: number) => `ulimit -f ${Math.ceil(maxFileBytes / 512)}; ${GIT}`

const run = (args: ReadonlyArray<string>, { env, maxBytes, maxFileBytes, ms, stdin = [] }: Running) =>
  Effect.callback<Buffer, GitProcessFailed>((resume) => {
    // A group of its own: git's helpers, ssh for one, end with it.
    const child = spawn("/bin/sh", ["-c", limited(maxFileBytes), "git", ...args], {
      env,
      cwd: "/",
      detached: true,
      stdio: "pipe"
    })
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
      } catch {
        // All of it has gone.
      }
    }
    const printed: Array<Buffer> = []
    let bytes = 0
    let stderr = ""
    let over: string | null = null
    const stop = (reason: string) => {
      over ??= reason
      end()
    }
    const timer = setTimeout(() => stop(`git took longer than ${ms / 1_000} s`), ms)
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) return stop("git has more to say than fits")
      printed.push(chunk)
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (stderr.length < 8_192) stderr += text
    })
    child.stdin.on("error", () => {})
    for (const part of stdin) child.stdin.write(part)
    child.stdin.end()
    child.on("error", (error) => {
      clearTimeout(timer)
      resume(Effect.fail(new GitProcessFailed({ reason: `git cannot be run: ${error.message}`, stdout: "" })))
    })
    child.on("close", (code) => {
      clearTimeout(timer)
      const all = Buffer.concat(printed)
      if (code === 0 && over === null) return resume(Effect.succeed(all))
      const reason = over ?? (code === 127 ? "git is not installed" : stderr)
      resume(Effect.fail(new GitProcessFailed({ reason, stdout: all.toString("utf8", 0, 4_096) })))
    })
    return Effect.sync(() => {
      clearTimeout(timer)
      end()
    })
  })
