/**
 * What the daemon logs: each kind of line with the id it keeps for ever, so that people and programs can look for it, and the
 * facts a line may carry beside its sentence.
 *
 * The journal's catalog (`agentd.catalog`) and the reference page are derived from this file.
 */

export interface LogKind {
  /** MESSAGE_ID= in the journal: made once with `systemd-id128 new`, never changed, never used again. */
  readonly id: string
  readonly subject: string
  /** What it means and what to do, for `journalctl --catalog`. */
  readonly explanation: string
}

export const logKinds = {
  "daemon.listening": {
    id: "fb625e03ddec43f99e209ee3047cd1e0",
    subject: "agentd is ready",
    explanation: "The daemon has opened its store, taken over the sessions it found, and answers requests."
  },
  "daemon.stopping": {
    id: "4eeadd13cb6e434184acad8afad3834f",
    subject: "agentd is stopping",
    explanation:
      "The daemon was asked to stop, by a request, a signal, or because nobody used it. Sessions that are services of their own go on."
  },
  "daemon.failed": {
    id: "aa6df3310fd44c7d9169f790a01a1f4a",
    subject: "agentd has failed",
    explanation:
      "The daemon ends with an error, which the message names with the way out. The service manager starts it again unless the configuration or a second daemon is the cause."
  },
  "config.read": {
    id: "c4b9f7b819a7414090f115dcc1039625",
    subject: "The configuration was read again",
    explanation: "Keys that are named as changed are in force from now on, unless they apply on restart."
  },
  "config.refused": {
    id: "33a6d2411c404d038539542bae50c7eb",
    subject: "The configuration was refused",
    explanation:
      "A file of the configuration is wrong: nothing of it was taken, and the daemon goes on with what it had. The message names file, line and key."
  },
  "store.rebuilt": {
    id: "0c1bb32936d544c0bd1e5674f6c23c0a",
    subject: "Tables were built anew",
    explanation:
      "Tables whose definition changed with this version were filled again from the event log. Nothing was lost."
  },
  "store.refused": {
    id: "f0fe8b279799446d9b0142d72386db9d",
    subject: "The store cannot be written",
    explanation:
      "Something that has happened cannot be recorded yet, usually because the disk is full. The daemon tries again every second; free some space."
  },
  "store.unfilled": {
    id: "a1beeb0c458949af8fbd0ebf82a8ffb4",
    subject: "Tables are behind the event log",
    explanation:
      "Tables could not be filled with events that are in the log. Whoever asks them is refused until they are; nothing is lost. The message says why: free some space, or run agentctl doctor."
  },
  "session.started": {
    id: "ab55fdb0897e4f19af1b00bfa1966541",
    subject: "Session @AGENTD_SESSION_NAME@ was made",
    explanation: "Its program is about to run on a terminal of its own."
  },
  "session.running": {
    id: "250c433bbd0e4392925c72b287986fb6",
    subject: "Session @AGENTD_SESSION_NAME@ runs",
    explanation: "Its program was started."
  },
  "session.adopted": {
    id: "7fd8ffdefc9c42f9a0efbb7d60978d97",
    subject: "Session @AGENTD_SESSION_NAME@ was taken over",
    explanation:
      "The daemon before this one ended while the session ran. This one has its terminal now, and what was printed in between."
  },
  "session.lost": {
    id: "be0108b571844f379e83eb3910a3dec0",
    subject: "Session @AGENTD_SESSION_NAME@ could not be taken over",
    explanation: "It is recorded as interrupted; what it printed is kept. The message has the cause."
  },
  "session.renamed": {
    id: "3672373f409b4ff7b32b944885c4cd99",
    subject: "Session @AGENTD_SESSION_NAME@ has a new name",
    explanation: "Its id is the same as before."
  },
  "session.tagged": {
    id: "62a123ad05794cb0afa650d8bbb66b91",
    subject: "Session @AGENTD_SESSION_NAME@ has other tags",
    explanation: "All of its tags are in its event."
  },
  "session.resized": {
    id: "09e5c92003d4444bbe7b72d687d69e81",
    subject: "The terminal of session @AGENTD_SESSION_NAME@ has another size",
    explanation: "A client that looks at it has another size."
  },
  "session.ended": {
    id: "5e549fd538334ac594d95396d3a54f58",
    subject: "Session @AGENTD_SESSION_NAME@ has ended",
    explanation:
      'AGENTD_ENDED_BY= says who ended it: the program itself, a stop request, its ttl, the daemon\'s shutdown. "agentctl logs" has its output.'
  },
  "session.interrupted": {
    id: "90d4b3a341e54f1da0d33fc5bcb1552f",
    subject: "Session @AGENTD_SESSION_NAME@ was interrupted",
    explanation:
      'It ended while no daemon looked after it, with the machine or the user\'s service manager. "agentctl resume" starts it again.'
  },
  "session.archived": {
    id: "c4f52cb79a4a44a5962ffecb7820508d",
    subject: "The transcript of session @AGENTD_SESSION_NAME@ was archived",
    explanation: "Its output is one compressed asciicast file now."
  },
  "session.archive_failed": {
    id: "07add438aed84ecea1206374eadfe139",
    subject: "The transcript of session @AGENTD_SESSION_NAME@ could not be archived",
    explanation: "It stays readable where it lies; it is tried again when the daemon starts."
  },
  "session.removed": {
    id: "192167651c0f4f5bb09f19c06f3a4fee",
    subject: "Session @AGENTD_SESSION_NAME@ was removed",
    explanation:
      "Its transcript is deleted: on request, or because it was older or larger than the configuration allows."
  },
  "transcript.unknown": {
    id: "9c5679e7d0974d24989afeb228d2592a",
    subject: "A transcript belongs to no session that is known",
    explanation: "It is kept. Perhaps an older copy of the database was put back; else the directory may be deleted."
  },
  "retention.failed": {
    id: "b127c66345e945f3a2296a02641c8c0b",
    subject: "Old sessions could not be removed",
    explanation: "It is tried again in some minutes. The message has the cause."
  },
  "backup.created": {
    id: "37fbf9a06c6c4fe6b2eb9beccd68f541",
    subject: "A backup was made",
    explanation: 'Everything the daemon keeps is in it. "agentctl backup list" shows what there is.'
  },
  "backup.failed": {
    id: "f3c352c5065446faaea4c34565715e7f",
    subject: "A backup failed",
    explanation:
      'The message has the cause. One of the schedule is tried again by itself; until one succeeds, "agentctl doctor" says so.'
  },
  "backup.restored": {
    id: "e7e949ad1b96448a89660bf8cfdf59a0",
    subject: "A backup was put back",
    explanation:
      "What the daemon keeps is what it was when that backup was made. What was there before is in a backup of its own, or in the directory the message names."
  },
  "backup.not_restored": {
    id: "34a5f6abc3454211924bbf8fea207122",
    subject: "A backup was not put back",
    explanation: "Something stood in the way, which the message names. Nothing was changed."
  },
  "connection.refused": {
    id: "0f81ac6e58194583804bcde14c721fc5",
    subject: "A connection was refused",
    explanation:
      "Somebody who is neither the daemon's own user nor root has reached its socket. The directory it lies in should be closed to others."
  },
  "request.failed": {
    id: "b99497a7f8f74baea6502f330a5fd18e",
    subject: "A request failed unexpectedly",
    explanation:
      "This is a fault of agentd. The client was told of an internal error; the message has the cause. Please report it."
  },
  "telemetry.refused": {
    id: "8a28fa60040e48b59cf41e9a5ad3101e",
    subject: "Metrics or traces cannot be delivered",
    explanation:
      "The daemon goes on without. The message says what stands in the way: an address that is taken, a collector that does not answer, or the unit's sandbox, which allows no network unless a drop-in does."
  },
  "telemetry.delivered": {
    id: "6c93aaa087064837841bf206833810e0",
    subject: "Metrics and traces are delivered again",
    explanation: "The collector answers again. What was thrown away meanwhile is lost."
  },
  "sync.failed": {
    id: "98d0d5cd6d4942ac85a94f0ed60407ad",
    subject: "A workspace is not exchanged with its remote",
    explanation:
      'What is said there stays on this machine until it can be sent; it is tried again by itself, later and later. The message says what stands in the way, "agentctl sync status" how much waits.'
  },
  "sync.resumed": {
    id: "2eabbaf54a784a3fb6701a3edb5c117b",
    subject: "A workspace is exchanged with its remote again",
    explanation: "What was waiting has been sent and received."
  },
  "log.lost": {
    id: "bf3b1851c416491c9cf896a9cb5b9240",
    subject: "Lines of the log were lost",
    explanation: "The journal took nothing for so long that the daemon could not hold them all."
  }
} as const satisfies Readonly<Record<string, LogKind>>

export type LogKindName = keyof typeof logKinds

/**
 * What a line may carry: annotation (OpenTelemetry's name where it has one) → field of the journal, and key of a JSON line.
 */
export const logFields = {
  "event.name": { journal: "AGENTD_EVENT", json: "event", meaning: "The kind of line." },
  "agentd.session.id": { journal: "AGENTD_SESSION", json: "session", meaning: "Id of the session it is about." },
  "agentd.session.name": { journal: "AGENTD_SESSION_NAME", json: "name", meaning: "Name of that session." },
  "agentd.exit.by": { journal: "AGENTD_ENDED_BY", json: "by", meaning: "Who ended the session." },
  "agentd.exit.code": { journal: "AGENTD_EXIT_CODE", json: "code", meaning: "Exit code of its program." },
  "agentd.exit.signal": { journal: "AGENTD_EXIT_SIGNAL", json: "signal", meaning: "Signal that ended its program." },
  "rpc.method": { journal: "AGENTD_METHOD", json: "method", meaning: "The request that was being answered." },
  "jsonrpc.request.id": { journal: "AGENTD_REQUEST", json: "request", meaning: "Id its client gave that request." },
  "agentd.peer.pid": { journal: "AGENTD_PEER_PID", json: "peer", meaning: "Process that asked, as the kernel says." },
  "error.type": { journal: "AGENTD_ERROR", json: "error", meaning: "Tag of the error that was answered." },
  "code.function.name": { journal: "CODE_FUNC", json: "function", meaning: "Where in agentd." }
} as const

export type LogField = keyof typeof logFields

/** The annotations of a line. */
export const about = (
  kind: LogKindName,
  fields: { readonly [F in LogField]?: string | number | null | undefined } = {}
): Record<string, unknown> => ({
  "event.name": kind,
  ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))
})
