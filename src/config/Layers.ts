/**
 * Layers of configuration, and how they become one: the last layer that sets a key wins, unless the key is locked.
 *
 * Pure: where the layers come from is `Files.ts` and `Environment.ts`.
 */
import { Option, Schema } from "effect"
import type { Json } from "effect/Schema"
import { type Configuration, type Key, settings } from "../contract/config/Config.ts"
import { ConfigInvalid } from "../contract/errors/Errors.ts"

/** A place where something is said: a file with a line, the name of an environment variable, or `flag`. */
export interface Place {
  readonly origin: string
  readonly line: number | null
}

/** One key set by one layer, already checked: `value` as it was written, `decoded` as it is used. */
export interface Assignment extends Place {
  readonly key: Key
  readonly value: Json
  readonly decoded: unknown
}

export interface LockedKey extends Place {
  readonly key: Key
}

export interface Layer {
  readonly assignments: ReadonlyArray<Assignment>
  readonly locks: ReadonlyArray<LockedKey>
  /** What is wrong in it. */
  readonly problems: ReadonlyArray<ConfigInvalid>
}

export interface Entry extends Assignment {
  readonly locked: boolean
}

export interface Merged {
  readonly entries: ReadonlyMap<Key, Entry>
  readonly problems: ReadonlyArray<ConfigInvalid>
}

/** Later layers win; a key that an earlier layer locked may not be set. */
export const mergeLayers = (layers: ReadonlyArray<Layer>): Merged => {
  const entries = new Map(builtIn)
  const locks = new Map<Key, LockedKey>()
  const problems: Array<ConfigInvalid> = []
  for (const layer of layers) {
    problems.push(...layer.problems)
    for (const assignment of layer.assignments) {
      const lock = locks.get(assignment.key)
      if (lock === undefined) entries.set(assignment.key, { ...assignment, locked: false })
      else problems.push(lockedBy(assignment, lock))
    }
    for (const lock of layer.locks) if (!locks.has(lock.key)) locks.set(lock.key, lock)
  }
  for (const key of locks.keys()) entries.set(key, { ...entries.get(key)!, locked: true })
  return { entries, problems }
}

const lockedBy = ({ key, line, origin }: Assignment, lock: LockedKey) =>
  new ConfigInvalid({
    file: origin,
    line,
    key,
    reason: `this key is locked by ${lock.origin}${lock.line === null ? "" : `:${lock.line}`}; take it out here, or have it unlocked there`
  })

const builtIn: ReadonlyMap<Key, Entry> = new Map(
  [...settings].map(([key, setting]) => {
    const value = setting.default as Json
    const decoded = value === null ? null : Schema.decodeUnknownSync(setting.schema)(value)
    return [key, { key, value, decoded, origin: "built-in", line: null, locked: false }]
  })
)

/** The nested values the rest of the daemon reads. */
export const valuesOf = (merged: Merged): Configuration => {
  const values: Record<string, Record<string, unknown>> = {}
  for (const { decoded, key } of merged.entries.values()) {
    const [section, name] = key.split(".") as [string, string]
    values[section] = { ...values[section], [name]: decoded }
  }
  return values as unknown as Configuration
}

/** The keys whose value differs, and those of them that only a restart applies. */
export const changes = (
  before: Merged,
  after: Merged
): { readonly changed: Array<Key>; readonly restart: Array<Key> } => {
  const valueIn = ({ entries }: Merged, key: Key) => JSON.stringify(entries.get(key)!.decoded)
  const changed = [...settings.keys()].filter((key) => valueIn(before, key) !== valueIn(after, key))
  return { changed, restart: changed.filter((key) => settings.get(key)!.applies === "restart") }
}

/** Checks one value; the result says where it stands, or what was expected there. */
export const assign = (key: Key, value: unknown, place: Place): Assignment | ConfigInvalid => {
  const setting = settings.get(key)!
  return Option.match(Schema.decodeUnknownOption(setting.schema, { onExcessProperty: "error" })(value), {
    onNone: () =>
      new ConfigInvalid({
        file: place.origin,
        line: place.line,
        key,
        // What stands in a secret's place may well be the secret.
        reason: `expected ${setting.expected}${setting.kind === "secret" ? "" : `, found ${quote(value)}`}`
      }),
    onSome: (decoded): Assignment => ({ key, value: value as Json, decoded, ...place })
  })
}

/** Longest piece of a wrong value a message repeats, in characters. */
const MAX_QUOTE = 60

/** A value as messages show it: on one line, without control characters, shortened. */
export const quote = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  const plain = text.replace(/[\u007f-\u009f\u2028\u2029]/g, "?")
  return plain.length <= MAX_QUOTE ? plain : `${plain.slice(0, MAX_QUOTE)}…`
}

export const isProblem = (found: Assignment | ConfigInvalid): found is ConfigInvalid => found instanceof ConfigInvalid
