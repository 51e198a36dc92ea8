/**
 * The work on backups, as a process of its own does it: reading and compressing gigabytes must hold up no request. The daemon asks with a
 * line of JSON on standard input and reads one from standard output; `agentd --restore` does the same work in its own process.
 */
import { DateTime, Effect, Schema } from "effect"
import { Backup, BackupId, BackupReason, DamagedList, VerifiedBackup } from "../contract/Backup.ts"
import { BackupDamaged, BackupFailed, BackupNotFound } from "../contract/errors/Errors.ts"
import { FileLock } from "../host/files/FileLock.ts"
import { createBackup } from "./Create.ts"
import { planRemovals } from "./Keep.ts"
import type { Manifest } from "./Manifest.ts"
import { stageBackup, verifyBackup } from "./Stage.ts"
import { findBackup, listVault, lockFile, prepareVault, removeBackups } from "./Vault.ts"

const Natural = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** What can be asked, and what is answered. */
const jobs = {
  create: {
    job: Schema.Struct({
      do: Schema.Literal("create"),
      id: BackupId,
      at: Schema.Int,
      reason: BackupReason,
      version: Schema.String,
      host: Schema.String,
      directory: Schema.String,
      uid: Schema.Int,
      sources: Schema.Struct({
        database: Schema.String,
        transcripts: Schema.String,
        config: Schema.String,
        extra: Schema.NullOr(Schema.String)
      }),
      keep: Schema.Struct({ last: Natural, daily: Natural, weekly: Natural, monthly: Natural })
    }),
    result: Schema.Struct({
      backup: Backup,
      stored: Natural,
      skipped: Schema.Array(Schema.String),
      removed: Schema.Array(BackupId)
    })
  },
  list: {
    job: Schema.Struct({ do: Schema.Literal("list"), directory: Schema.String }),
    result: Schema.Struct({ backups: Schema.Array(Backup), damaged: Schema.Array(DamagedList) })
  },
  verify: {
    job: Schema.Struct({
      do: Schema.Literal("verify"),
      directory: Schema.String,
      backup: Schema.NullOr(Schema.String)
    }),
    result: Schema.Struct({ backups: Schema.Array(VerifiedBackup), damaged: Schema.Array(DamagedList) })
  },
  stage: {
    job: Schema.Struct({
      do: Schema.Literal("stage"),
      directory: Schema.String,
      backup: Schema.String,
      state: Schema.String
    }),
    result: Backup
  }
} as const

type Jobs = typeof jobs
export type JobName = keyof Jobs
export type Job<N extends JobName> = Jobs[N]["job"]["Type"]
export type JobResult<N extends JobName> = Jobs[N]["result"]["Type"]

const JobError = Schema.Union([BackupNotFound, BackupDamaged, BackupFailed])
export type JobError = typeof JobError.Type

/** What is thrown on the way is an answer too: it is the file system's, and nothing of ours is left half done by it. */
const attempted = <A, E, R>(work: Effect.Effect<A, E, R>, what = ""): Effect.Effect<A, E | JobError, R> =>
  Effect.catchDefect(work, (defect) =>
    Effect.fail(
      isJobError(defect)
        ? defect
        : new BackupFailed({ reason: `${what}${defect instanceof Error ? `${defect.message}.` : `${defect}`}` })
    )
  )
const isJobError = Schema.is(JobError)

export const create = (job: Job<"create">) =>
  Effect.gen(function* () {
    const { directory, id, keep, uid } = job
    prepareVault(directory, uid)
    yield* (yield* FileLock).acquire(lockFile(directory)).pipe(
      Effect.mapError(
        (error) =>
          new BackupFailed({
            reason:
              error._tag === "Locked"
                ? `A backup to ${directory} is being made at this moment: try again when it is done.`
                : error.message
          })
      )
    )
    const made = yield* createBackup(job)
    const all = listVault(directory).manifests.map(({ backup }) => backup)
    const removed = planRemovals(all, keep, DateTime.zoneMakeLocal(), id)
    removeBackups(directory, removed)
    return { ...made, removed }
  }).pipe(Effect.scoped, (work) => attempted(work, `No backup could be made in ${job.directory}: `))

export const list = ({ directory }: Job<"list">) =>
  attempted(
    Effect.sync(() => {
      const { damaged, manifests } = listVault(directory)
      return { backups: manifests.map(({ backup }) => backup), damaged }
    })
  )

export const verify = ({ backup, directory }: Job<"verify">) =>
  attempted(
    Effect.gen(function* () {
      const all = backup === null ? listVault(directory) : { manifests: [findBackup(directory, backup)], damaged: [] }
      // Nothing that was looked for in the wrong place is whole.
      if (all.manifests.length + all.damaged.length === 0)
        return yield* new BackupNotFound({ backup: "latest", directory })
      const backups = yield* Effect.forEach(all.manifests, (manifest: Manifest) => verifyBackup(directory, manifest))
      return { backups, damaged: all.damaged }
    })
  )

export const stage = ({ backup, directory, state }: Job<"stage">) =>
  attempted(
    Effect.gen(function* () {
      const manifest = findBackup(directory, backup)
      yield* stageBackup(directory, manifest, state)
      return manifest.backup
    })
  )

type Work = { readonly [N in JobName]: (job: Job<N>) => Effect.Effect<JobResult<N>, JobError, FileLock> }
const work: Work = { create, list, stage, verify }

const AnyJob = Schema.fromJsonString(Schema.Union(Object.values(jobs).map(({ job }) => job)))
const answerOf = <N extends JobName>(name: N) =>
  Schema.fromJsonString(
    Schema.Union([
      Schema.Struct({ error: JobError }),
      Schema.Struct({ result: jobs[name].result as Jobs[JobName]["result"] })
    ])
  )

/** In the process that works: from a line to a line. */
export const answer = (line: string): Effect.Effect<string, never, FileLock> =>
  Effect.gen(function* () {
    const job = yield* Effect.orDie(Schema.decodeUnknownEffect(AnyJob)(line))
    const run = work[job.do] as (job: unknown) => Effect.Effect<JobResult<JobName>, JobError, FileLock>
    const done = yield* Effect.match(run(job), {
      onFailure: (error) => ({ error }),
      onSuccess: (result) => ({ result })
    })
    return yield* Effect.orDie(Schema.encodeUnknownEffect(answerOf(job.do))(done))
  })

/** In the process that asks: `ask` carries a line there and one back. */
export const through =
  <E>(ask: (line: string) => Effect.Effect<string, E>) =>
  <N extends JobName>(job: Job<N> & { readonly do: N }): Effect.Effect<JobResult<N>, JobError | E> =>
    Effect.gen(function* () {
      const line = yield* ask(JSON.stringify(job))
      const said = yield* Effect.mapError(
        Schema.decodeUnknownEffect(answerOf(job.do))(line),
        () =>
          new BackupFailed({
            reason: "The version of agentd that is installed now does not understand this daemon: restart it."
          })
      )
      if ("error" in said) return yield* said.error
      return said.result as JobResult<N>
    })
