/**
 * agentctl: finds the command in the table, and runs it as oclif would. Everything else lives in the commands.
 */
import { ExitCode } from "../contract/errors/ErrorCodes.ts"
import { errorText, flagsOf } from "./AgentctlCommand.ts"
import { findCommand } from "./CommandTable.ts"
import { makeConfig } from "./Config.ts"
import { beforeProgram } from "./PassThrough.ts"
import { printed } from "./print.ts"
import { commandTable } from "./Table.ts"

const HELP: ReadonlyArray<string> = ["--help", "-h"]

const main = async (argv: ReadonlyArray<string>): Promise<void> => {
  if (argv[0] === "--version" || argv[0] === "-v") return run("version", argv.slice(1))
  if (argv.length === 0 && (await import("./terminal/attachTo.ts")).onTerminal()) return run("pick", [])
  const found = findCommand(commandTable, argv)
  if (found !== undefined) return run(found.id, found.argv)
  const words = argv.filter((word) => !word.startsWith("-"))
  if (words.length === 0 && argv.every((word) => HELP.includes(word))) return run("help", [])
  const [topic, ...rest] = words
  if (topic !== undefined && Object.hasOwn(commandTable.topics, topic) && rest.length === 0) return run("help", [topic])
  process.stderr.write(`agentctl: there is no command "${words.join(" ") || argv[0]}". "agentctl help" lists them.\n`)
  process.exitCode = ExitCode.Usage
}

const run = async (id: string, argv: ReadonlyArray<string>): Promise<void> => {
  const command = (await commandTable.commands[id]!()).default
  command.id = id
  const own = command.passThrough ? beforeProgram(argv, flagsOf(command)) : argv
  const end = own.indexOf("--")
  if (own.slice(0, end < 0 ? own.length : end).some((word) => HELP.includes(word))) return run("help", id.split(":"))
  // The same call that oclif's own runner makes, without loading its discovery of plugins.
  await (new command([...own], makeConfig(commandTable)) as unknown as { _run(): Promise<unknown> })._run()
}

/** Ends at once instead of waiting for the event loop to run dry, but never before everything is printed. */
const exit = async (): Promise<void> => {
  await printed()
  process.exit()
}

// bin/agentctl sets it for this process, not for what it starts.
if (process.env.NODE_COMPILE_CACHE?.endsWith("/agentd/compile")) delete process.env.NODE_COMPILE_CACHE

main(process.argv.slice(2))
  .catch(async (error: Error) => {
    process.stderr.write(await errorText(error))
    process.exitCode = ExitCode.Failed
  })
  .finally(exit)
