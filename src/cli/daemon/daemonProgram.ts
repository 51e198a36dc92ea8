/**
 * Questions the `agentd` program answers itself, because they must have an answer when no daemon runs or can run.
 */
import { spawnSync } from "node:child_process"
import { daemonProgram } from "../../client/EnsureDaemon.ts"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import { CommandFailed } from "../AgentctlCommand.ts"

/** The daemon's exit code for a wrong configuration (sysexits.h, EX_CONFIG). */
export const EX_CONFIG = 78

/** Bytes of answer that are taken. */
const MAX_ANSWER = 16 * 1024 * 1024

export interface Answer {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

export const askDaemonProgram = (args: ReadonlyArray<string>): Answer => {
  const program = daemonProgram()
  const { stdout, stderr, status, signal, error } = spawnSync(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: MAX_ANSWER
  })
  if (error !== undefined) throw new CommandFailed(`${program} could not be run: ${error.message}`)
  if (status === null) throw new CommandFailed(`${program} ${args[0]} was ended by ${signal}`)
  // Findings and a refused configuration are answers as well.
  if (status !== 0 && status !== 1 && status !== EX_CONFIG)
    throw new CommandFailed(stderr.trim() || `it ended with ${status}`)
  return { stdout, stderr, status }
}

export const exitCodeFor = (status: number): number =>
  status === 0 ? ExitCode.Done : status === EX_CONFIG ? ExitCode.Usage : ExitCode.Failed
