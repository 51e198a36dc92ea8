/** Help as oclif writes it, for the whole program, a topic or a command. */
import { Help } from "@oclif/core/help"
import type { CommandTable } from "./CommandTable.ts"
import { completeConfig } from "./Config.ts"

export const showHelp = async (table: CommandTable, words: ReadonlyArray<string>): Promise<void> => {
  await new Help(await completeConfig(table), { maxWidth: 100 }).showHelp([...words])
}
