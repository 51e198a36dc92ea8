/**
 * What every command of `agentctl` shares: `--json`, a client, and one way to fail.
 */
import type { Interfaces } from "@oclif/core"
import { Command } from "@oclif/core/command"
import { AgentdError } from "../client/AgentdError.ts"
import { Client, type ClientOptions } from "../client/Client.ts"
import { ExitCode } from "../contract/errors/ErrorCodes.ts"
import { print } from "./print.ts"
import { parseError } from "./words/parseError.ts"

/** Ends the command with a sentence and an exit code. */
export class CommandFailed extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode: number = ExitCode.Failed) {
    super(message)
    this.exitCode = exitCode
  }
}

export abstract class AgentctlCommand extends Command {
  static override enableJsonFlag = true
  /** The first word that is not a flag, and everything after it, belong to another program. */
  static passThrough = false

  /** Speaks to a daemon, and so may speak to the one of another machine (`--host`). */
  static enableHostFlag = true

  #client: Client | undefined
  #host: string | undefined

  /** A client that starts the daemon if none runs, unless told otherwise. */
  protected client(options: ClientOptions = {}): Client {
    this.#client ??= new Client({
      start: true,
      onProgress: (message) => process.stderr.write(`${message}\n`),
      ...(this.#host === undefined ? {} : { connect: through(this.#host) }),
      ...options
    })
    return this.#client
  }

  /** The machine whose daemon this command is about; undefined for this one. */
  protected get host(): string | undefined {
    return this.#host
  }

  /** Whether one was named. */
  get isElsewhere(): boolean {
    return this.#host !== undefined
  }

  /** Called when a flag or an argument names another machine. */
  setHost(name: string): void {
    if (this.#host !== undefined && this.#host !== name) {
      throw new CommandFailed(`"${this.#host}" and "${name}" are two machines; name one.`, ExitCode.Usage)
    }
    this.#host = name
  }

  protected override async parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>
  >(options: Interfaces.Input<F, B, A>, argv = this.argv): Promise<Interfaces.ParserOutput<F, B, A>> {
    const own = this.ctor as typeof AgentctlCommand
    if (!own.enableHostFlag) return super.parse(options, argv)
    // One by one: a class's statics may be inherited, and a spread would leave those behind.
    const { args, baseFlags, enableJsonFlag, strict } = options
    const flags = { ...options.flags, host: hostFlag } as unknown as Interfaces.FlagInput<F>
    const input = { flags, ...defined({ args, baseFlags, enableJsonFlag, strict }) } as Interfaces.Input<F, B, A>
    const parsed = await super.parse(input, argv)
    const { host } = parsed.flags as { readonly host?: string }
    if (host !== undefined) this.setHost(host)
    return parsed
  }

  // oclif's own prepares its debug log and deprecation notices: 1 ms of every start for what is not used here.
  override async init(): Promise<void> {}

  /** A line for people; nothing with `--json`. */
  override log(message = ""): void {
    if (!this.jsonEnabled()) print(`${message}\n`)
  }

  override logJson(json: unknown): void {
    print(`${JSON.stringify(json, null, 2)}\n`)
  }

  /** A sentence about the command itself; it does not mix with what the command prints. */
  protected note(message: string): void {
    process.stderr.write(`${message}\n`)
  }

  protected override async catch(error: Error): Promise<void> {
    const code = exitCodeOf(error)
    process.exitCode = code
    if (isExit(error)) return
    if (this.jsonEnabled()) this.logJson({ error: errorJson(error) })
    else process.stderr.write(await errorText(error))
  }

  protected override async finally(): Promise<void> {
    await this.#client?.close()
  }
}

/** A command's flags with those every command has, each with its name, as oclif puts them together. */
export const flagsOf = (command: {
  readonly flags: Interfaces.FlagInput
  readonly enableJsonFlag: boolean
  readonly enableHostFlag: boolean
}): Interfaces.FlagInput => {
  const all = {
    ...command.flags,
    ...(command.enableHostFlag ? { host: hostFlag } : {}),
    ...(command.enableJsonFlag ? { json: jsonFlag } : {})
  }
  return Object.fromEntries(
    Object.entries(all).map(([name, flag]) => [name, { ...flag, name }])
  ) as Interfaces.FlagInput
}

const jsonFlag = {
  type: "boolean" as const,
  name: "json",
  allowNo: false,
  description: "Print JSON.",
  parse: async (value: boolean) => value
}

const defined = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const hostFlag = {
  type: "option" as const,
  name: "host",
  multiple: false,
  input: [],
  description: "Ask the daemon of another machine (see agentctl connect).",
  helpValue: "HOST",
  parse: async (name: string) => name
}

/** Loaded only when it is needed: most commands are about this machine. */
const through = (host: string) => async () => (await import("../client/remote/Hosts.ts")).throughHost(host)()

interface OclifError extends Error {
  readonly oclif?: { readonly exit?: number }
  readonly showHelp?: boolean
}

/** `this.exit(0)` and `--help` end a command by throwing. */
const isExit = (error: Error): boolean => (error as { readonly code?: string }).code === "EEXIT"

export const exitCodeOf = (error: Error): number => {
  if (error instanceof AgentdError || error instanceof CommandFailed) return error.exitCode
  return (error as OclifError).oclif?.exit ?? ExitCode.Failed
}

const errorJson = (error: Error): unknown => {
  if (error instanceof AgentdError) return error.toJSON()
  const usage = exitCodeOf(error) === ExitCode.Usage
  return { tag: usage ? "Usage" : "Failed", code: null, message: parseError(error.message), data: {} }
}

/** Expected failures are a sentence; anything else is a defect and shows where it happened. */
export const errorText = async (error: Error): Promise<string> => {
  const { paint } = await import("./Paint.ts")
  const expected =
    error instanceof AgentdError || error instanceof CommandFailed || (error as OclifError).oclif !== undefined
  const text = expected ? parseError(error.message) : (error.stack ?? error.message)
  return `${paint(process.stderr, "red", "agentctl:")} ${text}\n`
}
