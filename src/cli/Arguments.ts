/** Arguments and flag values that several commands take. */
import { splitHost } from "../client/remote/Target.ts"
import { ExitCode } from "../contract/errors/ErrorCodes.ts"
import { type AgentctlCommand, CommandFailed } from "./AgentctlCommand.ts"
import { Args } from "./Oclif.ts"
import { printable } from "./Paint.ts"

/** Never read from standard input: that belongs to the program. */
export const sessionArg = (about = "The session.") =>
  Args.string({
    required: true,
    ignoreStdin: true,
    description: `${about} An id, a unique prefix of one, a name, or - for the last one started or attached; HOST:SESSION for one on another machine.`,
    parse: async (reference, command) => {
      const there = splitHost(reference)
      if (there === null) return reference
      ;(command as unknown as AgentctlCommand).setHost(there.host)
      return there.session
    }
  })

/** Several of them; what was written is read by `sessionsOf`, because their machine is decided by all of them together. */
export const sessionsArg = (about = "The sessions.") =>
  Args.string({
    multiple: true,
    ignoreStdin: true,
    description: `${about} Ids, unique prefixes of them, names, or - for the last one started or attached; HOST:SESSION for one on another machine.`
  })

/** Each once, and all of one machine: "gpu:build db" is not to stop the db of gpu, nor that of this machine unasked. */
export const sessionsOf = (command: AgentctlCommand, words: unknown): ReadonlyArray<string> => {
  const references = [...new Set((words ?? []) as ReadonlyArray<string>)]
  const read = references.map((reference) => ({ reference, there: splitHost(reference) }))
  const plain = read.find(({ there }) => there === null)
  const elsewhere = read.find(({ there }) => there !== null)
  if (plain !== undefined && elsewhere !== undefined && !command.isElsewhere)
    throw usage(
      `"${printable(plain.reference)}" names no machine and "${printable(elsewhere.reference)}" does; name it for each, or with --host for all.`
    )
  for (const { there } of read) if (there !== null) command.setHost(there.host)
  return read.map(({ reference, there }) => there?.session ?? reference)
}

export const addressArg = () =>
  Args.string({
    required: true,
    ignoreStdin: true,
    description: "An agent's name or id, a role or a group, with or without @."
  })

export const messageArg = () => Args.string({ required: true, ignoreStdin: true, description: "The message's id." })

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** "90s", "5m", "1.5h"; a bare number is seconds, as with sleep(1) and timeout(1). */
export const duration = async (text: string): Promise<number> => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text)
  if (match === null) throw usage(`"${text}" is no duration; write 30s, 5m, 2h, 1d or 500ms`)
  return Math.round(Number(match[1]) * units[match[2] ?? "s"]!)
}

export const usage = (message: string) => new CommandFailed(message, ExitCode.Usage)
