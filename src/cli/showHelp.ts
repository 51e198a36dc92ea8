/** Help as oclif writes it, for the whole program, a topic or a command. */
import { Help } from "@oclif/core/help"
import { completeConfig } from "./Config.ts"

export const showHelp = async (words: ReadonlyArray<string>): Promise<void> => {
  await new Help(await completeConfig(), { maxWidth: 100 }).showHelp([...words])
}
