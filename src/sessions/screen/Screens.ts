/**
 * Screens of sessions as a terminal emulator sees them, made on demand from their transcripts.
 *
 * An emulator is kept for a while after it was asked for, so that the next question costs only the output since then;
 * a session nobody looks at costs nothing.
 */
import { Clock, Context, Effect, Layer, Option, type Scope, Semaphore } from "effect"
import type { TranscriptUnavailable } from "../../contract/errors/Errors.ts"
import { MAX_FRAME_BYTES } from "../../contract/Limits.ts"
import type { Screen } from "../../contract/session/SessionTerminal.ts"
import type { KeyModes } from "../input/Keys.ts"
import { catchUp, type Fed } from "./CatchUp.ts"
import type { Emulator } from "./Emulator.ts"
import type { ScreenSource } from "./ScreenSource.ts"
import { above, history, type ScreenFormat, snapshot } from "./Snapshot.ts"

/** Emulators kept; the one unused longest goes first. About 1 MB each at 80x24 with its scrollback full. */
const MAX_EMULATORS = 32
/** Milliseconds an emulator is kept without being asked for, and how often that is looked at. */
const KEEP_MS = 60_000
const SWEEP_MS = 15_000
export interface Redraw {
  /** The screen is the one after this many bytes of output. */
  readonly offset: number
  readonly bytes: Uint8Array
}

export interface SnapshotOptions {
  readonly format?: ScreenFormat | undefined
  /** Lines above the screen; an emulator keeps 1,000. */
  readonly scrollback?: number | undefined
}

export class Screens extends Context.Service<
  Screens,
  {
    readonly snapshot: (source: ScreenSource, options?: SnapshotOptions) => Effect.Effect<Screen, TranscriptUnavailable>
    /** Escape sequences that make any terminal of that size show the same screen, in the same modes. */
    readonly redraw: (
      source: ScreenSource,
      options?: Pick<SnapshotOptions, "scrollback">
    ) => Effect.Effect<Redraw, TranscriptUnavailable>
    /** The same as it was before the byte at `offset`, for a client that has everything up to there. */
    readonly redrawAt: (source: ScreenSource, offset: number) => Effect.Effect<Redraw, TranscriptUnavailable>
    /** What the program has switched its terminal to, as far as keys depend on it. */
    readonly keyModes: (source: ScreenSource) => Effect.Effect<KeyModes, TranscriptUnavailable>
    /** Lets go of a session's emulator: it was removed. */
    readonly forget: (id: string) => Effect.Effect<void>
    /** Sessions that have an emulator now, the one unused longest first. */
    readonly kept: Effect.Effect<ReadonlyArray<string>>
  }
>()("agentd/sessions/Screens") {
  static readonly layer: Layer.Layer<Screens> = Layer.effect(
    Screens,
    Effect.suspend(() => make)
  )
}

/** A session's emulator. */
interface Kept extends Fed {
  usedAt: number
  /** Callers that use it now; it is not let go under them. */
  users: number
  readonly lock: Semaphore.Semaphore
}

const make: Effect.Effect<Screens["Service"], never, Scope.Scope> = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const kept = new Map<string, Kept>()
  let sweeping = false

  const drop = (id: string) => {
    const entry = kept.get(id)
    kept.delete(id)
    // In use: whoever uses it has the last reference.
    if (entry?.users === 0) entry.emulator?.dispose()
  }
  yield* Effect.addFinalizer(() => Effect.sync(() => [...kept.keys()].forEach(drop)))

  const dropUnused = (before: number, atMost: number) => {
    for (const [id, entry] of [...kept]) {
      if (entry.users === 0 && (entry.usedAt <= before || kept.size > atMost)) drop(id)
    }
  }

  /** Runs while there is anything to let go of, so that an idle daemon has no timer here. */
  const sweep = Effect.gen(function* () {
    while (kept.size > 0) {
      yield* Effect.sleep(SWEEP_MS)
      dropUnused((yield* Clock.currentTimeMillis) - KEEP_MS, MAX_EMULATORS)
    }
  }).pipe(Effect.ensuring(Effect.sync(() => (sweeping = false))))

  const entryOf = Effect.fnUntraced(function* (id: string) {
    const entry = kept.get(id) ?? { emulator: null, offset: 0, usedAt: 0, users: 0, lock: Semaphore.makeUnsafe(1) }
    // Last in the map is what was used last.
    kept.delete(id)
    kept.set(id, entry)
    entry.usedAt = yield* Clock.currentTimeMillis
    dropUnused(Number.NEGATIVE_INFINITY, MAX_EMULATORS)
    if (!sweeping) {
      sweeping = true
      yield* Effect.forkIn(sweep, scope)
    }
    return entry
  })

  /** What an emulator that begins where a session begins shows before: what the session continues. */
  const begin = Effect.fnUntraced(function* (emulator: Emulator, earlier: ScreenSource["earlier"]) {
    const found = earlier === undefined ? null : yield* earlier
    if (found === null) return
    const lines = yield* Effect.option(withEmulator(found.source, history))
    if (Option.isSome(lines)) yield* emulator.write(Buffer.from(above(lines.value, found.note, emulator.terminal.rows)))
  })

  /** The session's emulator, fed up to the transcript's end, for as long as `use` needs it. */
  const withEmulator = <A>(
    source: ScreenSource,
    use: (emulator: Emulator, offset: number) => A
  ): Effect.Effect<A, TranscriptUnavailable> =>
    Effect.flatMap(entryOf(source.id), (entry) =>
      Effect.acquireUseRelease(
        Effect.sync(() => entry.users++),
        () =>
          entry.lock.withPermits(1)(
            Effect.map(catchUp(entry, source, begin), (emulator) => {
              emulator.resize(source)
              return use(emulator, entry.offset)
            })
          ),
        () => Effect.sync(() => entry.users--)
      )
    )

  return {
    snapshot: Effect.fn("Screens.snapshot")((source, options = {}) =>
      withEmulator(source, (emulator, offset) =>
        snapshot(emulator, offset, options.format ?? "text", options.scrollback)
      )
    ),
    redraw: Effect.fn("Screens.redraw")((source, options = {}) =>
      withEmulator(source, (emulator, offset) => ({ offset, bytes: drawn(emulator, options.scrollback ?? 0) }))
    ),
    // An emulator of its own: the kept one may be further already, and cannot go back.
    redrawAt: Effect.fn("Screens.redrawAt")(function* (source, offset) {
      const past: Fed = { emulator: null, offset: 0 }
      const dispose = Effect.sync(() => past.emulator?.dispose())
      return yield* catchUp(past, source, () => Effect.void, offset).pipe(
        Effect.map((emulator) => {
          emulator.resize(source)
          return { offset: past.offset, bytes: emulator.redraw() }
        }),
        Effect.ensuring(dispose)
      )
    }),
    keyModes: Effect.fn("Screens.keyModes")((source) =>
      withEmulator(source, ({ modes }) => ({ applicationCursor: modes.get(1), bracketedPaste: modes.get(2004) }))
    ),
    forget: (id) => Effect.sync(() => drop(id)),
    kept: Effect.sync(() => [...kept.keys()])
  }
})

/** Fewer lines above the screen where they would not fit into a frame. */
const drawn = (emulator: Emulator, scrollback: number): Buffer => {
  for (let lines = scrollback; ; lines = Math.floor(lines / 2)) {
    const bytes = emulator.redraw(lines)
    if (lines === 0 || bytes.length <= MAX_FRAME_BYTES / 2) return bytes
  }
}
