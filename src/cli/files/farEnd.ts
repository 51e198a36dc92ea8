/**
 * Starts the far end of a copy: `agentctl __files`, by ssh over the connection that is kept, or on this machine for a session's
 * directory. It runs as the user, outside of the daemon and its sandbox, which has no rights to anybody's files that it would not need.
 */
import { spawn } from "node:child_process"
import { dirname, join } from "node:path"
import { AgentdError } from "../../client/AgentdError.ts"
import { daemonProgram } from "../../client/EnsureDaemon.ts"
import { Channel, LinkBroken } from "../../client/files/Channel.ts"
import { filesCommand, throughMaster } from "../../client/remote/Ssh.ts"
import { tunnelFiles } from "../../client/remote/TunnelFiles.ts"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import { printable } from "../Paint.ts"

/** Characters of what it says on standard error that are kept. */
const LAST_WORDS = 2_000

/** ssh's own exit code when the connection is lost (ssh(1)). */
const SSH_LOST = 255
/** The shell's when there is no such program (sh(1)). */
const NOT_FOUND = 127

export interface FarEnd {
  readonly channel: Channel
  /** Why it ended without a word: a `LinkBroken`, or an error that another attempt would meet again. */
  readonly whyBroken: () => Promise<Error>
  readonly close: () => void
}

export const farEnd = (host: { readonly name: string; readonly agentctl: string } | null): FarEnd => {
  const [program, args] =
    host === null
      ? [join(dirname(daemonProgram()), "agentctl"), ["__files"]]
      : ["ssh", [...throughMaster(tunnelFiles(host.name).control, "-T", "x", filesCommand(host.agentctl))]]
  const child = spawn(program, args, { stdio: "pipe", env: { ...process.env, LC_ALL: "C" } })
  let said = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-LAST_WORDS)
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(NOT_FOUND))
    child.once("close", resolve)
  })
  const whyBroken = async (): Promise<Error> => {
    child.stdin.destroy()
    const code = await ended
    const last = printable(said.trim().split("\n").at(-1) ?? "")
    if (host !== null && code === SSH_LOST) return new LinkBroken(last)
    if (code === NOT_FOUND) return new AgentdError("NotSupported", `agentctl is not there any more: ${last}`)
    if (code === ExitCode.Usage) {
      return new AgentdError(
        "NotSupported",
        `The agentctl on ${host?.name ?? "this machine"} is too old to copy files. Upgrade it there.`
      )
    }
    return new AgentdError("InternalError", `The other end of the copy ended (${code ?? "a signal"}): ${last}`)
  }
  const close = () => {
    child.stdin.destroy()
    child.stdout.destroy()
    child.kill("SIGTERM")
  }
  return { channel: new Channel(child.stdout, child.stdin), whyBroken, close }
}
