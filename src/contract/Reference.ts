/**
 * What the reference pages and the OpenRPC document say beyond the Schemas: a sentence for every error, and which errors each
 * method is known for. Typed by the contract, so that neither a new error nor a new method can be forgotten.
 */
import type { ErrorTag } from "./errors/ErrorCodes.ts"
import type { MethodName } from "./Methods.ts"

export const errorSummaries: Readonly<Record<ErrorTag, string>> = {
  ParseError: "The line is not JSON.",
  InvalidRequest: "The JSON is no JSON-RPC 2.0 request.",
  MethodNotFound: "There is no such method.",
  InvalidParams:
    "The parameters do not fit the method: `field` is the path inside `params`, `reason` what was expected.",
  InternalError: "A fault of the daemon; its log has the details.",
  Busy: "A limit on concurrent work was reached. Nothing was done.",
  NotAllowed: "The peer may not do this.",
  SessionNotFound: "No session has this id, prefix or name.",
  SessionAmbiguous: "A prefix fits several sessions; `matches` lists their ids.",
  NameTaken: "A live session has the name already; `holder` is its id.",
  SessionEnded: "The session's program has ended, so it takes no input, no size and no client.",
  SessionRunning: "The session still runs, and what was asked for needs it to have ended.",
  CommandNotFound: "The program does not exist.",
  CommandNotExecutable: "The program exists and cannot be executed.",
  BadDirectory: "The working directory is missing, is no directory, or is closed to the user.",
  LaunchFailed: "The operating system refused to start the program.",
  TooLarge: "Something is larger than its limit in bytes.",
  DeadlineExceeded: "The method did not finish in time.",
  Draining: "The daemon is stopping and takes no new work.",
  StorageUnavailable: "The store refused a write (disk full, read-only file system). Nothing was changed.",
  TranscriptUnavailable: "The session's recorded output cannot be read.",
  ProtocolVersion: "Client and daemon have no protocol version in common.",
  ConfigInvalid: "A configuration file is wrong: where, and what was expected there.",
  Conflict: "The state of things does not allow it; `reason` says what stands in the way.",
  NotSupported: "This daemon or machine cannot do it.",
  NotEnforceable:
    "This host cannot hold a session to a limit or sandbox: `what` it is, `why` not, and the way out in `fix`. Nothing was started.",
  SecretUnusable: "A secret cannot be used from where it is kept; `secret` names the place.",
  AlreadyResumed:
    "The interrupted session goes on in another one already; `by` is its id, or null while it is being started.",
  AgentNotFound: "Nobody in the workspace has this name, role or group.",
  GroupNotFound: "There is no such group in the workspace.",
  AgentTaken: "The agent belongs to somebody else; `reason` says to whom and what can be done.",
  MessageNotFound: "There is no such message in the workspace.",
  SyncFailed: "The exchange with the remote did not come about; `reason` says why. What is not sent yet is kept.",
  NeedsConfirmation: "It would reach many, and the parameter `field` does not say that this is meant.",
  BackupNotFound: "There is no such backup in the directory.",
  BackupDamaged: "The named part of a backup is not what was stored. Nothing of it was used.",
  BackupFailed: "A backup could not be made, read or prepared; `reason` says what stands in the way."
}

/** What any method may answer. */
export const commonErrors: ReadonlyArray<ErrorTag> = ["InvalidParams", "InternalError", "Busy", "Draining"]

/** What a method that names a session may answer. */
const found = ["SessionNotFound", "SessionAmbiguous"] as const
const launched = [
  "ConfigInvalid",
  "NameTaken",
  "CommandNotFound",
  "CommandNotExecutable",
  "BadDirectory",
  "LaunchFailed",
  "NotAllowed",
  "NotEnforceable",
  "StorageUnavailable"
] as const

/** What a method that needs to know who is asking may answer. */
const asked = ["NotAllowed", "StorageUnavailable"] as const

/** Beyond `commonErrors`, and `DeadlineExceeded` for methods with a deadline. */
export const methodErrors: Readonly<Record<MethodName, ReadonlyArray<ErrorTag>>> = {
  hello: ["ProtocolVersion"],
  health: [],
  "rpc.discover": [],
  "daemon.status": [],
  "daemon.reload": ["ConfigInvalid"],
  "daemon.shutdown": ["Conflict"],
  "daemon.restart": ["Conflict", "NotSupported"],
  "daemon.doctor": [],
  "daemon.metrics": [],
  "config.show": [],
  "backup.create": ["BackupFailed"],
  "backup.list": ["BackupFailed", "NotAllowed"],
  "backup.verify": ["BackupFailed", "BackupNotFound", "NotAllowed"],
  "backup.restore": ["BackupDamaged", "BackupFailed", "BackupNotFound", "Conflict", "NotAllowed"],
  "session.start": [...launched, "AgentTaken", "NotAllowed"],
  "session.list": [],
  "session.get": found,
  "session.stop": [...found, "NotAllowed", "StorageUnavailable"],
  "session.remove": [...found, "NotAllowed", "SessionRunning", "StorageUnavailable"],
  "session.rename": [...found, "NotAllowed", "NameTaken", "StorageUnavailable"],
  "session.tag": [...found, "NotAllowed", "StorageUnavailable"],
  "session.purpose": [...found, "NotAllowed", "StorageUnavailable"],
  "session.resize": [...found, "NotAllowed", "SessionEnded"],
  "session.input": [...found, "NotAllowed", "SessionEnded"],
  "session.signal": [...found, "NotAllowed", "SessionEnded"],
  "session.output": [...found, "NotAllowed", "TranscriptUnavailable"],
  "session.screen": [...found, "NotAllowed", "TranscriptUnavailable"],
  "session.report": ["NotAllowed", "SessionEnded"],
  "session.wait": [...found, "NotAllowed", "SessionEnded", "TranscriptUnavailable", "DeadlineExceeded"],
  "session.history": [...found, "NotAllowed", "TranscriptUnavailable", "Conflict"],
  "session.attach": [...found, "NotAllowed", "SessionEnded", "TranscriptUnavailable", "NotSupported", "Conflict"],
  "session.detach": [...found, "NotAllowed", "SessionEnded"],
  "session.offer": [...found, "SessionEnded", "NotAllowed", "TooLarge", "Busy", "Conflict", "StorageUnavailable"],
  "session.resume": [...found, "NotAllowed", "SessionRunning", "AlreadyResumed", "Conflict", ...launched],
  "session.continuation": found,
  "session.import": ["Conflict", "TranscriptUnavailable", "StorageUnavailable"],
  "agent.register": [...asked, ...found, "SessionEnded", "AgentTaken", "Conflict"],
  "agent.list": asked,
  "agent.whoami": asked,
  "agent.lookup": [...asked, "AgentNotFound"],
  "agent.delete": [...asked, "AgentNotFound", "Conflict"],
  "agent.cleanup": asked,
  "agent.setStatus": [...asked, "AgentNotFound"],
  "agent.context": [...asked, "AgentNotFound"],
  "agent.whoHas": asked,
  "group.set": [...asked, "AgentNotFound", "AgentTaken"],
  "group.list": asked,
  "group.delete": [...asked, "GroupNotFound"],
  "message.draft": ["TooLarge"],
  "message.send": [...asked, "AgentNotFound", "MessageNotFound", "NeedsConfirmation", "TooLarge", "Conflict"],
  "message.get": [...asked, "MessageNotFound"],
  "message.history": [...asked, "MessageNotFound"],
  "message.list": [...asked, "AgentNotFound"],
  "message.outbox": [...asked, "AgentNotFound"],
  "message.edit": [...asked, "MessageNotFound", "TooLarge", "Conflict"],
  "message.delete": [...asked, "MessageNotFound", "Conflict"],
  "message.markRead": asked,
  "message.archive": asked,
  "message.wait": [...asked, "AgentNotFound", "DeadlineExceeded"],
  "forwarding.record": ["StorageUnavailable"],
  subscribe: [...asked, "AgentNotFound"],
  unsubscribe: [],
  "subscriptions.list": [],
  "sync.status": asked,
  "sync.force": [...asked, "Conflict", "SyncFailed"],
  "sync.log": asked,
  "sync.enable": [...asked, "Conflict", "SyncFailed", "NeedsConfirmation"],
  "sync.disable": asked,
  "sync.release": [...asked, "Conflict"],
  "event.list": ["StorageUnavailable"],
  "event.watch": ["StorageUnavailable"],
  "event.unwatch": []
}
