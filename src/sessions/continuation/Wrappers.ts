/**
 * Finds the program in a command line that begins with another one: `env`, `npx`, `node …/cli.js`, `nice`. Answers where it stands; what runs it
 * stays in front of it as it is.
 */
import { type Grammar, grammar, type Part, parse, wordsOf } from "./CommandLine.ts"

/** What runs another program: its options, and the words of its own that come before that program. */
interface Wrapper extends Grammar {
  readonly own: (positional: ReadonlyArray<string>) => number
}

const ENV = grammar({
  flags: ["-i --ignore-environment", "-0 --null", "-v --debug", "-"],
  one: ["-u --unset", "-C --chdir"]
})
const NPX = grammar({
  flags: ["-y --yes", "-q --quiet", "--no", "--no-install"],
  one: ["-p --package", "-w --workspace"]
})
const NODE = grammar({
  flags: ["--enable-source-maps", "--inspect", "--no-warnings", "--trace-warnings", "--use-system-ca"],
  one: ["-r --require", "--import", "--conditions", "-C", "--env-file"]
})

const first = (): number => 0
const after =
  (...words: ReadonlyArray<string>) =>
  ([word]: ReadonlyArray<string>): number =>
    word !== undefined && words.includes(word) ? 1 : -1

const wrappers: Readonly<Record<string, Wrapper>> = {
  // Assignments come before the program.
  env: {
    ...ENV,
    own: (words) => {
      const at = words.findIndex((word) => !/^[^=]+=/.test(word))
      return at < 0 ? -1 : at
    }
  },
  nice: { ...grammar({ flags: [], one: ["-n --adjustment"] }), own: first },
  ionice: { ...grammar({ flags: ["-t --ignore"], one: ["-c --class", "-n --classdata"] }), own: first },
  nohup: { ...grammar({ flags: [] }), own: first },
  setsid: { ...grammar({ flags: ["-c --ctty", "-f --fork", "-w --wait"] }), own: first },
  stdbuf: { ...grammar({ flags: [], one: ["-i --input", "-o --output", "-e --error"] }), own: first },
  caffeinate: { ...grammar({ flags: ["-d", "-i", "-m", "-s", "-u"], one: ["-t", "-w"] }), own: first },
  // Its first word is how long.
  timeout: {
    ...grammar({
      flags: ["--foreground", "--preserve-status", "-v --verbose"],
      one: ["-k --kill-after", "-s --signal"]
    }),
    own: () => 1
  },
  npx: { ...NPX, own: first },
  bunx: { ...grammar({ flags: ["--bun", "--silent", "--verbose"], one: ["-p --package"] }), own: first },
  npm: { ...NPX, own: after("exec", "x") },
  pnpm: { ...NPX, own: after("dlx", "exec") },
  yarn: { ...NPX, own: after("dlx", "exec", "run") },
  node: { ...NODE, own: first },
  bun: {
    ...grammar({ flags: ["--bun", "--silent"] }),
    own: (words) => (words[0] === "run" || words[0] === "x" ? 1 : 0)
  },
  direnv: { ...grammar({ flags: [] }), own: (words) => (words[0] === "exec" ? 2 : -1) },
  mise: { ...grammar({ flags: [] }), own: (words) => (/^(exec|x)$/.test(words[0] ?? "") ? 1 : -1) }
}

/** Wrappers in wrappers (`env npx …`) that are looked through. */
const MAX_DEPTH = 8

export const baseName = (word: string): string => word.slice(word.lastIndexOf("/") + 1)

/** Where the program stands that is run in the end; null when that cannot be told. */
export const findProgram = (argv: ReadonlyArray<string>, isProgram: (word: string) => boolean): number | null => {
  let at = 0
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const word = argv[at]
    if (word === undefined) return null
    if (isProgram(word)) return at
    const name = baseName(word)
    // A program may be called `constructor`, which every object has.
    const wrapper = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined
    const inner = wrapper === undefined ? null : innerOf(wrapper, argv.slice(at + 1))
    if (inner === null) return null
    at += 1 + inner
  }
  return null
}

/** Only its own options may stand before the program: with one that is not known, nobody can tell whose the next word is. */
const innerOf = (wrapper: Wrapper, words: ReadonlyArray<string>): number | null => {
  const parts = parse(words, wrapper)
  const positional: Array<string> = []
  let at = 0
  for (const part of parts) {
    if (part.kind === "positional") {
      for (const word of part.words) {
        if (word !== "--") {
          positional.push(word)
          const own = wrapper.own(positional)
          if (own >= 0 && positional.length > own) return at
        }
        at += 1
      }
    } else {
      if (!known(wrapper, part)) return null
      at += wordsOf([part]).length
    }
  }
  return null
}

const known = ({ flags, takes }: Grammar, part: Part): boolean =>
  part.kind === "positional" ||
  part.words[0]!.includes("=") ||
  flags.has(part.name) ||
  takes[part.name] !== undefined ||
  takes[part.name.slice(0, 2)] !== undefined
