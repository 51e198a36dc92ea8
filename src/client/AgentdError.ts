/**
 * The one error this package throws: what the daemon refused, or why it could not be asked.
 */
import { type ErrorTag, ExitCode, errorCodes } from "../contract/errors/ErrorCodes.ts"

/** What can go wrong before a daemon has answered; `exit` is what the command line gives for it. */
const clientErrors = {
  /** Nothing listens on the socket. */
  NoDaemon: { exit: ExitCode.NoDaemon },
  /** A daemon was started and did not come up. */
  StartFailed: { exit: ExitCode.NoDaemon },
  /** The connection ended before the answer. */
  ConnectionLost: { exit: ExitCode.NoDaemon },
  /** The daemon did not answer in time, although it should have. */
  TimedOut: { exit: ExitCode.TimedOut },
  /** Nobody keeps a connection to that machine. */
  NoHost: { exit: ExitCode.NoDaemon },
  /** A connection to that machine is kept, and is not up. */
  HostDown: { exit: ExitCode.NoDaemon },
  /** Somebody else could have put the socket there. */
  UnsafeSocket: { exit: ExitCode.NotAllowed },
  /** What came over the socket is not agentd's protocol. */
  ProtocolError: { exit: ExitCode.Failed }
} as const

export type ClientErrorTag = keyof typeof clientErrors
export type AgentdErrorTag = ErrorTag | ClientErrorTag

export class AgentdError extends Error {
  override readonly name = "AgentdError"
  /** Which error: `SessionNotFound`, `NoDaemon`, … A tag this version does not know is kept as it came. */
  readonly tag: AgentdErrorTag
  /** The JSON-RPC code; null when no daemon said it. */
  readonly code: number | null
  /** The fields of the error, as the contract's `Errors.ts` declares them. */
  readonly data: Readonly<Record<string, unknown>>

  constructor(
    tag: AgentdErrorTag,
    message: string,
    details: {
      readonly code?: number
      readonly data?: Readonly<Record<string, unknown>>
      readonly cause?: unknown
    } = {}
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.tag = tag
    this.code = details.code ?? null
    this.data = details.data ?? {}
  }

  /** The exit code `agentctl` ends with because of it. */
  get exitCode(): number {
    const known: Readonly<Record<string, { readonly exit: number }>> = { ...errorCodes, ...clientErrors }
    return known[this.tag]?.exit ?? ExitCode.Failed
  }

  toJSON() {
    return { tag: this.tag, code: this.code, message: this.message, data: this.data }
  }

  /** From a JSON-RPC error object, whose sender may be any version of the daemon. */
  static fromWire(error: unknown): AgentdError {
    const { code, message, data } = (typeof error === "object" && error !== null ? error : {}) as {
      readonly code?: unknown
      readonly message?: unknown
      readonly data?: unknown
    }
    const { tag, ...fields } = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>
    const number = typeof code === "number" ? code : errorCodes.InternalError.code
    return new AgentdError(
      (typeof tag === "string" ? tag : tagOfCode(number)) as AgentdErrorTag,
      typeof message === "string" && message !== "" ? message : "The daemon gave no reason.",
      { code: number, data: fields }
    )
  }
}

const tagOfCode = (code: number): string =>
  Object.entries(errorCodes).find(([, entry]) => entry.code === code)?.[0] ?? "InternalError"
