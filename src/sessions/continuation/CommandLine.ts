/**
 * A command line taken apart as the program's own parser would: options with what belongs to them, and positional words. An option
 * that is not known here is kept, with the word after it: losing one would change what the program may do.
 */

/** How many of the following words belong to an option: one, one that may be left out, or all up to the next option. */
type Takes = "one" | "maybe" | "many"

export interface Grammar {
  /** Options that take words, in every spelling: `-m`, `--model`. */
  readonly takes: Readonly<Record<string, Takes>>
  /** Options that take none, so that the word after one is positional. */
  readonly flags: ReadonlySet<string>
}

export interface Option {
  readonly kind: "option"
  /** As it was spelled, without a value that follows `=`. */
  readonly name: string
  readonly values: ReadonlyArray<string>
  /** The words it was made of. */
  readonly words: ReadonlyArray<string>
}

export interface Positional {
  readonly kind: "positional"
  readonly words: ReadonlyArray<string>
}

export type Part = Option | Positional

export const parse = (words: ReadonlyArray<string>, { flags, takes }: Grammar): ReadonlyArray<Part> => {
  const parts: Array<Part> = []
  for (let at = 0; at < words.length; ) {
    const word = words[at]!
    if (word === "--") {
      // Everything behind it is positional; it goes with the first of them, and with the last.
      if (words.length > at + 1) parts.push({ kind: "positional", words: words.slice(at) })
      break
    }
    if (!isOption(word)) {
      parts.push({ kind: "positional", words: [word] })
      at += 1
      continue
    }
    const letters = cluster(word, flags)
    if (letters !== null) {
      for (const name of letters) parts.push({ kind: "option", name, values: [], words: [name] })
      at += 1
      continue
    }
    const equals = word.startsWith("--") ? word.indexOf("=") : -1
    if (equals > 0) {
      const values = [word.slice(equals + 1)]
      parts.push({ kind: "option", name: word.slice(0, equals), values, words: [word] })
      at += 1
      continue
    }
    const count = belonging(words, at, flags.has(word) ? null : (takes[word] ?? unknown(word, takes)))
    parts.push({ kind: "option", name: word, ...slice(words, at, count) })
    at += 1 + count
  }
  return parts
}

/** A dash by itself means standard input; what looks like a negative number is a value. */
const isOption = (word: string): boolean => /^-[^\d]/.test(word)

/** `-pc` is `-p -c`, where both take nothing. */
const cluster = (word: string, flags: Grammar["flags"]): ReadonlyArray<string> | null => {
  if (!/^-[A-Za-z]{2,}$/.test(word) || flags.has(word)) return null
  const names = [...word.slice(1)].map((letter) => `-${letter}`)
  return names.every((name) => flags.has(name)) ? names : null
}

/** `-mopus` carries its value; any other option nobody knows here may take the next word. */
const unknown = (word: string, takes: Grammar["takes"]): Takes | null =>
  !word.startsWith("--") && word.length > 2 && takes[word.slice(0, 2)] !== undefined ? null : "maybe"

const belonging = (words: ReadonlyArray<string>, at: number, takes: Takes | null): number => {
  if (takes === null) return 0
  if (takes === "one") return Math.min(1, words.length - at - 1)
  let count = 0
  while (at + 1 + count < words.length && !/^-./.test(words[at + 1 + count]!) && (takes === "many" || count === 0))
    count++
  return count
}

const slice = (words: ReadonlyArray<string>, at: number, count: number) => ({
  values: words.slice(at + 1, at + 1 + count),
  words: words.slice(at, at + 1 + count)
})

export const isOptionNamed =
  (...names: ReadonlyArray<string>) =>
  (part: Part): part is Option =>
    part.kind === "option" && names.includes(part.name)

export const wordsOf = (parts: ReadonlyArray<Part>): ReadonlyArray<string> => parts.flatMap(({ words }) => words)

/** Spelled as in a table: `"-m --model"` for both. */
export const grammar = (options: {
  readonly flags: ReadonlyArray<string>
  readonly one?: ReadonlyArray<string>
  readonly maybe?: ReadonlyArray<string>
  readonly many?: ReadonlyArray<string>
}): Grammar => ({
  flags: new Set(options.flags.flatMap((names) => names.split(" "))),
  takes: Object.fromEntries(
    (["one", "maybe", "many"] as const).flatMap((takes) =>
      (options[takes] ?? []).flatMap((names) => names.split(" ").map((name) => [name, takes] as const))
    )
  )
})

/** The value of the first option that `is` takes, if it may be the name of a conversation. */
export const idIn = (parts: ReadonlyArray<Part>, is: (part: Part) => part is Option): string | null => {
  const id = parts.find(is)?.values[0] ?? ""
  return id === "" || id.startsWith("-") ? null : id
}
