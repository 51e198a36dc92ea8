/**
 * A program that keeps its conversations, and how it is told to go on with one: what each adapter says of its own.
 */

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
}

export interface Proceeding {
  readonly args: ReadonlyArray<string>
  /** They name the conversation; otherwise it is the most recent one of the directory, whoever had it. */
  readonly exact: boolean
}
