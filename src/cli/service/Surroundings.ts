/**
 * What a service is set up from and with: this machine's programs and places, handed in so that a test can be another machine.
 */
import { spawnSync } from "node:child_process"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { daemonProgram } from "../../client/EnsureDaemon.ts"
import type { Environment } from "../../client/Places.ts"
import { CommandFailed } from "../AgentctlCommand.ts"

export interface Surroundings {
  readonly platform: string
  readonly env: Environment
  readonly home: string
  readonly uid: number
  /** The daemon's program, `…/bin/agentd`. */
  readonly program: string
  /** The folder with `systemd/` and `launchd/`, the templates. */
  readonly templates: string
}

export const surroundings = (): Surroundings => {
  const program = daemonProgram()
  return {
    platform: process.platform,
    env: process.env,
    home: process.env.HOME ?? homedir(),
    uid: process.getuid?.() ?? 0,
    program,
    templates: join(dirname(program), "..")
  }
}

/** What a program ended with; `missing` when there is none of that name. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly missing: boolean
}

export const ask = ({ env }: Pick<Surroundings, "env">, program: string, ...args: ReadonlyArray<string>): Ended => {
  const { error, status, stderr, stdout } = spawnSync(program, args, {
    encoding: "utf8",
    env: env as NodeJS.ProcessEnv
  })
  return {
    code: status ?? -1,
    stdout: stdout ?? "",
    stderr: stderr ?? "",
    missing: (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT"
  }
}

/** The same for a program that has to succeed. */
export const must = (place: Pick<Surroundings, "env">, program: string, ...args: ReadonlyArray<string>): string => {
  const { code, missing, stderr, stdout } = ask(place, program, ...args)
  if (missing) throw new CommandFailed(`${program} is not on PATH`)
  if (code !== 0)
    throw new CommandFailed(`"${[program, ...args].join(" ")}" failed: ${(stderr || stdout).trim() || code}`)
  return stdout
}
