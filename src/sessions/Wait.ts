/**
 * Waits for a session: until it exits, falls silent, or prints something.
 */
import { createContext, Script } from "node:vm"
import { Clock, Deferred, Effect, Option } from "effect"
import { DeadlineExceeded, InvalidParams, SessionEnded } from "../contract/errors/Errors.ts"
import type { WaitParams } from "../contract/session/SessionRequests.ts"
import type { StateName } from "../contract/session/SessionState.ts"
import { describeExit } from "./launching/Exits.ts"
import { describe, type Entry, LiveSessions } from "./life/LiveSessions.ts"
import { readerOf } from "./Output.ts"
import { passing } from "./Passing.ts"
import { resolve } from "./reach/Resolve.ts"
import { SessionStore } from "./SessionStore.ts"
import { PlainText } from "./transcript/PlainText.ts"
import type { TranscriptReader } from "./transcript/Transcript.ts"

/** Milliseconds without output that count as silence when the request does not say. */
const IDLE_MS = 2_000

/** Bytes read at a time while looking for a match. */
const PAGE_BYTES = 64 * 1024

/** Characters a match may span; older text is forgotten. */
const WINDOW_CHARS = 16 * 1024

export const wait = Effect.fn("Sessions.wait")(function* (params: typeof WaitParams.Type) {
  const { entry, record } = yield* resolve(params.session)
  const waiting = waitFor(params, record.id, entry)
  const { timeoutMs } = params
  const match =
    timeoutMs === undefined
      ? yield* waiting
      : yield* Effect.timeoutOrElse(waiting, {
          duration: timeoutMs,
          orElse: () => Effect.fail(new DeadlineExceeded({ what: `Waiting for ${params.for}`, ms: timeoutMs }))
        })
  const sessions = yield* LiveSessions
  const now = sessions.entries.get(record.id)
  const stored = yield* (yield* SessionStore).get(record.id)
  const session = now !== undefined ? now.record : stored._tag === "Some" ? stored.value : record
  return { session: describe(session, now), match }
})

const waitFor = (params: typeof WaitParams.Type, id: string, entry: Entry | undefined) => {
  switch (params.for) {
    case "exit":
      return entry === undefined ? Effect.succeed(null) : Effect.as(Deferred.await(entry.live.done), null)
    case "idle":
      return Effect.as(entry === undefined ? Effect.void : idle(entry, params.idleMs ?? IDLE_MS), null)
    case "output":
      return Effect.gen(function* () {
        const pattern = yield* compile(params.pattern)
        const from = params.from === "now" ? (entry?.live.end ?? Number.MAX_SAFE_INTEGER) : (params.from ?? 0)
        return yield* printed(id, yield* readerOf(id, entry), entry, pattern, from)
      })
    case "state":
      return Effect.as(inState(id, entry, params.states), null)
  }
}

/** In one of these states, now or later. */
const inState = Effect.fnUntraced(function* (
  id: string,
  entry: Entry | undefined,
  states: ReadonlyArray<StateName> | undefined
) {
  if (states === undefined) {
    return yield* new InvalidParams({ field: "states", reason: 'waiting for "state" needs some' })
  }
  // Who has finished can be told something, too.
  const wanted = new Set(states.includes("idle") ? [...states, "done"] : states)
  while (entry !== undefined && entry.live.exit === null) {
    const { state } = entry
    const { name } = state.current
    const rests = name === "idle" || name === "done" ? state.restsIn(yield* passing) : 0
    if (wanted.has(name) && rests === 0) return
    const changed = Effect.callback<void>((resume) => {
      const forget = state.once(() => resume(Effect.void))
      return Effect.sync(forget)
    })
    yield* rests === 0 ? changed : Effect.raceFirst(changed, Effect.sleep(rests))
  }
  if (entry !== undefined) yield* Deferred.await(entry.live.done)
  if (!wanted.has("exited")) yield* endedWithout(id, entry)
})

/** A session that has ended will not print any more either. */
const idle = Effect.fnUntraced(function* ({ live }: Entry, idleMs: number) {
  let seen = live.activeAt
  let since = yield* passing
  for (;;) {
    const now = yield* passing
    if (live.activeAt !== seen) {
      seen = live.activeAt
      since = now
    }
    // Since it printed, and no longer than since we have looked: the clock may have been put back in between.
    const left = Math.min(live.activeAt + idleMs - (yield* Clock.currentTimeMillis), since + idleMs - now)
    if (left <= 0 || live.exit !== null) return
    yield* Effect.raceFirst(Effect.sleep(left), Effect.asVoid(Deferred.await(live.done)))
  }
})

const compile = (pattern: string | undefined) =>
  pattern === undefined
    ? Effect.fail(new InvalidParams({ field: "pattern", reason: 'waiting for "output" needs one' }))
    : Effect.try({
        try: () => new RegExp(pattern, "mu"),
        catch: (cause) => new InvalidParams({ field: "pattern", reason: (cause as Error).message })
      })

/**
 * A pattern that backtracks without end must not stop the event loop, so V8 is told to give up. By the clock on the wall: the
 * second try is for machines so busy that we were not running for most of the first.
 */
const MATCH_MS = [100, 500] as const

/** Made when first needed: a context of its own is 200 KB that most daemons never use. */
const makeMatcher = () => {
  const script = new Script("pattern.exec(text)")
  return { script, sandbox: createContext(Object.create(null) as { pattern?: RegExp; text?: string }) }
}
let matcher: ReturnType<typeof makeMatcher> | undefined

const findWithin = (ms: number, pattern: RegExp, text: string) =>
  Effect.try({
    try: () => {
      matcher ??= makeMatcher()
      const { sandbox, script } = matcher
      sandbox.pattern = pattern
      sandbox.text = text
      return (script.runInContext(sandbox, { timeout: ms }) as RegExpExecArray | null)?.[0] ?? null
    },
    catch: () =>
      new InvalidParams({ field: "pattern", reason: `matching it takes longer than ${ms} ms; make it simpler` })
  })

const find = (pattern: RegExp, text: string) =>
  Effect.catch(findWithin(MATCH_MS[0], pattern, text), () => findWithin(MATCH_MS[1], pattern, text))

const endedWithout = Effect.fnUntraced(function* (id: string, entry: Entry | undefined) {
  const stored = yield* (yield* SessionStore).get(id)
  const record = Option.getOrUndefined(stored) ?? entry?.record
  return yield* new SessionEnded({
    session: record?.name ?? id,
    exit: describeExit(entry?.live.exit ?? record?.exit ?? null)
  })
})

const printed = Effect.fnUntraced(function* (
  id: string,
  reader: TranscriptReader,
  entry: Entry | undefined,
  pattern: RegExp,
  from: number
) {
  const text = new PlainText()
  const end = () => entry?.live.end ?? Number.MAX_SAFE_INTEGER
  let cursor = from < 0 ? Math.max(0, (entry?.live.end ?? (yield* reader.end)) + from) : from
  let window = ""
  for (;;) {
    const before = end()
    const { bytes, from: first } = yield* reader.read(cursor, PAGE_BYTES)
    if (bytes.length > 0) {
      cursor = first + bytes.length
      window += text.push(bytes)
      const match = yield* find(pattern, window)
      if (match !== null) return match
      window = window.slice(-WINDOW_CHARS)
    } else if (entry === undefined || (entry.live.exit !== null && cursor >= end())) {
      // Unfinished to the end: a cut-off character may be what is looked for.
      return (yield* find(pattern, window + text.end())) ?? (yield* endedWithout(id, entry))
    } else if (cursor < before) {
      // It was not recorded.
      cursor = before
    } else if (cursor >= end()) yield* entry.live.changed
    // Otherwise it was printed while we read, and is read next.
  }
})
