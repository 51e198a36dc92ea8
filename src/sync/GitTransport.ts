/**
 * The branch `agentd-sync` of a git remote, by plumbing commands on a bare repository of agentd's own, one for each workspace.
 *
 * Not a working tree inside of the user's repository: nothing of theirs is written to or read from, their hooks, filters, locks and
 * configuration have no say (an agent may write to that configuration, and it can name programs to run), a read-only, shallow or
 * moved repository is no matter, and since nothing is ever checked out, no path of a hostile branch reaches the file system.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Clock, Effect, Layer } from "effect"
import { SyncFailed } from "../contract/errors/Errors.ts"
import { Directories } from "../host/files/Directories.ts"
import { GitProcess, type GitProcessFailed } from "../host/git/GitProcess.ts"
import { parseBatch, parseChanges, rejection, sentence } from "./gitAnswers.ts"
import { type ChangedFile, MAX_FILE_BYTES, Overtaken, type Remote, SyncTransport } from "./SyncTransport.ts"

const BRANCH = "refs/heads/agentd-sync"
const FETCHED = "refs/agentd/remote/agentd-sync"
const NEXT = "refs/agentd/next"

/** What git says of a repository of its own that it cannot read. */
const DAMAGED =
  /not a git repository: |bad object|corrupt|unable to read|loose object|object file .* is empty|missing (blob|tree|commit)/i

/** Objects in files of their own from which on they are put together: an exchange makes about six, each of a block or more. */
const LOOSE_OBJECTS = 200

/** git's name of a tree without files. */
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

/** Bytes of lists git prints: some hundred thousand changed files. */
const MAX_LIST = 64 * 1024 * 1024
/** Bytes of files read at a time, beside the last one. */
const MAX_READ = 64 * 1024 * 1024

export const layer = Layer.effect(
  SyncTransport,
  Effect.gen(function* () {
    const git = yield* GitProcess
    const { state } = yield* Directories
    const directory = join(state, "sync")
    const repositoryOf = ({ workspace }: Remote) => join(directory, `${workspace}.git`)

    /** Repositories of ours that git could not read: a copy of what the remote has, and made anew before the next exchange. */
    const damaged = new Set<string>()
    const failed = Effect.mapError((error: GitProcessFailed) => new SyncFailed({ reason: sentence(error.reason) }))
    const raw = (remote: Remote, args: ReadonlyArray<string>, stdin: Iterable<Uint8Array> = [], maxBytes = MAX_LIST) =>
      git.local(["--git-dir", repositoryOf(remote), ...args], { stdin, maxBytes })
    const local = (...[remote, ...rest]: Parameters<typeof raw>) =>
      failed(Effect.tapError(raw(remote, ...rest), () => Effect.sync(() => damaged.add(remote.workspace))))

    const prepare = Effect.fnUntraced(function* (remote: Remote) {
      const path = repositoryOf(remote)
      if (!existsSync(join(path, "HEAD")) || damaged.has(remote.workspace)) {
        yield* Effect.sync(() => {
          rmSync(path, { recursive: true, force: true })
          mkdirSync(directory, { recursive: true, mode: 0o700 })
        })
        yield* failed(git.local(["init", "--quiet", "--bare", "--template=", path], { maxBytes: MAX_LIST }))
        damaged.delete(remote.workspace)
      }
      // Left by a git that was killed; one cycle at a time uses this repository.
      yield* Effect.sync(() => removeLeftovers(path))
    })

    const commitOf = (remote: Remote, name: string) =>
      Effect.match(raw(remote, ["rev-parse", "--verify", "--quiet", `${name}^{commit}`]), {
        onFailure: () => null,
        onSuccess: (bytes) => bytes.toString("latin1").trim()
      })

    /** Costs what is new: packs grow like the digits of a number, and nothing is ever deleted. */
    const tidy = (remote: Remote) =>
      Effect.ignore(
        Effect.flatMap(raw(remote, ["count-objects"]), (counted) =>
          Number.parseInt(counted.toString("latin1"), 10) < LOOSE_OBJECTS
            ? Effect.void
            : raw(remote, ["repack", "--quiet", "-d", "--geometric=2"])
        )
      )

    return SyncTransport.of({
      fetch: Effect.fn("GitTransport.fetch")(function* (remote: Remote) {
        yield* prepare(remote)
        // A pattern and not the name: with --prune a branch that is gone is gone here, too, and no failure.
        const pattern = `+${BRANCH}*:${FETCHED}*`
        const options = [
          "--quiet",
          "--no-tags",
          "--no-auto-maintenance",
          "--no-write-fetch-head",
          "--prune",
          "--refmap="
        ]
        const fetching = git.network([
          "--git-dir",
          repositoryOf(remote),
          "fetch",
          ...options,
          "--",
          remote.url,
          pattern
        ])
        yield* failed(
          Effect.tapError(fetching, ({ reason }) =>
            Effect.sync(() => {
              if (DAMAGED.test(reason)) damaged.add(remote.workspace)
            })
          )
        )
        const name = (yield* local(remote, ["for-each-ref", "--format=%(objectname)", FETCHED]))
          .toString("latin1")
          .trim()
        if (name === "" || (yield* commitOf(remote, name)) !== null) return name === "" ? null : name
        damaged.add(remote.workspace)
        return yield* new SyncFailed({ reason: "agentd's own copy of the branch is damaged; it is fetched anew" })
      }),

      changes: Effect.fn("GitTransport.changes")(function* (remote: Remote, from: string | null, to: string | null) {
        const known = from === null ? null : yield* commitOf(remote, from)
        const options = ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"]
        const listed = parseChanges(yield* local(remote, [...options, known ?? EMPTY_TREE, to ?? EMPTY_TREE]))
        yield* tidy(remote)
        const blobs = listed.flatMap(({ blob }) => (blob === null ? [] : [blob]))
        const sizes = yield* local(remote, ["cat-file", "--batch-check=%(objectname) %(objectsize)"], lines(blobs))
        const sizeOf = new Map(
          sizes
            .toString("latin1")
            .split("\n")
            .map((line) => line.split(" ") as [string, string])
        )
        const files = listed.map(
          ({ blob, path }): ChangedFile => ({ path, size: blob === null ? null : Number(sizeOf.get(blob)) })
        )
        return { all: known === null, files }
      }),

      read: Effect.fn("GitTransport.read")(function* (remote: Remote, at: string | null, paths: ReadonlyArray<string>) {
        const contents = new Map<string, Uint8Array>()
        if (at === null || paths.length === 0) return contents
        const names = paths.map((path) => `${at}:${path}`)
        const check = yield* local(
          remote,
          ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)"],
          lines(names)
        )
        const wanted = check
          .toString("utf8")
          .split("\n")
          .slice(0, paths.length)
          .flatMap((line, index) => {
            const [blob, type, size] = line.split(" ")
            return type === "blob" && Number(size) <= MAX_FILE_BYTES
              ? [{ path: paths[index]!, blob: blob!, size: Number(size) }]
              : []
          })
        for (let from = 0; from < wanted.length; ) {
          let to = from
          for (let bytes = 0; to < wanted.length && bytes <= MAX_READ; to++) bytes += wanted[to]!.size
          const batch = wanted.slice(from, to)
          const printed = yield* local(
            remote,
            ["cat-file", "--batch"],
            lines(batch.map(({ blob }) => blob)),
            MAX_READ + 2 * MAX_FILE_BYTES
          )
          for (const [index, bytes] of parseBatch(printed).entries()) contents.set(batch[index]!.path, bytes)
          from = to
        }
        return contents
      }),

      publish: Effect.fn("GitTransport.publish")(function* (
        remote: Remote,
        base: string | null,
        files: ReadonlyMap<string, Uint8Array>
      ) {
        const now = yield* Effect.map(Clock.currentTimeMillis, (ms) => Math.floor(ms / 1_000))
        const stream = importStream(base, files, now)
        yield* local(remote, ["fast-import", "--quiet", "--force", "--done"], stream)
        yield* tidy(remote)
        const commit = yield* commitOf(remote, NEXT)
        if (commit === null) return yield* new SyncFailed({ reason: "git made no commit" })
        const args = ["push", "--quiet", "--porcelain", "--no-verify", "--", remote.url, `${commit}:${BRANCH}`]
        return yield* Effect.mapError(
          Effect.as(git.network(["--git-dir", repositoryOf(remote), ...args]), commit),
          ({ reason, stdout }) => {
            const refused = rejection(stdout)
            if (refused === "overtaken") return new Overtaken()
            return new SyncFailed({ reason: refused ?? sentence(reason) })
          }
        )
      }),

      isPublic: Effect.fn("GitTransport.isPublic")(function* (url: string) {
        // Of other addresses nobody can tell: whoever may use ssh is somebody.
        if (!/^(https?|git):\/\//.test(url)) return null
        return yield* Effect.match(git.network(["ls-remote", "--quiet", "--", url, "HEAD"], { anonymous: true }), {
          onFailure: ({ reason }) => (/Username|Authentication|40[134]|not found/i.test(reason) ? false : null),
          onSuccess: () => true
        })
      })
    })
  })
)

const lines = (texts: ReadonlyArray<string>): ReadonlyArray<Uint8Array> => [
  Buffer.from(texts.map((text) => `${text}\n`).join(""))
]

/** git-fast-import(1): one commit upon `base`. Costs what is in it, however large the branch is. */
const importStream = function* (
  base: string | null,
  files: ReadonlyMap<string, Uint8Array>,
  seconds: number
): Generator<Uint8Array> {
  yield Buffer.from(base === null ? `reset ${NEXT}\n\n` : "")
  yield Buffer.from(`commit ${NEXT}\ncommitter agentd <agentd@localhost> ${seconds} +0000\ndata 5\nsync\n\n`)
  if (base !== null) yield Buffer.from(`from ${base}\n`)
  for (const [path, bytes] of files) {
    yield Buffer.from(`M 100644 inline ${path}\ndata ${bytes.length}\n`)
    yield bytes
    yield Buffer.from("\n")
  }
  yield Buffer.from("\ndone\n")
}

/** Locks, and what was fetched halfway: each time again, of a branch that takes longer than git may take. */
const removeLeftovers = (repository: string): void => {
  const remove = (directory: string, isLeft: (name: string) => boolean) => {
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      if (isLeft(name)) rmSync(join(directory, name), { recursive: true, force: true })
    }
  }
  const references = ["", "refs", "refs/agentd", join(FETCHED, "..")]
  for (const below of references) remove(join(repository, below), (name) => name.endsWith(".lock"))
  for (const below of ["objects", "objects/pack"]) {
    remove(join(repository, below), (name) => name.startsWith("tmp_") || name.startsWith(".tmp-"))
  }
}
