/**
 * One configuration file as a layer: every key it sets with its line, and everything that is wrong in it.
 */
import { parse, TomlError } from "smol-toml"
import { type Key, sections, settings } from "../contract/config/Config.ts"
import { ConfigInvalid } from "../contract/errors/Errors.ts"
import { type Assignment, assign, isProblem, type Layer, type LockedKey, quote } from "./Layers.ts"
import { lineOf, locateKeys } from "./Locate.ts"

type Table = Readonly<Record<string, unknown>>

/** `mayLock`: the file is the administrator's, whose `[lock]` binds the layers after it. */
export const readToml = (text: string, file: string, mayLock: boolean): Layer => {
  const document = parseToml(text, file)
  if (document instanceof ConfigInvalid) return { assignments: [], locks: [], problems: [document] }

  const located = locateKeys(text)
  const assignments: Array<Assignment> = []
  const locks: Array<LockedKey> = []
  const problems: Array<ConfigInvalid> = []
  const wrong = (path: ReadonlyArray<string>, reason: string) =>
    problems.push(new ConfigInvalid({ file, line: lineOf(located, path), key: shown(path), reason }))

  for (const [section, content] of Object.entries(document)) {
    if (section !== "lock" && !Object.hasOwn(sections, section)) {
      wrong([section], `unknown section, expected one of ${Object.keys(sections).join(", ")}`)
    } else if (!isTable(content)) {
      wrong([section], `expected a table ([${section}]), found ${quote(content)}`)
    } else if (section === "lock") {
      locks.push(...readLocks(content, { origin: file, line: lineOf(located, ["lock", "keys"]) }, mayLock, wrong))
    } else {
      for (const [name, value] of Object.entries(content)) {
        const key = `${section}.${name}` as Key
        if (settings.has(key)) {
          const found = assign(key, value, { origin: file, line: lineOf(located, [section, name]) })
          if (isProblem(found)) problems.push(found)
          else assignments.push(found)
        } else wrong([section, name], `unknown key; this section has ${keysOf(section).join(", ")}`)
      }
    }
  }
  return { assignments, locks, problems: problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)) }
}

const readLocks = (
  content: Table,
  place: { readonly origin: string; readonly line: number | null },
  mayLock: boolean,
  wrong: (path: ReadonlyArray<string>, reason: string) => void
): ReadonlyArray<LockedKey> => {
  if (!mayLock) {
    wrong(["lock"], "only the administrator's files may lock keys; take the section [lock] out")
    return []
  }
  for (const name of Object.keys(content)) if (name !== "keys") wrong(["lock", name], "unknown key, expected keys")
  const { keys } = content
  if (!Array.isArray(keys)) {
    wrong(["lock", "keys"], `expected a list of keys such as ["transcript.keep_for"], found ${quote(keys)}`)
    return []
  }
  return keys.flatMap((key: unknown) => {
    if (settings.has(key as Key)) return [{ ...place, key: key as Key }]
    wrong(["lock", "keys"], `${quote(key)} is no key that could be locked`)
    return []
  })
}

export const parseToml = (text: string, file: string): Table | ConfigInvalid => {
  try {
    return parse(text)
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    // The parser's message goes on with a picture of the place; its first line says what is wrong.
    const what = cause.message.split("\n", 1)[0]!.replace(/^Invalid TOML document: /, "")
    return new ConfigInvalid({
      file,
      line: cause.line,
      key: "",
      reason: `not valid TOML: ${what} (column ${cause.column})`
    })
  }
}

/** A date is an object too. */
const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)

const keysOf = (section: string) => Object.keys(sections[section as keyof typeof sections])

/** Quoted keys may hold anything, control characters too. */
const shown = (path: ReadonlyArray<string>) =>
  path.map((part) => (/^[A-Za-z0-9_-]+$/.test(part) ? part : quote(part))).join(".")
