/** A state directory as a daemon leaves it, made by the real store, and backups of it made as the daemon's helper makes them. */
import { randomBytes } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Exit, Layer } from "effect"
import { create, type JobError, stage } from "../../src/backup/Job.ts"
import { makingOf } from "../../src/backup/Making.ts"
import type { BackupReason } from "../../src/contract/Backup.ts"
import type { EventBody } from "../../src/contract/Event.ts"
import type { Places } from "../../src/host/files/Directories.ts"
import { FileLock } from "../../src/host/files/FileLock.ts"
import { Self } from "../../src/host/self/Self.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { ulid } from "../../src/store/Ulid.ts"
import { placesUnder, temporary } from "../sessions/support.ts"
import { sessionId, sessionStarted, store } from "../store/fixture.ts"

const services = Layer.merge(FileLock.layer, Self.layer)

export const run = <A, E>(effect: Effect.Effect<A, E, FileLock | Self>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, services))

/** The error that it fails with. */
export const failure = async <A>(effect: Effect.Effect<A, JobError, FileLock | Self>): Promise<JobError> => {
  const exit = await Effect.runPromise(Effect.exit(Effect.flip(Effect.provide(effect, services))))
  if (Exit.isSuccess(exit)) return exit.value
  throw new Error("it did not fail as it should")
}

export const append = (state: string, ...bodies: ReadonlyArray<EventBody>): Promise<void> =>
  Effect.runPromise(
    Effect.flatMap(EventLog, ({ appendAll }) => appendAll(bodies)).pipe(Effect.asVoid, Effect.provide(store(state)))
  )

export const eventsIn = (state: string) =>
  Effect.runPromise(
    Effect.flatMap(EventLog, ({ read }) => read({ after: 0, limit: 100 })).pipe(
      Effect.map(({ events }) => events.map(({ body }) => body)),
      Effect.provide(store(state))
    )
  )

export interface Home {
  readonly places: Places
  readonly vault: string
}

export const PRINTED = "what it prints\n".repeat(2_000)

/** With one session whose transcript is archived, and one that is being recorded. */
export const makeHome = async (): Promise<Home> => {
  const places = placesUnder(temporary())
  await append(places.state, sessionStarted(1), sessionStarted(2))
  const live = join(places.transcripts, sessionId(2))
  mkdirSync(live, { recursive: true, mode: 0o700 })
  writeFileSync(join(places.transcripts, `${sessionId(1)}.cast.zst`), randomBytes(20_000))
  writeFileSync(join(live, "header.json"), "{}\n")
  writeFileSync(join(live, "00000000000000000000.raw"), PRINTED)
  writeFileSync(join(live, "00000000000000000000.idx"), "when")
  writeFileSync(join(places.config, "agentd.toml"), '[session]\nterm = "xterm"\n', { mode: 0o600 })
  return { places, vault: join(places.backups, "full") }
}

export const KEEP_ALL = { last: 1_000, daily: 0, weekly: 0, monthly: 0 }

interface Options {
  readonly at?: number
  readonly reason?: BackupReason
  readonly extra?: string
  readonly keep?: typeof KEEP_ALL
}

export const createJob = (
  { places, vault }: Home,
  { at = 1_000, extra, keep = KEEP_ALL, reason = "request" }: Options = {}
) =>
  Effect.gen(function* () {
    const making = makingOf({ id: `bak_${yield* ulid}`, at, reason, directory: vault }, places, yield* Self)
    return yield* create({ ...making, sources: { ...making.sources, extra: extra ?? null }, do: "create", keep })
  })

export const backUp = (home: Home, options: Options = {}) => run(createJob(home, options))

export const stageJob = ({ vault }: Pick<Home, "vault">, backup: string, { state }: Pick<Places, "state">) =>
  stage({ do: "stage", directory: vault, backup, state })
