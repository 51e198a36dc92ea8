/** What is started, where, and with which variables: for `run` and the picker, here and on another machine. */
import { usage } from "../Arguments.ts"

interface Asked {
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

interface Program {
  readonly argv: ReadonlyArray<string>
  readonly cwd?: string
  readonly env?: Record<string, string>
}

/** An empty `program` is a shell. */
export const programOf = async (
  host: string | undefined,
  program: ReadonlyArray<string>,
  { cwd, env }: Asked = {}
): Promise<Program> => {
  if (host !== undefined) return elsewhere(program, { cwd, env })
  const { resolve } = await import("node:path")
  return {
    argv: program.length === 0 ? [process.env.SHELL || "/bin/sh"] : program,
    cwd: resolve(cwd ?? "."),
    env: { ...(process.env as Record<string, string>), ...env }
  }
}

/** This machine's directory and variables mean nothing on another; its daemon gives its own. */
const elsewhere = (program: ReadonlyArray<string>, { cwd, env }: Asked): Program => {
  if (env !== undefined) {
    throw usage('--env is for sessions on this machine; on another, run "env NAME=VALUE COMMAND"')
  }
  return {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the other machine's sh puts in what is its own.
    argv: program.length === 0 ? ["/bin/sh", "-c", 'exec "${SHELL:-/bin/sh}" -l'] : program,
    ...(cwd === undefined ? {} : { cwd })
  }
}
