/**
 * The stable numbers of every error: its JSON-RPC code and the exit code the command line gives for it.
 *
 * Codes -32768..-32000 belong to JSON-RPC 2.0 (section 5.1); ours take the range it leaves to servers, -32000..-32099.
 * Plain data without an import: the thin client reads it, and the documentation is generated from it.
 */

/** Exit codes of `agentctl`. */
export const ExitCode = {
  Done: 0,
  Failed: 1,
  Usage: 2,
  NoDaemon: 3,
  NotFound: 4,
  NotAllowed: 5,
  Conflict: 6,
  TimedOut: 7
} as const

export const errorCodes = {
  ParseError: { code: -32700, exit: ExitCode.Failed },
  InvalidRequest: { code: -32600, exit: ExitCode.Failed },
  MethodNotFound: { code: -32601, exit: ExitCode.Failed },
  InvalidParams: { code: -32602, exit: ExitCode.Usage },
  InternalError: { code: -32603, exit: ExitCode.Failed },
  Busy: { code: -32000, exit: ExitCode.Failed },
  NotAllowed: { code: -32001, exit: ExitCode.NotAllowed },
  SessionNotFound: { code: -32002, exit: ExitCode.NotFound },
  SessionAmbiguous: { code: -32003, exit: ExitCode.Conflict },
  NameTaken: { code: -32004, exit: ExitCode.Conflict },
  SessionEnded: { code: -32005, exit: ExitCode.Conflict },
  SessionRunning: { code: -32006, exit: ExitCode.Conflict },
  CommandNotFound: { code: -32007, exit: ExitCode.NotFound },
  CommandNotExecutable: { code: -32008, exit: ExitCode.NotAllowed },
  BadDirectory: { code: -32009, exit: ExitCode.NotFound },
  LaunchFailed: { code: -32010, exit: ExitCode.Failed },
  TooLarge: { code: -32011, exit: ExitCode.Usage },
  DeadlineExceeded: { code: -32012, exit: ExitCode.TimedOut },
  Draining: { code: -32013, exit: ExitCode.Failed },
  StorageUnavailable: { code: -32014, exit: ExitCode.Failed },
  TranscriptUnavailable: { code: -32015, exit: ExitCode.NotFound },
  ProtocolVersion: { code: -32016, exit: ExitCode.Conflict },
  ConfigInvalid: { code: -32017, exit: ExitCode.Usage },
  Conflict: { code: -32018, exit: ExitCode.Conflict },
  NotSupported: { code: -32019, exit: ExitCode.Failed },
  NotEnforceable: { code: -32020, exit: ExitCode.Failed },
  SecretUnusable: { code: -32023, exit: ExitCode.NotAllowed },
  AlreadyResumed: { code: -32021, exit: ExitCode.Conflict },
  AgentNotFound: { code: -32030, exit: ExitCode.NotFound },
  GroupNotFound: { code: -32035, exit: ExitCode.NotFound },
  AgentTaken: { code: -32031, exit: ExitCode.Conflict },
  MessageNotFound: { code: -32032, exit: ExitCode.NotFound },
  NeedsConfirmation: { code: -32033, exit: ExitCode.Conflict },
  SyncFailed: { code: -32034, exit: ExitCode.Failed },
  BackupNotFound: { code: -32060, exit: ExitCode.NotFound },
  BackupDamaged: { code: -32061, exit: ExitCode.Failed },
  BackupFailed: { code: -32062, exit: ExitCode.Failed }
} as const

export type ErrorTag = keyof typeof errorCodes
