/**
 * What a message may hold: checked before anything is stored, with a sentence for each refusal.
 */
import { Effect } from "effect"
import { InvalidParams, TooLarge } from "../contract/errors/Errors.ts"
import { MAX_DATA_BYTES, MAX_TEXT_BYTES } from "../contract/Limits.ts"
import type { Message } from "../contract/Message.ts"

export interface Content {
  readonly format: Message["format"]
  readonly text: string
  readonly data: Message["data"]
}

export const checkContent = Effect.fnUntraced(function* ({ data, format, text }: Content) {
  const invalid = (field: string, reason: string) => new InvalidParams({ field, reason })
  if (text === "" && data === null) return yield* invalid("text", "there is nothing in it")
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES)
    return yield* new TooLarge({ what: "The message", limit: MAX_TEXT_BYTES })
  // Half a surrogate pair is no character, and no database gives it back.
  if (!text.isWellFormed()) return yield* invalid("text", "it is not valid Unicode")
  if (text.includes("\0")) return yield* invalid("text", "it holds a NUL character")
  if (format === "json" && !isJson(text)) return yield* invalid("text", "it is not JSON, as `format` says")
  if (Buffer.byteLength(JSON.stringify(data)) > MAX_DATA_BYTES) {
    return yield* new TooLarge({ what: "The message's data", limit: MAX_DATA_BYTES })
  }
  return { data, format, text }
})

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
