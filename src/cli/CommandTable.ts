/**
 * The shape of the table of commands, for those that describe it from within: help and completion are commands of it themselves.
 */
import type { Config } from "@oclif/core/interfaces"
import type { AgentctlCommand } from "./AgentctlCommand.ts"

/** A command's class: its statics, and how oclif makes one. */
export type CommandClass = Pick<typeof AgentctlCommand, keyof typeof AgentctlCommand> & {
  new (argv: Array<string>, config: unknown): AgentctlCommand
}

export interface CommandTable {
  /** By id: topic and command, separated by a colon as oclif wants it. */
  readonly commands: Readonly<Record<string, () => Promise<{ readonly default: CommandClass }>>>
  /** What each topic is about. */
  readonly topics: Readonly<Record<string, string>>
}

/** The command that `argv` names, with what is left for it: the longest match wins. */
export const findCommand = (
  { commands }: CommandTable,
  argv: ReadonlyArray<string>
): { readonly id: string; readonly argv: ReadonlyArray<string> } | undefined => {
  const [first, second] = argv
  if (first === undefined) return undefined
  if (second !== undefined && Object.hasOwn(commands, `${first}:${second}`)) {
    return { id: `${first}:${second}`, argv: argv.slice(2) }
  }
  return Object.hasOwn(commands, first) && !first.includes(":") ? { id: first, argv: argv.slice(1) } : undefined
}

/** The table that a command was found in, which `makeConfig` put there. */
export const tableOf = (config: Config): CommandTable => (config as unknown as { readonly table: CommandTable }).table
