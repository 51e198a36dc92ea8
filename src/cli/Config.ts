/**
 * What oclif calls its configuration, made from the static command table instead of being discovered on disk at every start:
 * finding plugins and reading manifests costs more than most commands take.
 */
import type { Command } from "@oclif/core/command"
import type { Config } from "@oclif/core/interfaces"
import { flagsOf } from "./AgentctlCommand.ts"
import type { CommandClass, CommandTable } from "./CommandTable.ts"
import { description, version } from "./Version.ts"

const nothingHooked = async () => ({ successes: [], failures: [] })

const baseOf = (table: CommandTable) => ({
  arch: process.arch,
  bin: "agentctl",
  channel: "stable",
  commandIDs: Object.keys(table.commands),
  dirname: "agentctl",
  isSingleCommandCLI: false,
  name: "agentd",
  pjson: { name: "agentd", version, description, oclif: { bin: "agentctl", topicSeparator: " " } },
  platform: process.platform,
  plugins: new Map(),
  root: "",
  runHook: nothingHooked,
  scopedEnvVar: () => undefined,
  scopedEnvVarKey: (key: string) => `AGENTCTL_${key}`,
  scopedEnvVarKeys: () => [],
  scopedEnvVarTrue: () => false,
  shell: "sh",
  table,
  topicSeparator: " ",
  userAgent: `agentctl/${version} ${process.platform}-${process.arch} node-${process.version}`,
  valid: true,
  version,
  windows: false
})

/** Enough for running one command. */
// oclif's interface has sixty members, most of them about plugins and updates that this program does not have.
export const makeConfig = (table: CommandTable): Config => baseOf(table) as unknown as Config

/** With every command and topic in it, as help needs it. */
export const completeConfig = async (table: CommandTable): Promise<Config> => {
  const { commands, topics } = table
  const loaded = await Promise.all(
    Object.entries(commands).map(async ([id, load]) => describe(id, (await load()).default))
  )
  const topicList = Object.entries(topics).map(([name, about]) => ({ name, description: about }))
  return {
    ...baseOf(table),
    commands: loaded,
    topics: [...topicList, ...Object.keys(commands).map((name) => ({ name }))],
    findCommand: (id: string) => loaded.find((command) => command.id === id),
    findTopic: (id: string) => topicList.find((topic) => topic.name === id),
    findMatches: () => []
  } as unknown as Config
}

/** Help wants each part to know its own name, which oclif otherwise writes into its manifest. */
const named = <A extends object>(parts: Readonly<Record<string, A>>) =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, { ...part, name }]))

/** A command as oclif's help describes it, with what it inherits. */
const describe = (id: string, command: CommandClass): Command.Loadable =>
  ({
    aliases: command.aliases ?? [],
    args: named(command.args ?? {}),
    description: command.description,
    examples: command.examples,
    flags: named(flagsOf(command)),
    hidden: command.hidden,
    hiddenAliases: command.hiddenAliases ?? [],
    id,
    strict: command.strict,
    summary: command.summary,
    usage: command.usage,
    load: async () => command
  }) as unknown as Command.Loadable
