/**
 * Where in a TOML text each key stands, because the parser keeps no positions and an error without a line is half an error.
 *
 * Expects text that the parser has accepted: it only has to skip values, never to judge them. On other text it still ends,
 * and may miss keys. Grammar: https://toml.io/en/v1.1.0
 */
export interface Located {
  readonly path: ReadonlyArray<string>
  /** Counted from 1. */
  readonly line: number
}

/** The first line that writes the key, or the nearest key around it; null if neither is written. */
export const lineOf = (located: ReadonlyArray<Located>, path: ReadonlyArray<string>): number | null => {
  for (let length = path.length; length > 0; length--) {
    const wanted = path.slice(0, length)
    const found = located.find((each) => wanted.every((part, index) => part === each.path[index]))
    if (found !== undefined) return found.line
  }
  return null
}

/** Every table header and every key, in the order of the text. */
export const locateKeys = (toml: string): ReadonlyArray<Located> => {
  const located: Array<Located> = []
  let at = 0
  let line = 1

  /** Takes what `pattern` (sticky) matches here, counting the lines passed. */
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const found = pattern.exec(toml)?.[0] ?? null
    if (found !== null) {
      at += found.length
      for (const character of found) if (character === "\n") line++
    }
    return found
  }

  const key = (): Array<string> | null => {
    const parts: Array<string> = []
    do {
      take(BLANK)
      const bare = take(BARE_KEY)
      const literal = bare === null ? take(LITERAL) : null
      const basic = bare === null && literal === null ? take(BASIC) : null
      const part = bare ?? literal?.slice(1, -1) ?? (basic === null ? null : unescapeKey(basic.slice(1, -1)))
      if (part === null) return null
      parts.push(part)
      take(BLANK)
    } while (take(DOT) !== null)
    return parts
  }

  const keyValue = (table: ReadonlyArray<string>): boolean => {
    const parts = key()
    if (parts === null) return false
    const path = [...table, ...parts]
    located.push({ path, line })
    if (take(EQUALS) === null) return false
    take(BLANK)
    value(path)
    return true
  }

  const value = (path: ReadonlyArray<string>): void => {
    if (take(STRING) !== null) return
    if (take(OPEN_ARRAY) !== null) {
      do {
        take(FILLER)
        if (take(CLOSE_ARRAY) !== null) return
        value(path)
        take(FILLER)
      } while (take(COMMA) !== null)
      take(CLOSE_ARRAY)
    } else if (take(OPEN_TABLE) !== null) {
      do {
        take(FILLER)
        if (!keyValue(path)) break
        take(FILLER)
      } while (take(COMMA) !== null)
      take(CLOSE_TABLE)
    } else take(SCALAR)
  }

  let table: ReadonlyArray<string> = []
  while (at < toml.length) {
    take(FILLER)
    if (take(HEADER) !== null) {
      const start = line
      table = key() ?? []
      located.push({ path: table, line: start })
    } else keyValue(table)
    take(REST_OF_LINE)
  }
  return located
}

// All sticky: each matches only at the place the scanner has reached. `s` lets a dot match a newline.
const BLANK = /[ \t]*/y
const FILLER = /(?:[ \t\r\n]|#[^\n]*)*/y
const REST_OF_LINE = /[^\n]*\n?/y
const HEADER = /\[\[?/y
const BARE_KEY = /[A-Za-z0-9_-]+/y
const LITERAL = /'[^'\n]*'/y
const BASIC = /"(?:[^"\\\n]|\\[^\n])*"/y
const STRING = /"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}|'''(?:[^']|'{1,2}(?!'))*'{3,5}|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'/sy
const SCALAR = /[^,\]}#\r\n]*/y
const DOT = /\./y
const EQUALS = /=/y
const COMMA = /,/y
const OPEN_ARRAY = /\[/y
const CLOSE_ARRAY = /\]/y
const OPEN_TABLE = /\{/y
const CLOSE_TABLE = /\}/y

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", e: "\u001b" }

const unescapeKey = (text: string): string =>
  text.replace(
    /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))/g,
    (all, four?: string, eight?: string, two?: string, one?: string) => {
      const hex = four ?? eight ?? two
      if (hex === undefined) return ESCAPES[one!] ?? one!
      const code = Number.parseInt(hex, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : all
    }
  )
