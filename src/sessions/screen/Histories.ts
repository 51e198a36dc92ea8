/**
 * Everything sessions' terminals have shown, page by page. Each reading has an emulator of its own that goes from the first byte to the
 * last; between two pages it is kept for a while, by the cursor its reader was given.
 */
import { randomBytes } from "node:crypto"
import { Clock, Context, Effect, Layer } from "effect"
import { Conflict, type TranscriptUnavailable } from "../../contract/errors/Errors.ts"
import type { History } from "../../contract/session/History.ts"
import { MAX_LINES_BYTES, type StyledLine } from "../../contract/session/Styled.ts"
import { makeEmulator } from "./Emulator.ts"
import type { ScreenSource } from "./ScreenSource.ts"
import { Scroll } from "./Scroll.ts"
import { textOf } from "./Styled.ts"

/** Readings kept; the one unused longest goes first. About 1 MB each. */
const MAX_READINGS = 8
/** Milliseconds one is kept for the next page. */
const KEEP_MS = 60_000
/** Bytes fed for one page at the most: a quarter of a second. A page may be empty for it, and is not the last one. */
const FEED_BYTES = 1024 * 1024
/** Output read at a time. */
const PAGE_BYTES = 64 * 1024

export interface Asked {
  readonly format: "text" | "styled"
  readonly cursor?: string | undefined
}

const GIVEN_UP =
  "This reading of the session's history has been given up, or the daemon is another one now. Begin again, without a cursor."

type Source = Pick<ScreenSource, "id" | "reader">

interface Reading {
  readonly session: string
  readonly scroll: Scroll
  readonly until: number
  offset: number
  /** Everything has been fed. */
  ended: boolean
  waiting: ReadonlyArray<StyledLine>
  usedAt: number
}

export class Histories extends Context.Service<
  Histories,
  {
    readonly read: (source: Source, asked: Asked) => Effect.Effect<History, TranscriptUnavailable | Conflict>
  }
>()("agentd/sessions/Histories") {
  static readonly layer: Layer.Layer<Histories> = Layer.sync(Histories, () => {
    const readings = new Map<string, Reading>()

    const forgetOld = (before: number) => {
      for (const [cursor, { usedAt }] of [...readings]) {
        if (usedAt <= before || readings.size > MAX_READINGS) readings.delete(cursor)
      }
    }

    const begin = Effect.fnUntraced(function* ({ id, reader }: Source) {
      const reading: Reading = {
        session: id,
        scroll: new Scroll(yield* makeEmulator(yield* reader.sizeAt(0))),
        until: yield* reader.end,
        offset: 0,
        ended: false,
        waiting: [],
        usedAt: 0
      }
      return reading
    })

    /** Taken out of the map while it is used: a cursor is good once, so nobody reads on from a page that another took. */
    const taken = (session: string, cursor: string): Effect.Effect<Reading, Conflict> => {
      const reading = readings.get(cursor)
      if (reading === undefined || reading.session !== session) {
        return Effect.fail(new Conflict({ reason: GIVEN_UP }))
      }
      readings.delete(cursor)
      return Effect.succeed(reading)
    }

    return Histories.of({
      read: Effect.fn("Histories.read")(function* (source: Source, { cursor, format }: Asked) {
        const now = yield* Clock.currentTimeMillis
        forgetOld(now - KEEP_MS)
        const reading = yield* cursor === undefined ? begin(source) : taken(source.id, cursor)
        const { done, missing, shown } = yield* page(reading, source)
        const next = done ? null : randomBytes(8).toString("hex")
        if (next !== null) readings.set(next, Object.assign(reading, { usedAt: now }))
        const lines = format === "styled" ? { styled: shown } : { lines: shown.map(textOf) }
        return { cols: (yield* source.reader.sizeAt(0)).cols, missing, cursor: next, ...lines }
      })
    })
  })
}

/** Feeds until there is a page of lines, the end, or enough has been fed for one answer. */
const page = Effect.fnUntraced(function* (reading: Reading, { reader }: Source) {
  const { scroll, until } = reading
  const fedUntil = reading.offset + FEED_BYTES
  const shown: Array<StyledLine> = []
  let size = 0
  let missing = 0
  let waiting = [...reading.waiting]
  for (;;) {
    const fits = fitting(waiting, MAX_LINES_BYTES - size)
    shown.push(...waiting.slice(0, fits.count))
    size += fits.size
    waiting = waiting.slice(fits.count)
    if (waiting.length > 0 || reading.ended || reading.offset >= fedUntil) break
    const { entries, next } = yield* reader.entries(
      reading.offset,
      Math.max(1, Math.min(PAGE_BYTES, until - reading.offset))
    )
    for (const entry of entries) {
      if (entry.kind === "output") yield* scroll.feed(entry.bytes)
      else if (entry.kind === "resize") scroll.resize(entry)
      else missing += entry.to - entry.from
    }
    reading.ended = next >= until || next === reading.offset
    reading.offset = next
    if (reading.ended) scroll.end()
    waiting = [...scroll.take()]
  }
  reading.waiting = waiting
  return { shown, missing, done: reading.ended && waiting.length === 0 }
})

/** How many lines there is room for. */
const fitting = (lines: ReadonlyArray<StyledLine>, room: number): { readonly count: number; readonly size: number } => {
  let size = 0
  for (const [at, line] of lines.entries()) {
    const own = Buffer.byteLength(JSON.stringify(line)) + 1
    if (size + own > room) return { count: at, size }
    size += own
  }
  return { count: lines.length, size }
}
