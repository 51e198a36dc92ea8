/**
 * One setting of the configuration, of each kind there is: how it is spelled, decoded and limited.
 */
import { Schema, SchemaTransformation } from "effect"
import { SecretSource } from "../Secret.ts"

/** When a changed value takes effect: with the next `SIGHUP` or `daemon.reload`, or only when the daemon starts again. */
export type Applies = "reload" | "restart"

interface About<D> {
  /** Value in the spelling of the file; null: none. */
  readonly default: D
  readonly applies: Applies
  readonly description: string
}

export interface Setting<S extends Schema.Codec<unknown, unknown> = Schema.Codec<unknown, unknown>>
  extends About<S["Encoded"] | null> {
  readonly schema: S
  readonly kind: "duration" | "size" | "text" | "choice" | "integer" | "secret"
  /** Ends the sentence "expected …". */
  readonly expected: string
}

const DURATIONS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const SIZES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const

const parse = (units: Readonly<Record<string, number>>, text: string): number => {
  const digits = /^[0-9]*/.exec(text)![0]
  return Number(digits) * units[text.slice(digits.length)]!
}
/** In the largest unit that divides it: 90000 is "90s". */
const format = (units: Readonly<Record<string, number>>, value: number): string => {
  const [name, size] = Object.entries(units).findLast(([, size]) => value % size === 0 && value >= size)!
  return `${value / size}${name}`
}

export const parseDuration = (text: string) => parse(DURATIONS, text)
export const formatDuration = (ms: number) => (ms === 0 ? "0s" : format(DURATIONS, ms))
export const parseSize = (text: string) => parse(SIZES, text)
export const formatSize = (bytes: number) => (bytes === 0 ? "0B" : format(SIZES, bytes))

type Range = { readonly min: string; readonly max: string }

/** Milliseconds, written as "30s". */
export const duration = <D extends string | null>({ min, max, ...about }: About<D> & Range) => ({
  ...about,
  kind: "duration" as const,
  expected: `a duration from "${min}" to "${max}": a whole number and one of ms, s, m, h, d`,
  schema: Schema.String.check(Schema.isPattern(/^[0-9]{1,9}(ms|s|m|h|d)$/u)).pipe(
    Schema.decodeTo(
      Schema.Int.check(Schema.isBetween({ minimum: parseDuration(min), maximum: parseDuration(max) })),
      SchemaTransformation.transform({ decode: parseDuration, encode: formatDuration })
    )
  )
})

/** Bytes, written as "8MiB". */
export const size = <D extends string | null>({ min, max, ...about }: About<D> & Range) => ({
  ...about,
  kind: "size" as const,
  expected: `a size from "${min}" to "${max}": a whole number and one of B, KiB, MiB, GiB, TiB`,
  schema: Schema.String.check(Schema.isPattern(/^[0-9]{1,12}(B|KiB|MiB|GiB|TiB)$/u)).pipe(
    Schema.decodeTo(
      Schema.Int.check(Schema.isBetween({ minimum: parseSize(min), maximum: parseSize(max) })),
      SchemaTransformation.transform({ decode: parseSize, encode: formatSize })
    )
  )
})

export const integer = <D extends number | null>({
  min,
  max,
  ...about
}: About<D> & { readonly min: number; readonly max: number }) => ({
  ...about,
  kind: "integer" as const,
  expected: `a whole number from ${min} to ${max}`,
  schema: Schema.Int.check(Schema.isBetween({ minimum: min, maximum: max }))
})

export const choice = <const C extends ReadonlyArray<string>>({
  of,
  ...about
}: About<C[number]> & { readonly of: C }) => ({
  ...about,
  kind: "choice" as const,
  expected: `one of ${of.map((value) => `"${value}"`).join(", ")}`,
  schema: Schema.Literals(of)
})

export const text = <D extends string | null>({
  pattern,
  expected,
  ...about
}: About<D> & { readonly pattern: RegExp; readonly expected: string }) => ({
  ...about,
  kind: "text" as const,
  expected,
  schema: Schema.String.check(Schema.isMaxLength(4096), Schema.isPattern(pattern))
})

/** Where a secret is kept: the file never holds the secret itself, and a message never repeats what stands in its place. */
export const secret = (about: Omit<About<null>, "default">) => ({
  ...about,
  default: null,
  kind: "secret" as const,
  expected:
    'where the secret is kept: { file = "/absolute/path" } of a file only you may read, or { credential = "name" } of the service',
  schema: SecretSource
})
