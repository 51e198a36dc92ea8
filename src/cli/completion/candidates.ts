/**
 * What may come next on a command line: commands, flags, values, and the names of sessions. The shells' scripts only ask.
 */
import type { Client } from "../../client/Client.ts"
import { flagsOf } from "../AgentctlCommand.ts"
import { type CommandTable, findCommand } from "../CommandTable.ts"
import { age, commandLine } from "../Paint.ts"
import { ANSWER_MS, type Candidate } from "./Candidate.ts"

/** The shell itself knows what fits: names of files and programs. */
export const FILES = Symbol("files")

interface Flag {
  readonly name?: string
  readonly type: "boolean" | "option"
  readonly char?: string
  readonly summary?: string
  readonly description?: string
  readonly options?: ReadonlyArray<string>
  readonly hidden?: boolean
}

/** `words` follow the program's name; the last one is being typed and may be empty. */
export const candidates = async (
  table: CommandTable,
  words: ReadonlyArray<string>,
  client: Client
): Promise<ReadonlyArray<Candidate> | typeof FILES> => {
  const current = words.at(-1) ?? ""
  const before = words.slice(0, -1)
  const found = await proposals(table, before, current, client)
  return found === FILES ? FILES : found.filter(({ word }) => word.startsWith(current))
}

const proposals = async (
  table: CommandTable,
  before: ReadonlyArray<string>,
  current: string,
  client: Client
): Promise<ReadonlyArray<Candidate> | typeof FILES> => {
  const found = findCommand(table, before)
  if (found === undefined) return commandWords(table, before)
  if (found.argv.includes("--")) return FILES
  if (found.id === "help") return commandWords(table, found.argv)
  const command = (await table.commands[found.id]!()).default
  const flags = flagsOf(command) as unknown as Readonly<Record<string, Flag>>
  const waiting = flagNamed(flags, found.argv.at(-1))
  if (waiting?.type === "option") {
    if (waiting.name === "cwd" || waiting.name === "file") return FILES
    const words = await valuesOf(found.id, waiting.name ?? "", current, client)
    return words ?? (waiting.options ?? []).map((word) => ({ word, about: "" }))
  }
  if (current.startsWith("-")) return flagWords(flags)
  const isValue = (index: number) => flagNamed(flags, found.argv[index - 1])?.type === "option"
  const taken = found.argv.filter((word, index) => !word.startsWith("-") && !isValue(index)).length
  const args = Object.entries(command.args ?? {}) as ReadonlyArray<
    readonly [string, { readonly options?: ReadonlyArray<string>; readonly multiple?: boolean }]
  >
  // One that takes several words takes all that follow.
  const next = args[taken] ?? (args.at(-1)?.[1].multiple === true ? args.at(-1) : undefined)
  if (next === undefined) return command.passThrough ? FILES : []
  if (next[0] === "file" || next[0] === "path") return FILES
  const words = await valuesOf(found.id, next[0], current, client)
  if (words !== undefined)
    return next[1].multiple === true ? words.filter(({ word }) => !found.argv.includes(word)) : words
  return (next[1].options ?? []).map((word) => ({ word, about: "" }))
}

/** What only the daemon knows: `undefined` where it is not asked for a flag or an argument of that name. */
const valuesOf = async (id: string, name: string, current: string, client: Client) => {
  if (name === "session") return sessionWords(id, client)
  return (await import("./people.ts")).peopleWords(id, name, current, client)
}

const commandWords = async (
  { commands, topics }: CommandTable,
  before: ReadonlyArray<string>
): Promise<ReadonlyArray<Candidate>> => {
  const prefix = before.length === 0 ? "" : `${before.join(":")}:`
  const shown: Array<Candidate> = []
  for (const [id, load] of Object.entries(commands)) {
    if (!id.startsWith(prefix)) continue
    const rest = id.slice(prefix.length)
    if (rest.includes(":")) continue
    const command = (await load()).default
    if (!command.hidden) shown.push({ word: rest, about: command.summary ?? "" })
  }
  if (before.length === 0) for (const [word, about] of Object.entries(topics)) shown.push({ word, about })
  return shown
}

const flagNamed = (flags: Readonly<Record<string, Flag>>, word: string | undefined): Flag | undefined => {
  if (word === undefined || !word.startsWith("-") || word.includes("=")) return undefined
  if (word.startsWith("--")) return flags[word.slice(2)]
  return Object.values(flags).find(({ char }) => char === word.slice(1))
}

const flagWords = (flags: Readonly<Record<string, Flag>>): ReadonlyArray<Candidate> =>
  Object.entries({ ...flags, help: { type: "boolean" as const, summary: "Explain this command." } })
    .filter(([, flag]) => (flag as Flag).hidden !== true)
    .map(([name, flag]) => ({ word: `--${name}`, about: (flag as Flag).summary ?? (flag as Flag).description ?? "" }))

/** Commands about the past are offered ended sessions too. */
const ended: ReadonlySet<string> = new Set(["logs", "inspect", "resume", "rm", "tag", "screen"])

const sessionWords = async (id: string, client: Client): Promise<ReadonlyArray<Candidate>> => {
  try {
    const { sessions } = await client.call("session.list", ended.has(id) ? { all: true } : {}, { timeoutMs: ANSWER_MS })
    return sessions
      .filter((session) => id !== "resume" || session.exit !== null)
      .map((session) => ({
        word: session.name,
        about: `${session.status} ${age(session.createdAt)} ${commandLine(session.argv)}`
      }))
  } catch {
    return []
  }
}
