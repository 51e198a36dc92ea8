/**
 * What is known of a session's state, kept where a daemon that comes after this one finds it: what was said, with its time, so that it fades and
 * is contradicted as if there had been one daemon all the while. The question is in it, so it lies where the output does and goes with it.
 */
import { Option, Schema } from "effect"
import { KeptState } from "../../contract/Handover.ts"
import { type Evidence, type Held, isClaim, isKind } from "./Evidence.ts"

export interface Keeping {
  /** What the daemon before this one knew; null: nothing can be read. */
  readonly found: KeptState | null
  readonly keep: (state: KeptState) => void
}

export const notKept: Keeping = { found: null, keep: () => {} }

const decode = Schema.decodeUnknownOption(KeptState)

/** By any version of the daemon, or half written by one: what is not understood counts as nothing. */
export const keptState = (written: unknown): KeptState | null => Option.getOrNull(decode(written))

/** From memory that outlives the daemon. */
export const keepingIn = (notes: { readonly read: () => string | null; readonly write: (text: string) => void }) => ({
  found: keptState(parsed(notes.read())),
  keep: (state: KeptState) => notes.write(JSON.stringify(state))
})

const parsed = (text: string | null): unknown => {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}

/** Nothing was said in the future: a clock that runs otherwise (a process restored elsewhere) must not have it believed for ever. */
const past = (at: number, now: number) => Math.min(at, now)

export const heldIn = ({ evidence }: KeptState, now: number): Held =>
  new Map(
    evidence.flatMap(
      ({ at, kind, state, ...rest }): ReadonlyArray<readonly [Evidence["kind"], Evidence]> =>
        isKind(kind) && isClaim(state) ? [[kind, { ...rest, kind, state, at: past(at, now) }]] : []
    )
  )

export const signsIn = ({ signs }: KeptState, now: number): KeptState["signs"] => {
  const moment = (at: number | null) => (at === null ? null : past(at, now))
  return {
    startedAt: moment(signs.startedAt),
    printedAt: moment(signs.printedAt),
    steadySince: moment(signs.steadySince),
    typedAt: moment(signs.typedAt),
    answeredAt: moment(signs.answeredAt),
    spoken: signs.spoken
  }
}
