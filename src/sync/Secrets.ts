/**
 * Does a text hold something that looks like a secret? Asked of everything that is about to leave the machine.
 *
 * Narrower than what a bug report takes out: commits, addresses and words such as "token:" are what messages are made of, and a
 * message that is held back for nothing teaches people to let everything through.
 */
import { ISSUED, isSecretName, markOf } from "../contract/text/SecretText.ts"

interface Rule {
  readonly kind: string
  readonly pattern: RegExp
  /** Tells a match that is none. */
  readonly unless?: (...groups: ReadonlyArray<string>) => boolean
}

/** Characters from which on a value is taken for one that was made by chance. */
const MIN_VALUE = 12

const looksRandom = (value: string) =>
  value.length >= MIN_VALUE && /[0-9]/.test(value) && /[A-Za-z]/.test(value) && !/^[0-9a-f]{40}$/.test(value)

const rules: ReadonlyArray<Rule> = [
  {
    kind: "private key",
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g
  },
  { kind: "token", pattern: new RegExp(ISSUED, "g") },
  { kind: "token", pattern: /eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?/g },
  {
    kind: "password in an address",
    pattern: /(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\/[^\s/"'<>:@]*:[^\s/"'<>@]+@/g
  },
  {
    kind: "credential",
    pattern: /(?<![A-Za-z0-9-])(?:bearer|basic)[ \t]{1,3}([A-Za-z0-9._~+/=-]{12,})/gi,
    unless: (value) => !looksRandom(value!)
  }
]

export interface Scrubbed {
  readonly text: string
  /** What was found, each kind once. */
  readonly kinds: ReadonlyArray<string>
}

/** agentd's own ids are made by chance, and one in some thousands begins like somebody's token. */
const OWN_ID = /((?:ses|evt|msg|agt|wks|ins)_[0-9A-Z]{20,26})/

/** The text with a mark in the place of each secret. */
export const scrub = (text: string): Scrubbed => {
  const kinds = new Set<string>()
  const parts = text.split(OWN_ID).map((part, index) => (index % 2 === 1 ? part : scrubPart(part, kinds)))
  return { text: parts.join(""), kinds: [...kinds] }
}

const scrubPart = (text: string, kinds: Set<string>): string => scrubValues(scrubForms(text, kinds), kinds)

/** A name, and an equals sign or a colon; and what follows it, quoted or up to the next blank. */
const NAME = /(?<![A-Za-z0-9_.-])([A-Za-z_-][A-Za-z0-9_.-]{0,63})["']?[ \t]{0,3}[=:][ \t]{0,3}/g
const VALUE = /["']?([^\s,;&"')}]{12,512})/y

/** What stands behind a name that secrets have. Behind another name a further one may stand, so that is looked at, too. */
const scrubValues = (text: string, kinds: Set<string>): string => {
  const out: Array<string> = []
  let at = 0
  for (const match of text.matchAll(NAME)) {
    if (match.index < at || !isSecretName(match[1]!)) continue
    VALUE.lastIndex = match.index + match[0].length
    const value = VALUE.exec(text)
    if (value === null || !looksRandom(value[1]!)) continue
    kinds.add("value")
    out.push(text.slice(at, match.index + match[0].length), markOf("value"))
    at = VALUE.lastIndex
  }
  return out.join("") + text.slice(at)
}

const scrubForms = (text: string, kinds: Set<string>): string =>
  rules.reduce(
    (rest, { kind, pattern, unless }) =>
      rest.replace(pattern, (all: string, ...groups: ReadonlyArray<unknown>) => {
        if (unless?.(...groups.filter((group): group is string => typeof group === "string")) === true) return all
        kinds.add(kind)
        return markOf(kind)
      }),
    text
  )

/** The same for every string of a JSON value. A value whose key is a secret's name counts as one if it looks like it. */
export const scrubJson = <A>(value: A): { readonly value: A; readonly kinds: ReadonlyArray<string> } => {
  const kinds = new Set<string>()
  const walk = (part: unknown, name: string): unknown => {
    if (Array.isArray(part)) return part.map((one) => walk(one, name))
    if (typeof part === "object" && part !== null) {
      return Object.fromEntries(
        Object.entries(part).map(([key, inside]) => [walk(key, "") as string, walk(inside, key)])
      )
    }
    if (typeof part !== "string") return part
    if (isSecretName(name) && looksRandom(part)) {
      kinds.add("value")
      return markOf("value")
    }
    const found = scrub(part)
    for (const kind of found.kinds) kinds.add(kind)
    return found.text
  }
  return { value: walk(value, "") as A, kinds: [...kinds] }
}
