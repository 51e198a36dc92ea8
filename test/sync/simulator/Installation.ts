/** One installation of a simulation: a real event log in a real database, in virtual time. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Clock, type Context, Duration, Effect, Exit, Layer, Random, Scope } from "effect"
import { agentProjection } from "../../../src/agents/AgentProjection.ts"
import { messageProjection } from "../../../src/messages/MessageProjection.ts"
import { EventLog } from "../../../src/store/EventLog.ts"
import { usedNumbers } from "../../../src/store/Numbering.ts"
import { takeSnapshot } from "../../../src/store/Snapshot.ts"
import { Sqlite } from "../../../src/store/Sqlite.ts"
import { Chance } from "../../../src/store/Ulid.ts"
import { ConfirmationStore } from "../../../src/sync/ConfirmationStore.ts"
import { SyncStore } from "../../../src/sync/SyncStore.ts"
import { SyncTransport } from "../../../src/sync/SyncTransport.ts"
import { Dice } from "../../support/Dice.ts"
import type { Branch } from "./Branch.ts"

/** A memory file system, where there is one: what is tried here is order, not disks. */
const PARENT = process.platform === "linux" ? "/dev/shm" : tmpdir()

export interface Time {
  now: number
}

type Services = Context.Context<ConfirmationStore | EventLog | Sqlite | SyncStore>

export class Installation {
  readonly name: string
  /** Milliseconds its clock is wrong. */
  skew = 0
  dice = new Dice(0)
  readonly #directory = mkdtempSync(join(PARENT, "agentd-sim-"))
  readonly #origin: string
  readonly #time: Time
  #context!: Services
  #scope!: Scope.Closeable

  private constructor(index: number, time: Time) {
    this.name = `installation ${index}`
    this.#origin = `ins_${String(index).padStart(20, "0")}`
    this.#time = time
  }

  static async open(index: number, time: Time): Promise<Installation> {
    const installation = new Installation(index, time)
    await installation.#open()
    return installation
  }

  async #open(): Promise<void> {
    const origin = Layer.effectDiscard(
      Effect.flatMap(Sqlite, ({ transaction }) =>
        transaction((sql) => sql`UPDATE installation SET origin = ${this.#origin}`)
      )
    )
    const layer = Layer.merge(SyncStore.layer, ConfirmationStore.layer).pipe(
      Layer.provideMerge(EventLog.layer([agentProjection, messageProjection])),
      Layer.provide(origin),
      Layer.provideMerge(Sqlite.layer({ file: this.#database, backups: join(this.#directory, "backups") }))
    )
    this.#scope = Effect.runSync(Scope.make())
    this.#context = await Effect.runPromise(
      Layer.build(layer).pipe(
        Scope.provide(this.#scope),
        Effect.provideService(Chance, () => this.dice.bits())
      )
    )
  }

  get #database(): string {
    return join(this.#directory, "agentd.db")
  }

  get #backup(): string {
    return join(this.#directory, "backup")
  }

  backUp(): void {
    rmSync(this.#backup, { force: true })
    takeSnapshot(this.#database, this.#backup)
  }

  /** Puts the last backup back. `elsewhere`: on a machine where nothing is known of what happened since. */
  async restore(branch: Branch, { elsewhere }: { readonly elsewhere: boolean }): Promise<void> {
    await Effect.runPromise(Scope.close(this.#scope, Exit.void))
    const used = elsewhere ? 0 : usedNumbers(this.#database)
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${this.#database}${suffix}`, { force: true })
    copyFileSync(this.#backup, this.#database)
    await this.#open()
    // As backup/Restored.ts does it, before anything is said.
    const told = { backup: `bak_${"1".repeat(26)}`, madeAt: 1, saved: null, aside: null }
    const tell = Effect.flatMap(EventLog, (log) =>
      Effect.andThen(log.leaveGap(used), log.append({ type: "backup.restored", ...told }))
    )
    await Effect.runPromise(this.run(branch, tell))
  }

  run<A, E>(
    branch: Branch,
    effect: Effect.Effect<A, E, ConfirmationStore | EventLog | Sqlite | SyncStore | SyncTransport>
  ) {
    return effect.pipe(
      Effect.provideService(SyncTransport, branch.transport),
      Effect.provide(this.#context),
      Effect.provideService(Clock.Clock, this.#clock),
      Random.withSeed(this.name)
    )
  }

  async close(): Promise<void> {
    await Effect.runPromise(Scope.close(this.#scope, Exit.void))
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** To sleep is to let the time pass for everybody. */
  get #clock(): Clock.Clock {
    const now = () => this.#time.now + this.skew
    return {
      ...Effect.runSync(Clock.Clock),
      currentTimeMillisUnsafe: now,
      currentTimeMillis: Effect.sync(now),
      currentTimeNanosUnsafe: () => BigInt(now()) * 1_000_000n,
      currentTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
      sleep: (duration: Duration.Duration) =>
        Effect.sync(() => {
          this.#time.now += Math.round(Duration.toMillis(duration))
        })
    }
  }
}
