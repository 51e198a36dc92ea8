/**
 * Events: the immutable record of what happened, appended and durable before it is acknowledged.
 */
import { Schema } from "effect"
import { agentEvents } from "./Agent.ts"
import { backupEvents } from "./Backup.ts"
import { forwardingEvents } from "./Forwarding.ts"
import { AgentRef, Stamp } from "./Identity.ts"
import { MAX_EVENTS } from "./Limits.ts"
import { messageEvents } from "./Message.ts"
import { SessionSecret } from "./Secret.ts"
import { offerEvents } from "./session/Offer.ts"
import {
  HookPolicy,
  RestartPolicy,
  SessionAccess,
  SessionExit,
  SessionId,
  StandardInput,
  Timestamp
} from "./session/Session.ts"
import { SessionLimits } from "./session/SessionLimits.ts"
import { StateName, StateSource } from "./session/SessionState.ts"

/** `evt_` and a ULID. */
export const EventId = Schema.String.check(
  Schema.isPattern(/^evt_[0-9A-HJKMNP-TV-Z]{26}$/u, { expected: "an event id (evt_ and a ULID)" })
).annotate({ title: "event id" })

/** What can happen, with what is recorded of it. Fields are only ever added. */
export const EventBody = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("session.started"),
    session: SessionId,
    name: Schema.String,
    argv: Schema.Array(Schema.String),
    cwd: Schema.String,
    cols: Schema.Int,
    rows: Schema.Int,
    tags: Schema.Array(Schema.String),
    launcher: Schema.Literals(["direct", "systemd"]),
    ttlMs: Schema.NullOr(Schema.Int),
    resumedFrom: Schema.NullOr(SessionId),
    limits: Schema.optionalKey(SessionLimits).annotateKey({ description: "Absent: none." }),
    sandbox: Schema.optionalKey(Schema.String).annotateKey({ description: "Absent: `open`." }),
    secrets: Schema.optionalKey(Schema.Array(SessionSecret)).annotateKey({
      description: "The places of its secrets. Absent: none."
    }),
    stdin: Schema.optionalKey(StandardInput),
    restart: Schema.optionalKey(RestartPolicy),
    hooks: Schema.optionalKey(HookPolicy).annotateKey({ description: "Absent: `auto`." }),
    boot: Schema.optionalKey(Schema.NullOr(Schema.String)).annotateKey({
      description: "Names the machine's boot it was started in; another one later means that a reboot ended it."
    }),
    agent: Schema.optionalKey(Schema.NullOr(AgentRef)).annotateKey({ description: "The agent it acts for." }),
    intent: Schema.optionalKey(Schema.NullOr(Schema.String)),
    task: Schema.optionalKey(Schema.NullOr(Schema.String)),
    access: Schema.optionalKey(SessionAccess).annotateKey({
      description: "Which other sessions programs in it may reach. Absent: `all`, as before there was a choice."
    }),
    startedBy: Schema.optionalKey(Schema.NullOr(SessionId)).annotateKey({
      description: "The session it was started from."
    }),
    sshAgent: Schema.optionalKey(Schema.Boolean).annotateKey({
      description:
        "It was given a place for the SSH agents of those who lend it one while they are attached. Absent: no."
    }),
    browser: Schema.optionalKey(Schema.Boolean).annotateKey({
      description: "Its `BROWSER` offers URLs to whoever is attached and takes them. Absent: no."
    })
  }).annotate({ description: "A session was made; its program is about to run." }),
  Schema.Struct({
    type: Schema.Literal("session.running"),
    session: SessionId,
    pid: Schema.Int,
    startTime: Schema.NullOr(Schema.String).annotateKey({
      description: "Tells it from a later process with the same pid: proc_pid_stat(5), field 22."
    })
  }).annotate({ description: "Its process runs." }),
  Schema.Struct({ type: Schema.Literal("session.adopted"), session: SessionId, offset: Schema.Int }).annotate({
    description: "A new daemon took over its terminal; output goes on at this offset."
  }),
  Schema.Struct({ type: Schema.Literal("session.renamed"), session: SessionId, name: Schema.String }).annotate({
    description: "It has another name."
  }),
  Schema.Struct({
    type: Schema.Literal("session.tagged"),
    session: SessionId,
    tags: Schema.Array(Schema.String)
  }).annotate({ description: "It has other tags: all of them are listed." }),
  Schema.Struct({
    type: Schema.Literal("session.assigned"),
    session: SessionId,
    agent: Schema.NullOr(AgentRef),
    intent: Schema.NullOr(Schema.String),
    task: Schema.NullOr(Schema.String)
  }).annotate({ description: "It acts for another agent, or says what it is for: all three are given." }),
  Schema.Struct({
    type: Schema.Literal("session.resized"),
    session: SessionId,
    cols: Schema.Int,
    rows: Schema.Int
  }).annotate({ description: "Its terminal has another size." }),
  Schema.Struct({
    type: Schema.Literal("session.state-changed"),
    session: SessionId,
    state: StateName,
    source: StateSource,
    confidence: Schema.Number,
    since: Timestamp
  }).annotate({
    description:
      "Its program does something else; changes that follow each other closely are one, and what is only guessed from its silence is none. What it asks is not recorded: `session.get` has it."
  }),
  Schema.Struct({
    type: Schema.Literal("session.ended"),
    session: SessionId,
    status: Schema.Literals(["exited", "interrupted"]),
    exit: SessionExit,
    offset: Schema.Int,
    unrecorded: Schema.Int
  }).annotate({ description: "Its program has ended, or was interrupted: lost with its daemon, or by a reboot." }),
  Schema.Struct({
    type: Schema.Literal("session.archived"),
    session: SessionId,
    file: Schema.NullOr(Schema.String),
    bytes: Schema.Int
  }).annotate({ description: "Its transcript is closed and compressed: `file` replaces the live directory." }),
  Schema.Struct({
    type: Schema.Literal("session.removed"),
    session: SessionId,
    by: Schema.Literals(["request", "retention"])
  }).annotate({ description: "It is forgotten and its transcript deleted." }),
  Schema.Struct({ type: Schema.Literal("daemon.started"), pid: Schema.Int, version: Schema.String }).annotate({
    description: "A daemon has taken the store."
  }),
  Schema.Struct({ type: Schema.Literal("daemon.stopped"), reason: Schema.String }).annotate({
    description: "The daemon is leaving in good order."
  }),
  ...backupEvents,
  ...agentEvents,
  ...messageEvents,
  ...forwardingEvents,
  ...offerEvents
])
export type EventBody = typeof EventBody.Type
export type EventType = EventBody["type"]
/** All that this version knows. */
export const eventTypes: ReadonlySet<string> = new Set(EventBody.members.map((member) => member.fields.type.literal))

export const Event = Schema.Struct({
  seq: Schema.Int.annotateKey({ description: "Position in this daemon's log: grows by one, never reused." }),
  id: EventId,
  at: Timestamp,
  body: EventBody.annotateKey({ description: "What happened." }),
  stamp: Schema.optionalKey(Stamp).annotateKey({
    description: "On events that concern every installation of a workspace."
  })
}).annotate({ identifier: "Event" })
export type Event = typeof Event.Type

export const ListEventsParams = Schema.Struct({
  after: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))).annotateKey({
    description: "Only events with a larger sequence number. Default 0."
  }),
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_EVENTS }))).annotateKey({
    description: "Events at the most. Default: as many as it may be."
  }),
  session: Schema.optionalKey(SessionId).annotateKey({ description: "Only this session's." })
})
export const ListEventsResult = Schema.Struct({
  events: Schema.Array(Event),
  next: Schema.Int.annotateKey({ description: "Sequence number to ask after next." }),
  last: Schema.Int.annotateKey({ description: "The log's last sequence number." })
})

export const WatchParams = Schema.Struct({
  after: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))).annotateKey({
    description: "Send what came after this sequence number first. Default: only what is new."
  })
})
export const WatchResult = Schema.Struct({
  subscription: Schema.String.annotateKey({ description: "Names this subscription in its notifications." }),
  after: Schema.Int.annotateKey({
    description: "The first notification will carry a larger sequence number than this."
  })
})

/** Params of the notification `event`. */
export const EventNotification = Schema.Struct({ subscription: Schema.String, event: Event })
/** Params of the notification `event.gap`: events `from`..`to` were skipped because the client was slow; `event.list` has them. */
export const GapNotification = Schema.Struct({ subscription: Schema.String, from: Schema.Int, to: Schema.Int })

export const UnwatchParams = Schema.Struct({
  subscription: Schema.String.annotateKey({ description: "As `event.watch` answered it." })
})
export const UnwatchResult = Schema.Struct({ stopped: Schema.Boolean })
