/**
 * Backups as the daemon offers them: makes them with the scripts around, lists, verifies, and prepares one to be put back. The work is done
 * by a process of its own (Job.ts); here is what comes before and after it.
 */
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Clock, Context, DateTime, Effect, Layer, Semaphore } from "effect"
import { Settings } from "../config/Settings.ts"
import type { Backup, BackupReason } from "../contract/Backup.ts"
import { BackupFailed, Conflict } from "../contract/errors/Errors.ts"
import type { HandlersFor } from "../contract/Handler.ts"
import { about } from "../contract/Log.ts"
import type { Params } from "../contract/Methods.ts"
import { Directories } from "../host/files/Directories.ts"
import { Programs } from "../host/processes/Programs.ts"
import { Self } from "../host/self/Self.ts"
import { EventLog } from "../store/EventLog.ts"
import { ulid } from "../store/Ulid.ts"
import { Meters } from "../telemetry/Meters.ts"
import { abandon, asideName, commit } from "./Apply.ts"
import { BackupStore } from "./BackupStore.ts"
import { type Every, type Slots, slotsAround } from "./Calendar.ts"
import { type JobError, through } from "./Job.ts"
import { makingOf } from "./Making.ts"

/** The mode of `agentd` that does the work. */
export const JOB_MODE = "--backup-job"

/** Seconds a backup takes, from an empty store to one of many gigabytes. */
const TAKES = [0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800] as const

/** What a restore needs to know of the rest of the daemon. */
export interface Surroundings {
  /** Names of the sessions that live. */
  readonly live: () => ReadonlyArray<string>
  /** Has the daemon stop; from then on nothing new begins. */
  readonly stop: Effect.Effect<void>
}

type Requests = HandlersFor<"backup.create" | "backup.list" | "backup.verify">

export class Backups extends Context.Service<
  Backups,
  {
    readonly requests: Requests
    readonly make: (reason: BackupReason) => ReturnType<Requests["backup.create"]>
    readonly restore: (
      params: Params<"backup.restore">,
      surroundings: Surroundings
    ) => Effect.Effect<{ readonly backup: Backup; readonly saved: string | null }, JobError | Conflict>
    /** The schedule as it is configured; null: none. */
    readonly slots: Effect.Effect<Slots | null>
  }
>()("agentd/backup/Backups") {
  static readonly layer = Layer.effect(
    Backups,
    Effect.gen(function* () {
      const settings = yield* Settings
      const programs = yield* Programs
      const places = yield* Directories
      const self = yield* Self
      const log = yield* EventLog
      const store = yield* BackupStore
      const { gauge, histogram } = yield* Meters
      const takes = histogram("agentd_backup_duration_seconds", "Time a backup takes.", { boundaries: TAKES })
      let lastMade = (yield* Effect.orElseSucceed(store.last, () => null))?.made?.at ?? 0
      gauge(
        "agentd_backup_last_success_timestamp_seconds",
        "When the last backup was made, since 1970; 0: never.",
        () => lastMade / 1000
      )
      const turn = yield* Semaphore.make(1)
      const restoring = yield* Semaphore.make(1)
      const config = Effect.map(settings.current, ({ backup }) => backup)
      const directory = Effect.map(config, ({ directory }) => directory ?? join(places.backups, "full"))
      const work = through((line) =>
        Effect.mapError(programs.job(JOB_MODE, line), ({ reason }) => new BackupFailed({ reason: `${reason}.` }))
      )

      const attempt = Effect.fnUntraced(function* (reason: BackupReason) {
        const { keep_daily, keep_last, keep_monthly, keep_weekly, script_timeout, ...scripts } = yield* config
        // What scripts add is not what a restore replaces, and one that fails must not stand in its way.
        const { after, before } = reason === "restore" ? { after: null, before: null } : scripts
        const target = yield* directory
        const began = yield* Clock.currentTimeMillis
        const id = `bak_${yield* ulid}`
        const script = (which: "before" | "after", file: string, variables: Readonly<Record<string, string>>) =>
          Effect.mapError(
            programs.script(file, { AGENTD_BACKUP_DIRECTORY: target, ...variables }, script_timeout),
            (error) => new BackupFailed({ reason: `${error.reason} (backup.${which}).` })
          )
        const making = makingOf({ id, at: began, reason, directory: target }, places, self)
        const job = {
          ...making,
          do: "create",
          // Before something is put back is no time to be tidy.
          keep: {
            last: reason === "restore" ? Number.MAX_SAFE_INTEGER : keep_last,
            daily: keep_daily,
            weekly: keep_weekly,
            monthly: keep_monthly
          }
        } as const
        const made =
          before === null
            ? yield* work(job)
            : yield* withExtra(join(places.state, "backup-extra"), (extra) =>
                Effect.andThen(
                  script("before", before, { AGENTD_BACKUP_EXTRA: extra }),
                  work({ ...job, sources: { ...making.sources, extra } })
                )
              )
        const ms = Math.max(0, (yield* Clock.currentTimeMillis) - began)
        takes.observe(ms / 1000)
        lastMade = began
        const { backup, removed, stored } = made
        yield* told({
          type: "backup.created",
          backup: id,
          reason,
          directory: target,
          parts: backup.parts,
          bytes: backup.bytes,
          stored,
          ms,
          removed
        })
        yield* Effect.logInfo(
          `backup ${id} was made: ${backup.parts} files, ${backup.bytes} bytes, ${stored} of disk space`
        ).pipe(Effect.annotateLogs(about("backup.created")))
        if (after !== null) {
          yield* Effect.mapError(
            script("after", after, { AGENTD_BACKUP: id }),
            (error) => new BackupFailed({ reason: `The backup ${id} was made, but ${error.reason}` })
          )
        }
        return { ...backup, removed, skipped: made.skipped, stored }
      })

      /** The backup counts, whatever becomes of the record of it. */
      const told = (body: Parameters<typeof log.append>[0]) => Effect.ignore(log.append(body))

      const make = (reason: BackupReason) =>
        turn.withPermit(
          Effect.tapError(attempt(reason), (error) =>
            Effect.gen(function* () {
              yield* Effect.logError(`backup: ${error.message}`).pipe(Effect.annotateLogs(about("backup.failed")))
              yield* told({ type: "backup.failed", reason, directory: yield* directory, error: error.message })
            })
          )
        )

      const slots = Effect.map(config, ({ at, schedule }): Slots | null =>
        schedule === "off" ? null : { at, every: schedule satisfies Every, zone: DateTime.zoneMakeLocal() }
      )

      const restore = Effect.fnUntraced(function* (
        { backup, config = false, from }: Params<"backup.restore">,
        { live, stop }: Surroundings
      ) {
        yield* refuseWhile(live)
        const { state } = places
        let decided = false
        const source = from ?? (yield* directory)
        // Before a backup is made of what is there: "latest" means one of those that are there now.
        const staged = yield* turn.withPermit(work({ do: "stage", directory: source, backup, state }))
        return yield* Effect.gen(function* () {
          const { id: saved } = yield* make("restore")
          yield* refuseWhile(live)
          const aside = asideName(yield* Clock.currentTimeMillis)
          const plan = { backup: staged.id, madeAt: staged.at, saved, config, aside }
          // In one go, so that no session begins in between. From here on whoever asked may go: it is decided.
          yield* Effect.try({
            try: () => commit(state, plan),
            catch: (error) => new BackupFailed({ reason: `${(error as Error).message}.` })
          })
          decided = true
          yield* stop
          return { backup: staged, saved }
        }).pipe(Effect.onError(() => Effect.sync(() => (decided ? undefined : abandon(state)))))
      })

      return {
        make,
        slots,
        restore: (params, surroundings) => restoring.withPermit(restore(params, surroundings)),
        requests: {
          "backup.create": () => make("request"),
          "backup.list": Effect.fnUntraced(function* ({ from }) {
            const where = from ?? (yield* directory)
            const now = yield* Clock.currentTimeMillis
            const schedule = yield* slots
            const next = schedule === null ? null : slotsAround(schedule, now).next
            return { directory: where, ...(yield* work({ do: "list", directory: where })), next }
          }),
          "backup.verify": Effect.fnUntraced(function* ({ backup = null, from }) {
            const where = from ?? (yield* directory)
            return yield* turn.withPermit(work({ do: "verify", directory: where, backup }))
          })
        }
      }
    })
  )
}

/** A new directory for a script to write to, gone afterwards. */
const withExtra = <A, E>(path: string, use: (path: string) => Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      rmSync(path, { recursive: true, force: true })
      mkdirSync(path, { mode: 0o700 })
    }),
    () => use(path),
    () => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )

export const refuseWhile = (live: () => ReadonlyArray<string>): Effect.Effect<void, Conflict> =>
  Effect.suspend(() => {
    const names = live()
    if (names.length === 0) return Effect.void
    const shown = names.slice(0, 5).join(", ")
    const more = names.length > 5 ? ` and ${names.length - 5} more` : ""
    return Effect.fail(
      new Conflict({
        reason: `A restore would take the record away from under sessions that live: ${shown}${more}. Stop them first ("agentctl stop NAME"), then restore. Nothing was changed.`
      })
    )
  })
