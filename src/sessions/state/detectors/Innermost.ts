/**
 * The program that a command line runs in the end: behind `env`, `npx` and the like, and behind a shell that is told one command
 * (`sh -c 'cd project && exec claude'`). Where more than one could be on the screen, none is named.
 */
import { baseName, findProgram } from "../../continuation/Wrappers.ts"

const SHELLS: ReadonlySet<string> = new Set(
  "sh bash rbash dash ash busybox zsh fish ksh ksh93 mksh tcsh csh nu xonsh elvish".split(" ")
)

/** Commands in commands (`sh -c 'env sh -c …'`) that are looked through. */
const MAX_DEPTH = 4
/** Characters of a shell's command that are worth taking apart. */
const MAX_SCRIPT = 4096

/** What a shell does before the program without leaving anything on the screen. */
const QUIET: ReadonlySet<string> = new Set("cd export set unset umask ulimit source . true :".split(" "))

/** Login shells have a dash in front of their name. */
export const isShell = (word: string): boolean => SHELLS.has(baseName(word).replace(/^-/, ""))

/** The command line from that program on; empty: it cannot be told. */
export const innermost = (argv: ReadonlyArray<string>, isProgram: (word: string) => boolean): ReadonlyArray<string> => {
  let words = argv
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const at = findProgram(words, (word) => isProgram(word) || isShell(word))
    if (at === null) return []
    words = words.slice(at)
    const told = isShell(words[0]!) ? commandOf(words) : null
    if (told === null) return words
    words = only(told.script, told.args)
  }
  return []
}

/** `-c SCRIPT NAME ARGUMENTS`, among options that take no word. */
const commandOf = (words: ReadonlyArray<string>) => {
  const at = words.findIndex((word, i) => i > 0 && /^-[a-z]*c$/.test(word))
  if (at < 0 || words.slice(1, at).some((word) => !word.startsWith("-"))) return null
  return { script: words[at + 1] ?? "", args: words.slice(at + 2) }
}

/** The one command of a script that shows something, without `exec` and assignments; empty when there are several. */
const only = (script: string, [name = "", ...args]: ReadonlyArray<string>): ReadonlyArray<string> => {
  const commands = commandsOf(script).filter(([first]) => first !== undefined && !QUIET.has(first))
  if (commands.length !== 1) return []
  const words = commands[0]!.flatMap((word) => (word === "$@" ? args : word === "$0" ? [name] : [word]))
  const assigned = words.findIndex((word) => !/^\w+=/.test(word))
  const begun = assigned < 0 ? [] : words.slice(assigned)
  return begun[0] === "exec" ? begun.slice(1) : begun
}

/** Words of the commands between `;`, `&&` and line ends, quotes removed. A pipe, a redirection or a subshell: none. */
const commandsOf = (script: string): ReadonlyArray<ReadonlyArray<string>> => {
  const commands: Array<Array<string>> = [[]]
  const token = /\s*(?:(&&|;|\n)|((?:[^\s;&|<>()`'"\\]|\\.|'[^']*'|"(?:[^"\\`]|\\.)*")+)|(.))/gsy
  if (script.length > MAX_SCRIPT) return []
  for (const [, end, word, other] of script.trim().replaceAll("\n", " ; ").matchAll(token)) {
    if (other !== undefined) return []
    if (end !== undefined) commands.push([])
    else if (word !== undefined) commands.at(-1)!.push(word.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs, "$1$2$3"))
  }
  return commands
}
