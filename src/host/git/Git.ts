/**
 * Asks git about a repository, in bounded time and memory, without letting the repository run anything: its configuration may name
 * programs (hooks, file system monitors, filters, diff drivers, transports), and it is not ours to trust.
 */
import { execFile } from "node:child_process"
import { Context, Effect, Layer, Schema, Semaphore } from "effect"

/** Milliseconds one question may take; a repository on a dead network drive answers never. */
const TIMEOUT_MS = 2_000
/** Bytes of an answer: the names of some ten thousand changed files. */
const MAX_BYTES = 1024 * 1024
/** Questions at a time: they read disks, and the machine is for the agents. */
const MAX_AT_ONCE = 4

export class GitFailed extends Schema.TaggedError<GitFailed>()("GitFailed", { reason: Schema.String }) {}

export class Git extends Context.Service<
  Git,
  {
    /** What `git ARGS` prints in a directory. */
    readonly ask: (directory: string, args: ReadonlyArray<string>) => Effect.Effect<string, GitFailed>
  }
>()("agentd/host/Git") {
  static readonly layer = Layer.effect(
    Git,
    Effect.map(Semaphore.make(MAX_AT_ONCE), (turn) => ({
      ask: Effect.fn("Git.ask")(function* (directory: string, args: ReadonlyArray<string>) {
        // To list them runs nothing; each is then emptied, because reading changed files would run its program.
        const filters = yield* turn.withPermit(
          run(directory, ["config", "--null", "--name-only", "--get-regexp", "^filter\\."], harmless([]), [1])
        )
        return yield* turn.withPermit(run(directory, args, harmless(withoutFilters(filters))))
      })
    }))
  )
}

type Setting = readonly [key: string, value: string]

/** `filter.NAME.KEY`, of which NAME may hold anything: nothing to run, and no failure for want of it. */
export const withoutFilters = (listed: string): ReadonlyArray<Setting> => {
  const names = new Set(
    listed.split("\0").flatMap((key) => (key === "" ? [] : [key.slice("filter.".length, key.lastIndexOf("."))]))
  )
  return [...names].flatMap((name) => [
    ...["clean", "smudge", "process"].map((key) => [`filter.${name}.${key}`, ""] as const),
    [`filter.${name}.required`, "false"] as const
  ])
}

/** Settings that win over the repository's own (git-config(1), GIT_CONFIG_COUNT), in an otherwise empty environment. */
const harmless = (filters: ReadonlyArray<Setting>): Readonly<Record<string, string>> => {
  const settings: ReadonlyArray<Setting> = [
    ["core.fsmonitor", "false"],
    ["core.hooksPath", "/dev/null"],
    ["core.pager", "cat"],
    ["diff.external", ""],
    // An incomplete clone would fetch what is missing, by whatever program its remote names.
    ["protocol.allow", "never"],
    ...filters
  ]
  const numbered = settings.flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, key] as const,
    [`GIT_CONFIG_VALUE_${at}`, value] as const
  ])
  const { HOME = "/nonexistent", PATH = "/usr/bin:/bin", XDG_CONFIG_HOME } = process.env
  return {
    HOME,
    PATH,
    ...(XDG_CONFIG_HOME === undefined ? {} : { XDG_CONFIG_HOME }),
    LC_ALL: "C",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(numbered)
  }
}

/** `fine`: exit codes that are no failure besides 0. */
const run = (
  cwd: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>,
  fine: ReadonlyArray<number> = []
): Effect.Effect<string, GitFailed> =>
  Effect.callback((resume) => {
    const options = {
      cwd,
      env,
      encoding: "utf8",
      maxBuffer: MAX_BYTES,
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL"
    } as const
    const child = execFile("git", ["--no-pager", ...args], options, (error, stdout, stderr) => {
      if (error === null || fine.includes(Number(error.code))) return resume(Effect.succeed(stdout))
      const reason = error.killed === true ? `git took longer than ${TIMEOUT_MS} ms` : stderr.trim() || error.message
      resume(Effect.fail(new GitFailed({ reason })))
    })
    child.stdin?.end()
    return Effect.sync(() => child.kill("SIGKILL"))
  })
