/**
 * `docs/reference/commands.md`: every command of agentctl, from what its class says about itself.
 */
import type { Command, Interfaces } from "@oclif/core"
import { commandTable } from "../../../src/cli/Table.ts"
import { code, page, sentence, table } from "./markdown.ts"

export interface Documented {
  /** With spaces, as it is typed: `daemon status`. */
  readonly id: string
  readonly command: Command.Class
}

export const commandsPage = async (): Promise<string> => {
  const documented = await documentedCommands()
  return page(
    "Command reference",
    "Every command of `agentctl`. `agentctl COMMAND --help` shows the same at the terminal.",
    "Exit codes: 0 done, 1 failed, 2 usage, 3 no daemon, 4 not found, 5 not allowed, 6 conflict, 7 timed out. `run` and `attach` give the program's own code. Wherever a SESSION is asked for, an id, a unique beginning of one, a name, or `-` for the last one will do.",
    table(
      ["Command", "What it does"],
      documented.map(({ command, id }) => [`[${code(id)}](#agentctl-${id.replaceAll(" ", "-")})`, summaryOf(command)])
    ),
    ...documented.flatMap(({ command, id }) => commandParts(id, command))
  )
}

export const documentedCommands = async (): Promise<ReadonlyArray<Documented>> => {
  const loaded = await Promise.all(
    Object.entries(commandTable.commands).map(async ([id, command]) => ({
      id: id.replaceAll(":", " "),
      command: (await command()).default as unknown as Command.Class
    }))
  )
  return loaded.filter(({ command, id }) => command.hidden !== true && !id.startsWith("__"))
}

export const summaryOf = ({ description, summary }: Command.Class) =>
  sentence(summary ?? description?.split("\n", 1)[0] ?? "")

const commandParts = (id: string, command: Command.Class): ReadonlyArray<string> => {
  const flags = flagsOf(command)
  const args = Object.entries(command.args ?? {}).filter(([, arg]) => arg.hidden !== true)
  return [
    `## agentctl ${id}`,
    summaryOf(command),
    ...(command.summary !== undefined && command.description !== undefined ? [command.description] : []),
    ["```", usageOf(id, args, command), "```"].join("\n"),
    ...(args.length === 0
      ? []
      : [
          table(
            ["Argument", "Required", "Meaning"],
            args.map(([name, arg]) => [
              code(name.toUpperCase()),
              arg.required === true ? "yes" : "no",
              explained(arg.description, arg)
            ])
          )
        ]),
    ...(flags.length === 0
      ? []
      : [
          table(
            ["Flag", "Meaning"],
            flags.map(([name, flag]) => [flagName(name, flag), explained(flag.summary ?? flag.description, flag)])
          )
        ]),
    ...examplesOf(command.examples ?? [], id)
  ]
}

type Args = ReadonlyArray<[string, Interfaces.Arg<unknown>]>
type Flag = Interfaces.Flag<unknown>

export const flagsOf = (command: Command.Class): ReadonlyArray<[string, Flag]> => {
  const json: Record<string, Flag> = command.enableJsonFlag
    ? { json: { type: "boolean", name: "json", summary: "Print JSON." } as Flag }
    : {}
  const all: Record<string, Flag> = {
    ...(command.baseFlags as Record<string, Flag>),
    ...(command.flags as Record<string, Flag>),
    ...json
  }
  return Object.entries(all)
    .filter(([, flag]) => flag.hidden !== true)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}

export const usageOf = (id: string, args: Args, command: Command.Class): string => {
  const [own] = [command.usage ?? []].flat()
  if (own !== undefined) return `agentctl ${own.replace(/<%= *command\.id *%>/g, id)}`
  const names = args.map(([name, arg]) => {
    const word = `${name.toUpperCase()}${"multiple" in arg && arg.multiple === true ? "..." : ""}`
    return arg.required === true ? word : `[${word}]`
  })
  return [
    "agentctl",
    id,
    ...names,
    ...(flagsOf(command).length === 0 ? [] : ["[FLAGS]"]),
    ...(command.strict === false ? ["..."] : [])
  ].join(" ")
}

export const flagName = (name: string, flag: Flag) => {
  const long =
    flag.type === "boolean"
      ? `--${flag.allowNo === true ? "[no-]" : ""}${name}`
      : `--${name} ${flag.helpValue ?? "VALUE"}`
  return code(flag.char === undefined ? long : `-${flag.char}, ${long}`)
}

export const explained = (
  text: string | undefined,
  { default: value, ...about }: { readonly default?: unknown; readonly options?: ReadonlyArray<string> | undefined }
) => {
  const options = about.options === undefined ? [] : [`One of ${about.options.map(code).join(", ")}.`]
  const fallback = ["string", "number"].includes(typeof value) ? [`Default: ${code(String(value))}.`] : []
  return [sentence(text ?? ""), ...options, ...fallback].join(" ").trim()
}

const examplesOf = (examples: ReadonlyArray<Command.Example>, id: string): ReadonlyArray<string> => {
  const typed = typedExamples(examples, id)
  return typed === "" ? [] : ["Examples:", ["```sh", typed, "```"].join("\n")]
}

/** As they are typed, a line each. */
export const typedExamples = (examples: ReadonlyArray<Command.Example>, id: string): string => {
  const lines = examples.map((example) =>
    typeof example === "string" ? example : `# ${example.description}\n${example.command}`
  )
  return lines
    .join("\n")
    .replace(/<%= *config\.bin *%>/g, "agentctl")
    .replace(/<%= *command\.id *%>/g, id)
    .replace(/^\$ /gm, "")
}
