/**
 * What to run to go on with what a command line began: the program's own way to continue its conversation where it has one, otherwise
 * the same again. Pure: it looks at the words and at nothing else.
 */
import { claudeCode } from "./ClaudeCode.ts"
import { codex } from "./Codex.ts"
import { gemini } from "./Gemini.ts"
import { openCode } from "./OpenCode.ts"
import { namedAs, type Program } from "./Program.ts"
import { findProgram } from "./Wrappers.ts"

const programs: ReadonlyArray<Program> = [claudeCode, codex, openCode, gemini]

export interface Continued {
  /** The program whose own way is used; null: the same command line again. */
  readonly program: string | null
  readonly argv: ReadonlyArray<string>
  /** It is certain which conversation that is; false: the directory's most recent one. */
  readonly exact: boolean
}

export const continuation = (argv: ReadonlyArray<string>): Continued => {
  const at = findProgram(argv, (word) => programOf(word) !== undefined)
  const program = at === null ? undefined : programOf(argv[at]!)
  const found = at === null ? null : (program?.proceed(argv.slice(at + 1)) ?? null)
  if (at === null || program === undefined || found === null) return { program: null, argv, exact: true }
  return { program: program.name, argv: [...argv.slice(0, at + 1), ...found.args], exact: found.exact }
}

export const programOf = (word: string): Program | undefined => programs.find((program) => namedAs(word, program))
