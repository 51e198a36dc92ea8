/**
 * Takes out of a text what a stranger should not see: secrets by how they look, the user by name, and what they run by what they
 * typed. Pure: text in, text and counts out; doing it twice changes nothing.
 */
import { isSecretName, MARKED, markOf, type Rule, rules } from "../../contract/text/SecretText.ts"

export interface Identity {
  readonly home: string
  readonly user: string
  readonly host: string
  /** Arguments of the user's programs. */
  readonly words: ReadonlyArray<string>
}

export interface Redacted<A> {
  readonly value: A
  /** How often something of each kind was taken out. */
  readonly found: Readonly<Record<string, number>>
}

/** Shorter arguments are words of any language, and taking them out would leave nothing to read. */
const MIN_WORD = 8

/** Each is looked for in the whole log. */
const MAX_WORDS = 1_000

/** The first nearly always finds everything. */
const ROUNDS = 5

/** Names that tell nothing about anybody. */
const ANYBODY = new Set(["root", "user", "admin", "ubuntu", "debian", "agentd", "localhost", "nobody", "runner"])

export interface Redactor {
  readonly text: (text: string) => Redacted<string>
  /** The same for every string of a value; what has a secret's name is taken out whole. */
  readonly json: (value: unknown) => Redacted<unknown>
}

export const redactorFor = (identity: Identity): Redactor => {
  const all = [...rules, ...personal(identity)]
  const text = (original: string): Redacted<string> => {
    const found: Record<string, number> = {}
    let value = original
    // What stood beside something that was taken out may only now be seen for what it is.
    for (let round = 0, before = ""; before !== value && round < ROUNDS; round++) {
      before = value
      value = all.reduce((rest, rule) => apply(rest, rule, found), value)
    }
    return { value, found }
  }
  const json = (original: unknown): Redacted<unknown> => {
    const found: Record<string, number> = {}
    const walk = (part: unknown, name: string): unknown => {
      if (Array.isArray(part)) return part.map((one) => walk(one, name))
      if (typeof part === "object" && part !== null)
        return Object.fromEntries(
          Object.entries(part).map(([key, inside]) => [walk(key, ""), walk(inside, key)] as [string, unknown])
        )
      if (typeof part !== "string") return part
      const redacted = isSecretName(name) && part !== "" ? { value: markOf("value"), found: { value: 1 } } : text(part)
      merge(found, redacted.found)
      return redacted.value
    }
    return { value: walk(original, ""), found }
  }
  return { text, json }
}

/** Adds counts to counts. */
export const merge = (into: Record<string, number>, more: Readonly<Record<string, number>>): void => {
  for (const [kind, times] of Object.entries(more)) into[kind] = (into[kind] ?? 0) + times
}

const apply = (text: string, { follows, kind, pattern, replace }: Rule, found: Record<string, number>): string => {
  const mark = markOf(kind)
  const out: Array<string> = []
  let at = 0
  for (const match of text.matchAll(pattern)) {
    // Inside of what the one before took with it.
    if (match.index < at) continue
    let end = match.index + match[0].length
    const groups = match.length > 1 ? match.slice(1) : [match[0]]
    const replacement = replace === undefined ? mark : replace(mark, ...groups)
    if (replacement === null || replacement === match[0]) continue
    if (follows !== undefined) {
      follows.lastIndex = end
      const value = follows.exec(text)?.[0]
      if (value === undefined || MARKED.test(value)) continue
      end += value.length
    }
    found[kind] = (found[kind] ?? 0) + 1
    out.push(text.slice(at, match.index), replacement)
    at = end
  }
  return at === 0 ? text : out.join("") + text.slice(at)
}

const personal = ({ home, host, user, words }: Identity): ReadonlyArray<Rule> => {
  const known = (name: string) => name.length > 1 && !ANYBODY.has(name)
  return [
    ...worthTakingOut(words).map((word) => ({ kind: "argument", pattern: new RegExp(literal(word), "g") })),
    ...(home.length > 1 && home !== "/root" ? [{ kind: "home", pattern: whole(home), replace: () => "~" }] : []),
    {
      kind: "home",
      pattern: /(\/home\/|\/Users\/)(?!USER(?![\w.-]))[\w.-]+/g,
      replace: (_: string, base?: string) => `${base}USER`
    },
    ...(known(user) ? [{ kind: "user", pattern: whole(user), replace: () => "USER" }] : []),
    ...(known(host) ? [{ kind: "host", pattern: whole(host), replace: () => "HOST" }] : [])
  ]
}

/** Longest first: what is part of another goes with it. What could be part of a mark stays: marks are not for taking out. */
const worthTakingOut = (words: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(words)]
    .filter((word) => word.length >= MIN_WORD && !/redacted|argument|private key/.test(word))
    .toSorted((a, b) => b.length - a.length)
    .slice(0, MAX_WORDS)

/** As a word of its own, not as part of a longer one. */
const whole = (name: string): RegExp => new RegExp(`(?<![A-Za-z0-9_])${literal(name)}(?![A-Za-z0-9_])`, "g")

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")
