/**
 * Hands what a program in a session offers to whoever is attached and takes it. What is offered is checked here and again there; how
 * often is limited here, because a program that opens pages in a loop is a nuisance to the person, not to itself.
 */
import { Clock, Effect } from "effect"
import { Busy, Conflict, InvalidParams, NotAllowed, TooLarge } from "../contract/errors/Errors.ts"
import { MAX_CLIPBOARD_BYTES, MAX_URL_BYTES } from "../contract/Limits.ts"
import type { Offer, OfferParams } from "../contract/session/Offer.ts"
import { EventLog } from "../store/EventLog.ts"
import { resolveLive } from "./reach/Resolve.ts"
import type { LiveSession } from "./running/LiveSession.ts"

/** Offers that one session may make, and in how many milliseconds. */
const MAX_OFFERS = 5
const OFFERS_MS = 30_000

const recent = new WeakMap<LiveSession, ReadonlyArray<number>>()

export const offer = Effect.fn("Sessions.offer")(function* (
  params: typeof OfferParams.Type,
  ownSession: string | null
) {
  const reference = params.session ?? ownSession
  if (reference === null)
    return yield* new InvalidParams({ field: "session", reason: "outside of a session it must be given" })
  const { live, record } = yield* resolveLive(reference)
  if (ownSession !== null && ownSession !== record.id) {
    return yield* new NotAllowed({
      reason: "a program in a session offers something to its own session's clients only."
    })
  }
  const { kind } = params.offer
  const what = yield* checked(params.offer)
  const taker = [...live.clients.attached.values()].findLast(({ accepts }) => accepts.includes(kind))
  if (taker === undefined) {
    const flag = kind === "url" ? "--open-urls" : "--clipboard"
    return yield* new Conflict({ reason: `Nobody who is attached to ${record.name} takes this. Attach with ${flag}.` })
  }
  const now = yield* Clock.currentTimeMillis
  const before = (recent.get(live) ?? []).filter((at) => Math.abs(now - at) < OFFERS_MS)
  if (before.length >= MAX_OFFERS)
    return yield* new Busy({ what: `offers in ${OFFERS_MS / 1_000} s`, limit: MAX_OFFERS })
  recent.set(live, [...before, now])
  const { client } = taker
  yield* (yield* EventLog).append({ type: "session.offered", session: record.id, kind, what, client: client.id })
  taker.attachment.offer(params.offer)
  return { client: client.id }
})

/** What may be recorded of it. */
const checked = Effect.fnUntraced(function* (offered: Offer) {
  if (offered.kind === "clipboard") {
    const { length } = Buffer.from(offered.data, "base64")
    if (length > MAX_CLIPBOARD_BYTES) return yield* new TooLarge({ what: "The text", limit: MAX_CLIPBOARD_BYTES })
    return `${length} bytes`
  }
  if (Buffer.byteLength(offered.url) > MAX_URL_BYTES)
    return yield* new TooLarge({ what: "The URL", limit: MAX_URL_BYTES })
  const url = URL.parse(offered.url)
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || /[\s\p{Cc}]/u.test(offered.url)) {
    return yield* new NotAllowed({ reason: "only http and https URLs are opened elsewhere." })
  }
  return `${url.protocol}//${url.host}`
})
