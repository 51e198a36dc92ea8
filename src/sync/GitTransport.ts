/**
 * The branch `agentd-sync` of a git remote, by plumbing commands on a bare repository of agentd's own, one for each workspace.
 *
 * Not a working tree inside of the user's repository: nothing of theirs is written to or read from, their hooks, filters, locks and
 * configuration have no say (an agent may write to that configuration, and it can name programs to run), a read-only, shallow or
 * moved repository is no matter, and since nothing is ever checked out, no path of a hostile branch reaches the file system.
 */
import { Clock, Effect, Layer } from "effect"
import { SyncFailed } from "../contract/errors/Errors.ts"
import { Directories } from "../host/files/Directories.ts"
import { GitProcess, type GitProcessFailed } from "../host/git/GitProcess.ts"
import { isOnThisMachine } from "./Address.ts"
import { heldBy, parseBatch, parseChanges, parseCounts, parseSizes, rejection } from "./gitAnswers.ts"
import { FETCHED, makeOwnCopies, NEXT } from "./OwnCopy.ts"
import { type ChangedFile, MAX_FILE_BYTES, Overtaken, type Remote, SyncTransport } from "./SyncTransport.ts"

const BRANCH = "refs/heads/agentd-sync"

/** Objects in files of their own from which on they are put together: an exchange makes about six, each of a block or more. */
const LOOSE_OBJECTS = 200
/** The same for packs: each exchange that brings something makes one. */
const PACKS = 40

/** git's name of a tree without files. */
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

/** What is asked of an object (git-cat-file(1)). */
const SIZES = "%(objectname) %(objecttype) %(objectsize)"

/**
 * A remote on a disk of this machine loses its power with us, after we have written down what it has: so it writes to disk before it
 * answers. git does so with packs by itself, not with single objects and references. A branch that is there already may go back to what it
 * was, which the next exchange makes good; to wait for it would also make its lock last, and that outlives a power cut.
 */
const receiveDurably = (base: string | null) =>
  `git -c core.fsync=${base === null ? "all" : "all,-reference"} receive-pack`

/** Seconds since 1970 of the last moment that every git can read. A commit of later is of nobody's clock. */
const LAST_SECOND = 2 ** 32 - 1

/** Bytes of files read at a time, beside the last one. */
const MAX_READ = 64 * 1024 * 1024

export const layer = Layer.effect(
  SyncTransport,
  Effect.gen(function* () {
    const git = yield* GitProcess
    const { state } = yield* Directories
    const copies = makeOwnCopies(git, state)
    const { isDamaged, local, raw } = copies
    /** The branch's newest commit, by workspace, and when that says it was made, in seconds since 1970. */
    const newest = new Map<string, { readonly commit: string; readonly seconds: number }>()

    const commitOf = (remote: Remote, name: string) =>
      Effect.match(raw(remote, ["rev-parse", "--verify", "--quiet", `${name}^{commit}`]), {
        onFailure: () => null,
        onSuccess: (bytes) => bytes.toString("latin1").trim()
      })

    /** When a commit says it was made; null: it is none. */
    const dateOf = (remote: Remote, name: string) =>
      Effect.match(raw(remote, ["rev-list", "--max-count=1", "--format=%ct", name, "--"]), {
        onFailure: () => null,
        onSuccess: (bytes) => Number(bytes.toString("latin1").split("\n")[1])
      })

    /** Costs what is new: packs grow like the digits of a number, and nothing is ever deleted. */
    const tidy = Effect.fnUntraced(
      function* (remote: Remote) {
        const counted = parseCounts(yield* raw(remote, ["count-objects", "-v"]))
        if ((counted.get("count") ?? 0) < LOOSE_OBJECTS && (counted.get("packs") ?? 0) < PACKS) return
        yield* raw(remote, ["repack", "--quiet", "-d", "--geometric=2"])
      },
      (effect) => Effect.ignore(effect)
    )

    return SyncTransport.of({
      fetch: Effect.fn("GitTransport.fetch")(function* (remote: Remote) {
        yield* copies.prepare(remote)
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
          copies.pathOf(remote),
          "fetch",
          ...options,
          "--",
          remote.url,
          pattern
        ])
        // What came of it until it failed may be a gigabyte.
        const failed = (error: GitProcessFailed) => Effect.andThen(copies.clean(remote), copies.blame(remote, error))
        yield* Effect.catchTag(fetching, "GitProcessFailed", failed)
        const name = (yield* local(remote, ["for-each-ref", "--format=%(objectname)", FETCHED]))
          .toString("latin1")
          .trim()
        if (name === "") return null
        const seconds = yield* dateOf(remote, name)
        if (seconds === null) return yield* isDamaged(remote, `${name} is no commit`)
        newest.set(remote.workspace, { commit: name, seconds })
        return name
      }),

      changes: Effect.fn("GitTransport.changes")(function* (remote: Remote, from: string | null, to: string | null) {
        const known = from === null ? null : yield* commitOf(remote, from)
        const options = ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"]
        const listed = parseChanges(yield* local(remote, [...options, known ?? EMPTY_TREE, to ?? EMPTY_TREE]))
        yield* tidy(remote)
        const blobs = listed.flatMap(({ blob }) => (blob === null ? [] : [blob]))
        const checked = yield* local(remote, ["cat-file", `--batch-check=${SIZES}`], lines(blobs))
        const sizes = parseSizes(checked)
        const gone = sizes.find(({ type }) => type === null)
        if (gone !== undefined) return yield* isDamaged(remote, `${gone.name} is missing`)
        const sizeOf = new Map(sizes.map(({ name, size }) => [name, size]))
        const files = listed.map(
          ({ blob, path }): ChangedFile => ({ path, size: blob === null ? null : (sizeOf.get(blob) ?? null) })
        )
        return { all: known === null, files }
      }),

      read: Effect.fn("GitTransport.read")(function* (remote: Remote, at: string | null, paths: ReadonlyArray<string>) {
        const contents = new Map<string, Uint8Array>()
        if (at === null || paths.length === 0) return contents
        const names = paths.map((path) => `${at}:${path}`)
        const sizes = parseSizes(yield* local(remote, ["cat-file", `--batch-check=${SIZES}`], lines(names)))
        const missing = paths.filter((_, index) => sizes[index]?.type == null)
        // Not there, or there and not readable: the first is no fault, and the second would be taken for the first.
        if (missing.length > 0) {
          const listed = yield* local(remote, ["ls-tree", "-r", "-z", "--name-only", at, "--", ...missing])
          if (listed.length > 0) return yield* isDamaged(remote, `${listed.toString("utf8").split("\0")[0]} is missing`)
        }
        const wanted = sizes.flatMap(({ name, size, type }, index) =>
          type === "blob" && size <= MAX_FILE_BYTES ? [{ path: paths[index]!, blob: name, size }] : []
        )
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
          const files = parseBatch(printed)
          if (files.length < batch.length) {
            return yield* isDamaged(remote, `${batch[files.length]!.blob} cannot be read`)
          }
          for (const [index, bytes] of files.entries()) contents.set(batch[index]!.path, bytes)
          from = to
        }
        return contents
      }),

      publish: Effect.fn("GitTransport.publish")(function* (
        remote: Remote,
        base: string | null,
        files: ReadonlyMap<string, Uint8Array>
      ) {
        const before = newest.get(remote.workspace)
        const now = Math.floor((yield* Clock.currentTimeMillis) / 1_000)
        const seconds = before === undefined || before.commit !== base ? now : notBefore(before.seconds, now)
        const stream = importStream(base, files, seconds)
        yield* local(remote, ["fast-import", "--quiet", "--force", "--done"], stream)
        yield* tidy(remote)
        const commit = yield* commitOf(remote, NEXT)
        if (commit === null) return yield* new SyncFailed({ reason: "git made no commit" })
        const durably = isOnThisMachine(remote.url) ? [`--receive-pack=${receiveDurably(base)}`] : []
        const options = ["--quiet", "--porcelain", "--no-verify", ...durably]
        const pushing = git.network([
          "--git-dir",
          copies.pathOf(remote),
          "push",
          ...options,
          "--",
          remote.url,
          `${commit}:${BRANCH}`
        ])
        const refused = Effect.fnUntraced(function* (
          error: GitProcessFailed
        ): Effect.fn.Return<never, SyncFailed | Overtaken> {
          const reason = rejection(error.stdout)
          if (reason === null) return yield* copies.blame(remote, error)
          // It got nothing that it could read: what was sent may be the reason, or what it has.
          if (/unpacker error|missing necessary objects/.test(reason)) return yield* copies.blame(remote, error, reason)
          return yield* reason === "overtaken"
            ? new Overtaken({ locked: heldBy(error.reason) })
            : new SyncFailed({ reason })
        })
        yield* Effect.catchTag(pushing, "GitProcessFailed", refused)
        yield* copies.published(remote)
        newest.set(remote.workspace, { commit, seconds })
        return commit
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

/**
 * What a commit says of when it was made: never before the one it stands on. git looks for what two sides have in common from the newest
 * date on, and with a clock that is behind would go through all commits that are later than it says, here and there.
 */
const notBefore = (base: number, now: number): number => (base > now && base <= LAST_SECOND ? base : now)

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
