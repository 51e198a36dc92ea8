/**
 * A program that keeps its conversations, and how it is told to go on with one: what each adapter says of its own.
 */
import { baseName } from "./Wrappers.ts"

export interface Program {
  /** For people: `Claude Code`. */
  readonly name: string
  /** What its executable is called. */
  readonly executable: string
  /** Its package in the npm registry, which `npx` is told and which is part of a script's path. */
  readonly package: string
  /**
   * The arguments that go on with the conversation these began; null when they began none (a subcommand, a single answer), so that
   * the same are right again. What the user set is kept, the first prompt is not sent a second time. Idempotent.
   */
  readonly proceed: (args: ReadonlyArray<string>) => Proceeding | null
  /**
   * The same arguments with the program's own options to run `hook` (which is `agentctl hook` in full) when its state changes, for this
   * one run; null when it takes none, or the user has set what they would replace.
   */
  readonly hooks?: (
    args: ReadonlyArray<string>,
    hook: ReadonlyArray<string>,
    env: Readonly<Record<string, string>>
  ) => ReadonlyArray<string> | null
}

export interface Proceeding {
  readonly args: ReadonlyArray<string>
  /** They name the conversation; otherwise it is the most recent one of the directory, whoever had it. */
  readonly exact: boolean
}

/** `claude`, `/opt/bin/claude`, `claude.exe`, `@anthropic-ai/claude-code@2`, `…/@anthropic-ai/claude-code/cli.js`. */
export const namedAs = (
  word: string,
  { executable, package: name }: Pick<Program, "executable" | "package">
): boolean =>
  baseName(word).replace(/\.(exe|[cm]?js)$/, "") === executable ||
  word === name ||
  word.startsWith(`${name}@`) ||
  word.includes(`/node_modules/${name}/`)
