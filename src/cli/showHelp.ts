/** Help as oclif writes it, for the whole program, a topic or a command. */
import { Help } from "@oclif/core/help"
import { ExitCode } from "../contract/ErrorCodes.ts"
import { CommandFailed } from "./AgentctlCommand.ts"
import { completeConfig } from "./Config.ts"
import { findCommand, topics } from "./Table.ts"

export const showHelp = async (words: ReadonlyArray<string>): Promise<void> => {
  const subject = words.join(" ")
  if (words.length > 0 && findCommand(words) === undefined && !Object.hasOwn(topics, subject)) {
    throw new CommandFailed(`there is no command "${subject}". "agentctl help" lists them.`, ExitCode.Usage)
  }
  await new Help(await completeConfig(), { maxWidth: 100 }).showHelp([...words])
}
