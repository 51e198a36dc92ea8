/**
 * The contract: every request there is, with its parameters, its answer and its deadline.
 *
 * The socket server, the client's types, the OpenRPC document and the reference pages are derived from this table.
 */
import type { Schema } from "effect"
import * as A from "./Agent.ts"
import * as B from "./Backup.ts"
import * as D from "./Daemon.ts"
import * as E from "./Event.ts"
import * as F from "./Forwarding.ts"
import { DEADLINE_MS } from "./Limits.ts"
import * as M from "./Message.ts"
import * as Sub from "./Subscription.ts"
import * as Sync from "./Sync.ts"
import * as H from "./session/History.ts"
import * as O from "./session/Offer.ts"
import * as S from "./session/Session.ts"
import * as R from "./session/SessionRequests.ts"
import * as St from "./session/SessionState.ts"
import * as T from "./session/SessionTerminal.ts"
import * as W from "./Work.ts"

/** How long a method may take: a number of milliseconds, or `null` when it streams or waits for something. */
type Deadline = number | null

/** Decodes and encodes without a service. */
type AnyCodec = Schema.Codec<unknown, unknown>

interface Method<P extends AnyCodec, R extends AnyCodec> {
  /** One sentence for people. */
  readonly summary: string
  readonly params: P
  readonly result: R
  readonly deadlineMs: Deadline
}

const method = <P extends AnyCodec, R extends AnyCodec>(
  summary: string,
  params: P,
  result: R,
  deadlineMs: Deadline = DEADLINE_MS
): Method<P, R> => ({ summary, params, result, deadlineMs })

export const methods = {
  hello: method(
    "Agree on a protocol version and features, and learn who the daemon says you are.",
    D.HelloParams,
    D.HelloResult
  ),
  health: method("Answer at once if the daemon's event loop turns.", D.HealthParams, D.HealthResult),
  "rpc.discover": method("Describe this protocol, as an OpenRPC document.", D.NoParams, D.DiscoverResult),
  "daemon.status": method("The daemon's version, process, places and counts.", D.NoParams, D.StatusResult),
  "daemon.reload": method("Read the configuration again; nothing changes if it is bad.", D.NoParams, D.ReloadResult),
  "daemon.shutdown": method("Stop accepting, let requests finish, exit 0.", D.ShutdownParams, D.ShutdownResult),
  "daemon.restart": method(
    "Become, in place, the version that is installed now: same process, sessions and connections. Not under systemd, which restarts a daemon itself.",
    D.NoParams,
    D.RestartResult,
    null
  ),
  "daemon.doctor": method(
    "Examine store, projections, directories and limits, and name a fix for each finding.",
    D.NoParams,
    D.DoctorResult,
    60_000
  ),
  "daemon.metrics": method(
    "What the daemon counts and measures, as Prometheus reads it.",
    D.MetricsParams,
    D.MetricsResult
  ),
  "config.show": method(
    "Every configuration key with its value and where it comes from.",
    D.NoParams,
    D.ConfigShowResult
  ),
  "session.start": method("Start a program in a new session.", R.StartParams, S.Session),
  "session.list": method("Sessions, newest last.", R.ListParams, R.ListResult),
  "session.get": method("One session.", R.GetParams, S.Session),
  "session.stop": method(
    "End a session's whole process tree: SIGHUP and SIGTERM, then SIGKILL after the grace time.",
    R.StopParams,
    S.Session,
    null
  ),
  "session.remove": method("Forget an ended session and delete its transcript.", R.RemoveParams, R.RemoveResult, null),
  "session.rename": method("Give a session another name.", R.RenameParams, S.Session),
  "session.tag": method("Add and remove tags.", R.TagParams, S.Session),
  "session.purpose": method("Say what a session is for: its intent and its task.", R.PurposeParams, S.Session),
  "session.resize": method("Change the size of a session's terminal.", T.ResizeParams, S.Session),
  "session.input": method("Type into a session.", T.InputParams, T.InputResult),
  "session.signal": method(
    "Send a signal to what runs in the foreground of a session's terminal.",
    T.SignalParams,
    T.SignalResult
  ),
  "session.output": method("Read recorded output by offset.", T.OutputParams, T.OutputResult, null),
  "session.screen": method("The screen as a terminal shows it now.", T.ScreenParams, T.Screen),
  "session.history": method(
    "Everything a session's terminal has shown, line by line, page by page.",
    H.HistoryParams,
    H.History
  ),
  "session.wait": method(
    "Wait until a session exits, falls silent, prints something, or comes into a state.",
    R.WaitParams,
    R.WaitResult,
    null
  ),
  "session.report": method(
    "Say what the program of the caller's own session is doing: for hooks of programs.",
    St.ReportParams,
    St.ReportResult
  ),
  "session.attach": method(
    "Turn this connection into frames that carry the session's terminal.",
    T.AttachParams,
    T.AttachResult
  ),
  "session.detach": method("Detach clients from a session.", T.DetachParams, T.DetachResult),
  "session.offer": method(
    "Offer something to whoever is attached and takes it: a URL to open, text for the clipboard.",
    O.OfferParams,
    O.OfferResult
  ),
  "session.resume": method(
    "Start an ended session's program again, in its directory and size, where it can with the program's own way to continue.",
    R.ResumeParams,
    S.Session
  ),
  "session.continuation": method("What resuming an ended session would run.", R.ContinuationParams, R.Continuation),
  "session.import": method(
    "Take in the events and transcript of a standalone run.",
    R.ImportParams,
    R.ImportResult,
    60_000
  ),
  "backup.create": method(
    "Make a backup of what the daemon keeps: store, transcripts, configuration.",
    B.CreateBackupParams,
    B.CreateBackupResult,
    null
  ),
  "backup.list": method("The backups there are, oldest first.", B.ListBackupsParams, B.ListBackupsResult, 60_000),
  "backup.verify": method(
    "Read every byte of one backup, or of all, and compare it with its checksum.",
    B.VerifyBackupParams,
    B.VerifyBackupResult,
    null
  ),
  "backup.restore": method(
    "Check a backup, save what is there, and stop for the next daemon to put it in place. Not while a session lives.",
    B.RestoreBackupParams,
    B.RestoreBackupResult,
    null
  ),
  "agent.register": method(
    "Register an agent in this workspace, or take up one that is there, and have a session act for it.",
    A.RegisterParams,
    A.RegisterResult
  ),
  "agent.list": method("The agents of a workspace, oldest first.", A.ListAgentsParams, A.ListAgentsResult),
  "agent.whoami": method("Which agent or person the kernel says is asking.", A.WhoamiParams, A.WhoamiResult),
  "agent.lookup": method("Whom an address means.", A.LookupParams, A.LookupResult),
  "agent.delete": method("Delete an agent; its name is free afterwards.", A.DeleteAgentParams, A.Agent),
  "agent.cleanup": method("Delete agents that were left behind.", A.CleanupParams, A.CleanupResult),
  "agent.setStatus": method("Say how an agent is doing.", A.SetStatusParams, A.Agent),
  "agent.context": method(
    "What git says live sessions are working on: branch, unmerged commits, touched files.",
    W.ContextParams,
    W.ContextResult,
    60_000
  ),
  "agent.whoHas": method("Which live sessions have touched a file.", W.WhoHasParams, W.WhoHasResult, 60_000),
  "group.set": method("Make a group of agents, or change its members.", A.SetGroupParams, A.Group),
  "group.list": method("The groups of a workspace.", A.ListGroupsParams, A.ListGroupsResult),
  "group.delete": method("Delete a group; its members stay.", A.DeleteGroupParams, A.DeleteGroupResult),
  "message.draft": method(
    "Hand in a long text in pieces; the connection holds it until it is sent.",
    M.DraftParams,
    M.DraftResult
  ),
  "message.send": method("Say something to agents and people.", M.SendParams, M.Message),
  "message.get": method(
    "One message, its recipients, and its text piece by piece.",
    M.GetMessageParams,
    M.GetMessageResult
  ),
  "message.history": method("What a message said before it was edited.", M.HistoryParams, M.HistoryResult),
  "message.list": method("Messages to the caller, newest first.", M.ListMessagesParams, M.ListMessagesResult),
  "message.outbox": method("Messages from the caller, newest first.", M.OutboxParams, M.OutboxResult),
  "message.edit": method("Change a message of one's own.", M.EditParams, M.Message),
  "message.delete": method("Take back a message of one's own.", M.DeleteMessageParams, M.Message),
  "message.markRead": method("Record that the caller has read messages.", M.MarkReadParams, M.MarkReadResult),
  "message.archive": method("Put messages away, out of the inbox.", M.ArchiveParams, M.ArchiveResult),
  "message.wait": method(
    "Wait for a message to the caller: one that is unread already, else the next.",
    Sub.WaitMessageParams,
    Sub.WaitMessageResult,
    null
  ),
  "forwarding.record": method(
    "Write down what is sent to another machine, or comes from it.",
    F.RecordParams,
    F.RecordResult
  ),
  subscribe: method(
    "Be sent events that concern the caller, or what the parameters name, as they happen. Without any: messages to the caller.",
    Sub.SubscribeParams,
    E.WatchResult
  ),
  unsubscribe: method("End a subscription of this connection.", Sub.UnsubscribeParams, Sub.UnsubscribeResult),
  "subscriptions.list": method(
    "Who is told of what, and how far they have come.",
    Sub.ListSubscriptionsParams,
    Sub.ListSubscriptionsResult
  ),
  "sync.status": method(
    "How a workspace is exchanged with other installations, and what stands in the way.",
    Sync.SyncStatusParams,
    Sync.SyncStatusResult
  ),
  "sync.force": method(
    "Exchange with the remote now, and wait for the end of it.",
    Sync.SyncForceParams,
    Sync.SyncForceResult,
    null
  ),
  "sync.log": method("The last exchanges of a workspace.", Sync.SyncLogParams, Sync.SyncLogResult),
  "sync.enable": method(
    "Exchange a workspace's agents and messages through its git remote, after being shown what leaves.",
    Sync.SyncEnableParams,
    Sync.SyncEnableResult,
    150_000
  ),
  "sync.disable": method(
    "Keep a workspace on this machine from now on.",
    Sync.SyncDisableParams,
    Sync.SyncDisableResult
  ),
  "sync.release": method(
    "Let an event leave that was held because it looks as if it held a secret.",
    Sync.SyncReleaseParams,
    Sync.SyncReleaseResult
  ),
  "event.list": method("Events after a sequence number.", E.ListEventsParams, E.ListEventsResult),
  "event.watch": method(
    "Be sent events as they happen, beginning after a sequence number.",
    E.WatchParams,
    E.WatchResult
  ),
  "event.unwatch": method("End a subscription.", E.UnwatchParams, E.UnwatchResult)
} as const

export type Methods = typeof methods
export type MethodName = keyof Methods
export type Params<M extends MethodName> = Methods[M]["params"]["Type"]
export type Result<M extends MethodName> = Methods[M]["result"]["Type"]
