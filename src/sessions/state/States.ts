/**
 * Looks after the state of every live session: a fiber each, which sleeps while nothing happens. Output is not followed chunk by chunk: it is
 * looked at a few times a second, its last part only, so a program that prints all it can is not held back by it.
 */
import { Clock, Context, Effect, Layer, type Scope } from "effect"
import type { ReportParams, SessionState } from "../../contract/session/SessionState.ts"
import { EventLog } from "../../store/EventLog.ts"
import { isKnown } from "../continuation/Hooks.ts"
import { passing } from "../Passing.ts"
import type { LiveSession } from "../running/LiveSession.ts"
import type { SessionRecord } from "../SessionStore.ts"
import type { Detector } from "./Detector.ts"
import { detectorFor } from "./Detectors.ts"
import { type Keeping, notKept } from "./Keep.ts"
import { Looker, type Printing } from "./Looker.ts"
import { meaningOf } from "./Meaning.ts"
import { Sequences } from "./Sequences.ts"
import { type Budget, fresh, spent, untilRecorded } from "./StateEvents.ts"
import { type Moment, StateTracker } from "./StateTracker.ts"

/** Bytes of new output that one look searches; of more than that the last. */
const SEARCHED_BYTES = 128 * 1024

/** What a hook says is what its program knows. */
const REPORTED = 0.95

/** What is followed: a live session, as far as this needs it. */
export interface Followed extends Printing {
  readonly exit: unknown
  readonly once: LiveSession["once"]
}

export class States extends Context.Service<
  States,
  {
    /** Begins to follow a session, until the scope closes. `adopted`: it was started under another daemon, which kept what it knew. */
    readonly follow: (
      record: Pick<SessionRecord, "id" | "argv" | "stdin">,
      live: Followed,
      adopted: boolean,
      keeping?: Keeping
    ) => Effect.Effect<StateTracker, never, Scope.Scope>
  }
>()("agentd/sessions/States") {
  static readonly layer: Layer.Layer<States, never, EventLog> = Layer.effect(
    States,
    Effect.map(EventLog, (log) => ({
      follow: Effect.fnUntraced(function* (record, live, adopted, keeping = notKept) {
        // A filter draws no screen.
        const detector = record.stdin === "pipe" ? undefined : detectorFor(record.argv)
        const known = detector !== undefined || isKnown(record.argv)
        const tracker = new StateTracker(yield* moment, { adopted, known, keeping })
        const recordState = (state: SessionState) => {
          const { confidence, name, since, source } = state
          const body = {
            type: "session.state-changed",
            session: record.id,
            state: name,
            source,
            confidence,
            since
          } as const
          // It is true now and matters now: a full disk loses the record of it, not the state.
          return Effect.ignore(log.append(body))
        }
        const following = follow(tracker, live, { detector, recordState })
        yield* Effect.forkScoped(
          Effect.ensuring(
            following,
            Effect.sync(() => tracker.tell())
          )
        )
        return tracker
      })
    }))
  )
}

/** Takes in what the program's own hook says. */
export const report = Effect.fnUntraced(function* (tracker: StateTracker, { question, reminder, state }: ReportParams) {
  const at = yield* moment
  tracker.look(at)
  if (reminder === true && tracker.current.source === "hook" && tracker.current.question !== null)
    return tracker.current
  if (state === "unknown") tracker.withdraw("hook")
  else tracker.note({ kind: "hook", state, confidence: REPORTED, question: question ?? null, at: at.now })
  tracker.look(at)
  tracker.wake()
  return tracker.current
})

const moment: Effect.Effect<Moment> = Effect.all({ now: passing, wall: Clock.currentTimeMillis })

interface Following {
  readonly detector: Detector | undefined
  readonly recordState: (state: SessionState) => Effect.Effect<void>
}

const follow = Effect.fnUntraced(function* (
  tracker: StateTracker,
  live: Followed,
  { detector, recordState }: Following
) {
  const sequences = new Sequences()
  const looker = detector === undefined ? null : new Looker(detector)
  let printedAt = Number.NEGATIVE_INFINITY
  let end = live.end
  tracker.searched = Math.min(tracker.searched, live.end)
  let budget: Budget = fresh((yield* moment).now)

  const listen = (now: number) => {
    const from = Math.max(tracker.searched, live.start, live.end - SEARCHED_BYTES)
    if (from > tracker.searched) sequences.reset()
    for (const part of live.recent(from, live.end - from)) {
      for (const sequence of sequences.push(part)) {
        const meaning = meaningOf(sequence)
        for (const kind of meaning?.withdraws ?? []) tracker.withdraw(kind)
        if (meaning?.evidence) tracker.note({ ...meaning.evidence, at: now })
      }
    }
    tracker.searched = live.end
  }

  yield* Effect.gen(function* () {
    while (live.exit === null) {
      const { now, wall } = yield* moment
      if (live.end !== end) {
        end = live.end
        printedAt = now
        tracker.printed(now)
      }
      if (live.end !== tracker.searched) listen(now)
      if (looker?.due(live, printedAt, now)) {
        const sighting = yield* looker.look(live, now)
        // Of this look, whatever was said meanwhile: a hook that ran during it knows more.
        if (sighting === undefined) tracker.withdraw("screen")
        else tracker.note({ kind: "screen", ...sighting, question: sighting.question ?? null, at: now })
      }
      looker?.rest(now)
      tracker.look({ now, wall })

      const { current, currentSince } = tracker
      // The state that a daemon finds was recorded by the one before it.
      if (tracker.recorded === null && current.name !== "unknown") tracker.recorded = current.name
      let recordIn: number | null = null
      if (tracker.recorded !== null && current.name !== tracker.recorded && isTold(current)) {
        recordIn = untilRecorded(budget, currentSince, now)
        if (recordIn === 0) {
          budget = spent(budget, now)
          recordIn = null
          yield* recordState(current)
          tracker.recorded = current.name
        }
      }
      const waits = [tracker.next(now), tracker.typingIn(now), looker?.restIn(now) ?? null, recordIn].filter(
        (ms) => ms !== null
      )
      yield* rest(tracker, live, end, waits.length === 0 ? null : Math.min(...waits))
    }
  }).pipe(Effect.ensuring(Effect.sync(() => looker?.dispose())))
})

/** Whether a state is worth an event: what is guessed from silence is not, but that nothing is known any more is. */
const isTold = ({ name, source }: SessionState): boolean => source !== "silence" || name === "unknown"

/**
 * Until something happens, or for so long. While a session prints it is looked at by the clock alone; only the first output after a
 * silence wakes.
 */
const rest = (tracker: StateTracker, live: Followed, seen: number, ms: number | null): Effect.Effect<void> => {
  const happens = Effect.callback<void>((resume) => {
    const wake = () => resume(Effect.void)
    const forget = [tracker.onWake(wake), ...(tracker.silent ? [live.once(wake)] : [])]
    if (tracker.silent && (live.end !== seen || live.exit !== null)) wake()
    return Effect.sync(() => {
      for (const step of forget) step()
    })
  })
  return ms === null ? happens : Effect.raceFirst(happens, Effect.sleep(ms))
}
