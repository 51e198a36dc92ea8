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
  if (isInexact(data)) {
    return yield* invalid("data", "a whole number beyond 2^53 reaches nobody as it is; write it as a text")
  }
  if (isInexact(data)) {
    return yield* invalid("data", "a whole number beyond 2^53 reaches nobody as it is; write it as a text")
  }
  return { data, format, text }
})

/**
 * Programs that read JSON keep numbers as doubles, this one too (RFC 8259, section 6): of a larger whole number another had been made
 * before anybody could look. Those that come with an exponent are not meant to the last digit.
 */
const isInexact = (data: Message["data"]): boolean => {
  const left: Array<unknown> = [data]
  while (left.length > 0) {
    const one = left.pop()
    if (Number.isInteger(one) && !Number.isSafeInteger(one) && !`${one}`.includes("e")) return true
    if (typeof one === "object" && one !== null) left.push(...Object.values(one))
  }
  return false
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
