/**
 * What may be refused: every error a caller can meet, as tagged data with a sentence that names the way out.
 *
 * On the wire an error is `{code, message, data: {tag, …fields}}`; codes and exit codes stand in `ErrorCodes.ts`.
 */
import { Schema } from "effect"

/** The request's parameters do not fit the method: `field` is the path inside `params`, `reason` what was expected. */
export class InvalidParams extends Schema.TaggedError<InvalidParams>()("InvalidParams", {
  field: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `Invalid parameter ${this.field === "" ? "object" : `"${this.field}"`}: ${this.reason}.`
  }
}

/** A limit on concurrent work was reached; `what` names it. Nothing was done: try again. */
export class Busy extends Schema.TaggedError<Busy>()("Busy", { what: Schema.String, limit: Schema.Number }) {
  override get message() {
    return `Too busy: at most ${this.limit} ${this.what}. Nothing was done; wait for one to finish and try again.`
  }
}

/** The peer may not do this. */
export class NotAllowed extends Schema.TaggedError<NotAllowed>()("NotAllowed", { reason: Schema.String }) {
  override get message() {
    return `Not allowed: ${this.reason}`
  }
}

export class SessionNotFound extends Schema.TaggedError<SessionNotFound>()("SessionNotFound", {
  session: Schema.String
}) {
  override get message() {
    return this.session === "-"
      ? `There is no session yet. Start one with "agentctl run".`
      : `No session is called "${this.session}". "agentctl ls --all" lists them.`
  }
}

/** A prefix fits several sessions; `matches` lists their ids. */
export class SessionAmbiguous extends Schema.TaggedError<SessionAmbiguous>()("SessionAmbiguous", {
  session: Schema.String,
  matches: Schema.Array(Schema.String)
}) {
  override get message() {
    return `"${this.session}" fits ${this.matches.length} sessions: ${this.matches.join(", ")}. Give more of the id.`
  }
}

/** Names are unique among live sessions; `holder` is the id of the session that has it. */
export class NameTaken extends Schema.TaggedError<NameTaken>()("NameTaken", {
  name: Schema.String,
  holder: Schema.String
}) {
  override get message() {
    return `The name "${this.name}" belongs to the live session ${this.holder}. Choose another, or stop or rename that one.`
  }
}

export class SessionEnded extends Schema.TaggedError<SessionEnded>()("SessionEnded", {
  session: Schema.String,
  exit: Schema.String
}) {
  override get message() {
    return `Session ${this.session} has ended (${this.exit}). "agentctl logs ${this.session}" shows its output, "agentctl resume ${this.session}" starts it again.`
  }
}

export class SessionRunning extends Schema.TaggedError<SessionRunning>()("SessionRunning", { session: Schema.String }) {
  override get message() {
    return `Session ${this.session} is still running. Stop it first ("agentctl stop ${this.session}"), or remove it with --force.`
  }
}

/** `by`: the session that goes on with it, or null while it is being started. */
export class AlreadyResumed extends Schema.TaggedError<AlreadyResumed>()("AlreadyResumed", {
  session: Schema.String,
  by: Schema.NullOr(Schema.String)
}) {
  override get message() {
    const goesOn =
      this.by === null ? "is being resumed at this moment" : `was resumed already and goes on as ${this.by}`
    return `Session ${this.session} ${goesOn}. "agentctl ls --all" shows both.`
  }
}

export class CommandNotFound extends Schema.TaggedError<CommandNotFound>()("CommandNotFound", {
  command: Schema.String
}) {
  override get message() {
    return `Command not found: ${this.command}. Give its full path, or a PATH that holds it.`
  }
}

export class CommandNotExecutable extends Schema.TaggedError<CommandNotExecutable>()("CommandNotExecutable", {
  command: Schema.String
}) {
  override get message() {
    return `Not an executable file: ${this.command}. Check its permissions ("chmod +x") and that it is not a directory.`
  }
}

export class BadDirectory extends Schema.TaggedError<BadDirectory>()("BadDirectory", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `Cannot use the directory ${this.path}: ${this.reason}.`
  }
}

export class LaunchFailed extends Schema.TaggedError<LaunchFailed>()("LaunchFailed", { reason: Schema.String }) {
  override get message() {
    return `The program could not be started: ${this.reason}.`
  }
}

export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", {
  what: Schema.String,
  limit: Schema.Number
}) {
  override get message() {
    return `${this.what} is larger than ${this.limit} bytes. Send it in smaller parts.`
  }
}

export class DeadlineExceeded extends Schema.TaggedError<DeadlineExceeded>()("DeadlineExceeded", {
  what: Schema.String,
  ms: Schema.Number
}) {
  override get message() {
    return `${this.what} did not finish within ${this.ms} ms.`
  }
}

export class Draining extends Schema.TaggedError<Draining>()("Draining", { reason: Schema.String }) {
  override get message() {
    return `The daemon is stopping (${this.reason}) and takes no new work. Try again in a moment.`
  }
}

/** The store refused a write (disk full, read-only file system). Nothing was changed. */
export class StorageUnavailable extends Schema.TaggedError<StorageUnavailable>()("StorageUnavailable", {
  reason: Schema.String
}) {
  override get message() {
    return `The store cannot be written: ${this.reason}. Nothing was changed; free some space and try again.`
  }
}

export class TranscriptUnavailable extends Schema.TaggedError<TranscriptUnavailable>()("TranscriptUnavailable", {
  session: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `The transcript of ${this.session} cannot be read: ${this.reason}.`
  }
}

export class ProtocolVersion extends Schema.TaggedError<ProtocolVersion>()("ProtocolVersion", {
  min: Schema.Number,
  max: Schema.Number,
  asked: Schema.String
}) {
  override get message() {
    return `This daemon speaks protocol ${this.min} to ${this.max}, the client asked for ${this.asked}. Upgrade the older of the two.`
  }
}

/** A configuration file is wrong: where, and what was expected there. */
export class ConfigInvalid extends Schema.TaggedError<ConfigInvalid>()("ConfigInvalid", {
  file: Schema.String,
  line: Schema.NullOr(Schema.Number),
  key: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    const where = this.line === null ? this.file : `${this.file}:${this.line}`
    return `${where}: ${this.key === "" ? "" : `${this.key}: `}${this.reason}.`
  }
}

export class Conflict extends Schema.TaggedError<Conflict>()("Conflict", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}

export class NotSupported extends Schema.TaggedError<NotSupported>()("NotSupported", { what: Schema.String }) {
  override get message() {
    return `Not supported here: ${this.what}.`
  }
}

/** A secret cannot be used from where it is kept. `secret` names the place; its text is never part of an error. */
export class SecretUnusable extends Schema.TaggedError<SecretUnusable>()("SecretUnusable", {
  secret: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `The secret in ${this.secret} cannot be used: ${this.reason}.`
  }
}

/** This host cannot hold a session to what was asked: `why` says what is missing, `fix` the way out. Nothing was started. */
export class NotEnforceable extends Schema.TaggedError<NotEnforceable>()("NotEnforceable", {
  what: Schema.String,
  why: Schema.String,
  fix: Schema.String
}) {
  override get message() {
    return `${this.what} cannot be enforced here: ${this.why}. ${this.fix}`
  }
}

/**
 * Nobody in the workspace has this name, role or group. `near`: what is called much like it; `is`: what it means instead of the one agent
 * that was asked for.
 */
export class AgentNotFound extends Schema.TaggedError<AgentNotFound>()("AgentNotFound", {
  agent: Schema.String,
  near: Schema.optionalKey(Schema.String),
  is: Schema.optionalKey(Schema.Literals(["group", "role", "everyone"]))
}) {
  override get message() {
    if (this.is !== undefined) {
      const what = this.is === "everyone" ? "means all of them" : `is a ${this.is}`
      return `"${this.agent}" ${what}, and one agent is wanted. "agentctl agent show ${this.agent}" shows who they are.`
    }
    const near = this.near === undefined ? "" : ` Did you mean ${this.near}?`
    return `Nobody here is called "${this.agent}".${near} "agentctl agent list" shows who is.`
  }
}

export class GroupNotFound extends Schema.TaggedError<GroupNotFound>()("GroupNotFound", { group: Schema.String }) {
  override get message() {
    return `There is no group "${this.group}". "agentctl group list" shows those there are.`
  }
}

/** The agent belongs to somebody else; `reason` says to whom and what can be done. */
export class AgentTaken extends Schema.TaggedError<AgentTaken>()("AgentTaken", {
  name: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `The name "${this.name}" is taken: ${this.reason}`
  }
}

export class MessageNotFound extends Schema.TaggedError<MessageNotFound>()("MessageNotFound", {
  messageId: Schema.String
}) {
  override get message() {
    return `There is no message ${this.messageId} in this workspace. "agentctl inbox" and "agentctl sent" list yours.`
  }
}

/** It would reach many; `field` is the parameter that says that it is meant. Nothing was sent. */
export class NeedsConfirmation extends Schema.TaggedError<NeedsConfirmation>()("NeedsConfirmation", {
  what: Schema.String,
  field: Schema.String
}) {
  override get message() {
    return `${this.what} Nothing was sent; if it is meant, say so (--${this.field}).`
  }
}

/** The exchange with a remote did not come about. What is not sent yet is kept, and is sent by a later one. */
export class SyncFailed extends Schema.TaggedError<SyncFailed>()("SyncFailed", { reason: Schema.String }) {
  override get message() {
    return `Nothing could be exchanged with the remote: ${this.reason}. What is not sent yet is kept; "agentctl sync status" shows it.`
  }
}

/** There is no such backup in the directory. */
export class BackupNotFound extends Schema.TaggedError<BackupNotFound>()("BackupNotFound", {
  backup: Schema.String,
  directory: Schema.String
}) {
  override get message() {
    return `There is no backup ${this.backup === "latest" ? "" : `"${this.backup}" `}in ${this.directory}. "agentctl backup list" shows those there are; --from names another directory.`
  }
}

/** A part of a backup is not what was stored. Nothing of it was used. */
export class BackupDamaged extends Schema.TaggedError<BackupDamaged>()("BackupDamaged", {
  backup: Schema.String,
  part: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `The backup ${this.backup} is damaged: ${this.part} ${this.reason}. Nothing was changed; "agentctl backup verify" says which of the others are whole.`
  }
}

/** A backup could not be made, read or prepared; `reason` says what stands in the way. */
export class BackupFailed extends Schema.TaggedError<BackupFailed>()("BackupFailed", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}

/** Every error a method may answer with. */
export const AgentdError = Schema.Union([
  InvalidParams,
  Busy,
  NotAllowed,
  SessionNotFound,
  SessionAmbiguous,
  NameTaken,
  SessionEnded,
  SessionRunning,
  CommandNotFound,
  CommandNotExecutable,
  BadDirectory,
  LaunchFailed,
  TooLarge,
  DeadlineExceeded,
  Draining,
  StorageUnavailable,
  TranscriptUnavailable,
  ProtocolVersion,
  ConfigInvalid,
  Conflict,
  NotSupported,
  NotEnforceable,
  SecretUnusable,
  AlreadyResumed,
  AgentNotFound,
  GroupNotFound,
  AgentTaken,
  MessageNotFound,
  NeedsConfirmation,
  SyncFailed,
  BackupNotFound,
  BackupDamaged,
  BackupFailed
])
export type AgentdError = typeof AgentdError.Type
