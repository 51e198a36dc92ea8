/**
 * Texts too long for one request line, handed in in pieces. A connection holds its own, and they go with it.
 */
import { Effect } from "effect"
import { Busy, InvalidParams, TooLarge } from "../contract/errors/Errors.ts"
import type { Caller } from "../contract/Handler.ts"
import { MAX_TEXT_BYTES } from "../contract/Limits.ts"

/** Texts one connection may have begun: one at a time is usual. */
const MAX_DRAFTS = 4

export class Drafts {
  readonly #of = new WeakMap<Caller, Map<string, string>>()
  #last = 0

  readonly add = Effect.fnUntraced(function* (this: Drafts, caller: Caller, draft: string | undefined, text: string) {
    const own = this.#of.get(caller) ?? new Map<string, string>()
    this.#of.set(caller, own)
    if (draft !== undefined && !own.has(draft)) return yield* unknown
    if (draft === undefined && own.size >= MAX_DRAFTS) return yield* new Busy({ what: "drafts", limit: MAX_DRAFTS })
    const whole = (draft === undefined ? "" : own.get(draft)!) + text
    const bytes = Buffer.byteLength(whole)
    if (bytes > MAX_TEXT_BYTES) {
      if (draft !== undefined) own.delete(draft)
      return yield* new TooLarge({ what: "The message", limit: MAX_TEXT_BYTES })
    }
    this.#last += 1
    const name = draft ?? `draft_${this.#last}`
    own.set(name, whole)
    return { draft: name, bytes }
  })

  /** The text a request means: its own, or a draft, which is used up once `use` has succeeded. */
  readonly use = <A, E, R>(
    caller: Caller,
    { draft, text }: { readonly draft?: string; readonly text?: string },
    use: (text: string) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | InvalidParams, R> => {
    if (draft === undefined) return use(text ?? "")
    if (text !== undefined)
      return Effect.fail(new InvalidParams({ field: "draft", reason: "give text or draft, not both" }))
    const found = this.#of.get(caller)?.get(draft)
    if (found === undefined) return Effect.fail(unknown)
    return Effect.tap(use(found), () => Effect.sync(() => this.#of.get(caller)?.delete(draft)))
  }
}

const unknown = new InvalidParams({ field: "draft", reason: "this connection has no such draft" })
