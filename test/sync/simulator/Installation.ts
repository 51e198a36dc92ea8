/** One installation of a simulation: a real event log in a real database, in virtual time. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Clock, type Context, Duration, Effect, Exit, Layer, Random, Scope } from "effect"
import { agentProjection } from "../../../src/agents/AgentProjection.ts"
import { messageProjection } from "../../../src/messages/MessageProjection.ts"
import { EventLog } from "../../../src/store/EventLog.ts"
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
  readonly #directory: string
  readonly #context: Services
  readonly #scope: Scope.Closeable
  readonly #time: Time

  private constructor(name: string, directory: string, scope: Scope.Closeable, context: Services, time: Time) {
    this.name = name
    this.#directory = directory
    this.#scope = scope
    this.#context = context
    this.#time = time
  }

  static async open(index: number, time: Time): Promise<Installation> {
    const directory = mkdtempSync(join(PARENT, "agentd-sim-"))
    const scope = Effect.runSync(Scope.make())
    let installation: Installation
    const named = Layer.effectDiscard(
      Effect.flatMap(Sqlite, ({ transaction }) =>
        transaction((sql) => sql`UPDATE installation SET origin = ${`ins_${String(index).padStart(20, "0")}`}`)
      )
    )
    const layer = Layer.merge(SyncStore.layer, ConfirmationStore.layer).pipe(
      Layer.provideMerge(EventLog.layer([agentProjection, messageProjection])),
      Layer.provide(named),
      Layer.provideMerge(Sqlite.layer({ file: join(directory, "agentd.db"), backups: join(directory, "backups") }))
    )
    const context = await Effect.runPromise(
      Layer.build(layer).pipe(
        Scope.provide(scope),
        Effect.provideService(Chance, () => installation.dice.bits())
      )
    )
    installation = new Installation(`installation ${index}`, directory, scope, context, time)
    return installation
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
