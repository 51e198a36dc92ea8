/**
 * What `run`, `attach` and `resume` have in common once a session exists: attach to it in the way this process's standard
 * streams allow, say how it ended, and give the exit code for it.
 */

import type { LastingAttachment } from "../../client/attachment/LastingAttachment.ts"
import type { Client } from "../../client/Client.ts"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import { REFRESHED } from "../../contract/session/Refreshed.ts"
import type { Session } from "../../contract/session/Session.ts"
import type { AttachParams, OfferKind } from "../../contract/session/SessionTerminal.ts"
import { paint, printable } from "../Paint.ts"
import { describeExit } from "../words/SessionTable.ts"
import type { TakeOffer } from "./interact.ts"
import { programExitCode, signalExitCode } from "./ProgramEnd.ts"

export const onTerminal = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true

export const terminalSize = (): { readonly cols?: number; readonly rows?: number } =>
  process.stdout.isTTY ? { cols: process.stdout.columns, rows: process.stdout.rows } : {}

/** Where this terminal is. Of another machine, paths and displays are not its: only what the terminal itself is goes there. */
const whereFrom = (client: Client): Record<string, string> =>
  Object.fromEntries(
    REFRESHED.flatMap((name) => {
      const value = process.env[name]
      return value !== undefined && (client.local || name === "TERM" || name === "COLORTERM") ? [[name, value]] : []
    })
  )

/** What is given to a session on another machine while one is attached to it. */
export interface Lent {
  /** Where this machine's SSH agent is found over there. */
  readonly sshAgent?: string
}

/** What programs in the session may have done here. */
export interface Taking {
  readonly accepts: ReadonlyArray<OfferKind>
  readonly take: TakeOffer
}

/** Resolves to the exit code. */
export const attachTo = async (
  client: Client,
  params: AttachParams,
  lent: Lent = {},
  taking?: Taking
): Promise<number> => {
  const agent = lent.sshAgent === undefined ? {} : { SSH_AUTH_SOCK: lent.sshAgent }
  const accepts = taking === undefined ? {} : { accepts: taking.accepts }
  const attachment = onTerminal()
    ? await client.attachLasting({ ...params, ...accepts, ...terminalSize(), env: { ...whereFrom(client), ...agent } })
    : await client.attachLasting({ ...params, from: params.from ?? "start", lossy: "bytes", env: agent })
  if (lent.sshAgent !== undefined && attachment.info.sshAgent !== true) {
    say(
      "[this session was started without an SSH agent, or attach.environment is off there: run -A starts one with it]"
    )
  }
  return onTerminal() ? attachTerminal(attachment, taking) : attachStreams(client, attachment)
}

const attachTerminal = async (attachment: LastingAttachment, taking: Taking | undefined): Promise<number> => {
  const { interact } = await import("./interact.ts")
  const outcome = await interact(attachment, taking?.take)
  const name = printable(attachment.info.session.name)
  switch (outcome.type) {
    case "exit":
      say(`[${name} ended: ${describeExit(outcome.exit)}]`)
      return programExitCode(outcome.exit)
    case "detached":
      say(`[detached from ${name}${outcome.reason === "" ? "" : `: ${printable(outcome.reason)}`}]`)
      return ExitCode.Done
    case "signal":
      say(`[detached from ${name}: ${outcome.signal}]`)
      return signalExitCode(outcome.signal)
    case "lost":
      say(`[lost ${name}]`)
      throw outcome.error
  }
}

const attachStreams = async (client: Client, attachment: LastingAttachment): Promise<number> => {
  const { filter } = await import("./filter.ts")
  const session: Session = attachment.info.session
  const act = (request: Promise<unknown>) => void request.catch(() => {})
  const outcome = await filter(attachment, {
    stop: () => act(client.call("session.stop", { session: session.id })),
    interrupt: () => act(client.call("session.signal", { session: session.id, signal: "SIGINT" }))
  })
  switch (outcome.type) {
    case "exit":
      return programExitCode(outcome.exit)
    case "closed":
      await attachment.detach()
      return ExitCode.Done
    case "hangup":
      await attachment.detach()
      return signalExitCode("SIGHUP")
    case "detached":
      process.stderr.write(`agentctl: detached from ${printable(session.name)}: ${printable(outcome.reason)}\n`)
      return ExitCode.Failed
  }
}

const say = (text: string) => process.stderr.write(`${paint(process.stderr, "dim", text)}\n`)
