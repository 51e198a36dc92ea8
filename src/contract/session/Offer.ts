/**
 * What a program in a session asks to have done where somebody is attached: a URL opened, text put into the clipboard. Only a client that
 * said it takes such offers is sent one, and nothing ever comes back from it.
 */
import { Schema } from "effect"
import { MAX_CLIPBOARD_BYTES, MAX_URL_BYTES } from "../Limits.ts"
import { SessionId, SessionRef } from "./Session.ts"
import { OfferKind } from "./SessionTerminal.ts"

/** Characters of base64 that hold the bytes of a clipboard. */
const MAX_BASE64 = Math.ceil(MAX_CLIPBOARD_BYTES / 3) * 4

export const Offer = Schema.Union([
  Schema.Struct({
    kind: Schema.Literal("url"),
    url: Schema.String.annotateKey({
      description: `To open in a browser: \`http\` or \`https\`, at most ${MAX_URL_BYTES} bytes.`
    })
  }),
  Schema.Struct({
    kind: Schema.Literal("clipboard"),
    data: Schema.String.check(
      Schema.isMaxLength(MAX_BASE64),
      Schema.isPattern(/^[A-Za-z0-9+/]*={0,2}$/, { expected: "base64" })
    ).annotateKey({ description: `Text in UTF-8 as base64, at most ${MAX_CLIPBOARD_BYTES} bytes.` })
  })
])
export type Offer = typeof Offer.Type

export const OfferParams = Schema.Struct({
  offer: Offer.annotateKey({ description: "What is to be done there." }),
  session: Schema.optionalKey(SessionRef).annotateKey({
    description: "Default: the session the caller runs in, which may name no other."
  })
})
export const OfferResult = Schema.Struct({
  client: Schema.String.annotateKey({
    description: "Who it was sent to: of those who take it, the one that came last."
  })
})

export const offerEvents = [
  Schema.Struct({
    type: Schema.Literal("session.offered"),
    session: SessionId,
    kind: OfferKind,
    what: Schema.String.annotateKey({
      description: "The URL's scheme and host, or the number of bytes. Never more of it."
    }),
    client: Schema.String
  }).annotate({
    description: "A program asked to have a URL opened, or text put into the clipboard, where somebody is attached."
  })
] as const
