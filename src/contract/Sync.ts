/**
 * Synchronisation: how a workspace's agents and messages reach the installations that share its git remote.
 */
import { Schema } from "effect"
import { Workspace } from "./Agent.ts"
import { EventId } from "./Event.ts"
import { standing } from "./Identity.ts"
import { MessageId } from "./Message.ts"
import { Timestamp } from "./session/Session.ts"

/** Entries of a list in a status; the counts beside it say how many there are. */
export const MAX_SYNC_ENTRIES = 50

export const SyncPeer = Schema.Struct({
  installation: Schema.String,
  here: Schema.Boolean.annotateKey({ description: "It is this one." }),
  hosts: Schema.Array(Schema.String).annotateKey({ description: "Machines its agents were registered on." }),
  last: Schema.Int.annotateKey({ description: "Number of its last event that is known here." }),
  lastAt: Timestamp.annotateKey({ description: "When that happened, by its own clock." }),
  unpublished: Schema.Int.annotateKey({ description: "Events of it that are here and not known to be on the branch." }),
  unconfirmed: Schema.NullOr(Schema.Int).annotateKey({
    description:
      "Events of this installation that it has not confirmed yet, also those that have not left. `null`: it has never said what it has, as earlier versions do not, or it is this one."
  }),
  unconfirmedSince: Schema.NullOr(Timestamp).annotateKey({ description: "When the oldest of them happened." }),
  confirmedAt: Schema.NullOr(Timestamp).annotateKey({
    description: "When it last said that what it has is more than before, by its own clock; never in the future."
  })
}).annotate({ identifier: "SyncPeer" })

export const HeldEvent = Schema.Struct({
  event: EventId,
  kinds: Schema.String.annotateKey({ description: "What it looks as if it held: token, private key, …" }),
  at: Timestamp,
  released: Schema.Boolean.annotateKey({ description: "A person has decided that it leaves." })
}).annotate({ identifier: "HeldEvent" })

export const Quarantined = Schema.Struct({
  path: Schema.String.annotateKey({ description: "File of the branch." }),
  line: Schema.Int.annotateKey({ description: "Its line; 0: the file as a whole." }),
  event: Schema.NullOr(EventId),
  reason: Schema.String,
  excerpt: Schema.String.annotateKey({ description: "How the line begins." }),
  waits: Schema.Boolean.annotateKey({ description: "It may be taken in later, when what it waits for has come." }),
  at: Timestamp
}).annotate({ identifier: "Quarantined" })

const Mode = Schema.Literals(["local-only", "on", "stopped"])

export const SyncStatus = Schema.Struct({
  workspace: Workspace,
  mode: Mode.annotateKey({
    description:
      "`local-only`: nothing leaves this machine. `on`: exchanged with the remote. `stopped`: a person has to look, `reason` says at what."
  }),
  reason: Schema.NullOr(Schema.String).annotateKey({ description: "Why it is not on, and the way out." }),
  remote: Schema.NullOr(Schema.String).annotateKey({ description: "Address of the remote it is enabled for." }),
  running: Schema.Boolean,
  lastSuccessAt: Schema.NullOr(Timestamp),
  lastErrorAt: Schema.NullOr(Timestamp),
  error: Schema.NullOr(Schema.String).annotateKey({ description: "Why the last exchange failed; null: it did not." }),
  nextAt: Schema.NullOr(Timestamp),
  unpublished: Schema.Int.annotateKey({ description: "Events of this installation that others cannot have yet." }),
  held: Schema.Array(HeldEvent).annotateKey({
    description: "Events of this installation that stay here because they look as if they held a secret."
  }),
  heldCount: Schema.Int,
  quarantine: Schema.Array(Quarantined).annotateKey({ description: "Lines of the branch that were not taken in." }),
  quarantineCount: Schema.Int,
  peers: Schema.Array(SyncPeer)
}).annotate({ identifier: "SyncStatus" })
export type SyncStatus = typeof SyncStatus.Type

export const SyncStatusParams = Schema.Struct({
  all: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "Every workspace that was ever enabled." }),
  ...standing
})
export const SyncStatusResult = Schema.Struct({ workspaces: Schema.Array(SyncStatus) })

export const SyncForceParams = Schema.Struct(standing)
export const SyncForceResult = Schema.Struct({
  received: Schema.Int.annotateKey({ description: "Events that were new here." }),
  sent: Schema.Int.annotateKey({ description: "Events that were new on the branch." }),
  quarantined: Schema.Int.annotateKey({ description: "Lines that were looked at and not taken in." })
})

const SyncRun = Schema.Struct({
  at: Timestamp,
  ms: Schema.Int.annotateKey({ description: "How long it took." }),
  received: Schema.Int,
  sent: Schema.Int,
  quarantined: Schema.Int,
  error: Schema.NullOr(Schema.String)
}).annotate({ identifier: "SyncRun" })

export const SyncLogParams = Schema.Struct({
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 500 }))).annotateKey({
    description: "Exchanges at the most. Default 20."
  }),
  ...standing
})
export const SyncLogResult = Schema.Struct({
  runs: Schema.Array(SyncRun).annotateKey({
    description:
      "Newest first. Exchanges that brought nothing are left out, and a failure is listed once until it changes."
  })
})

export const SyncEnableParams = Schema.Struct({
  remote: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u))).annotateKey({
    description: "Name of the repository's remote. Default: `origin`."
  }),
  confirm: Schema.optionalKey(Schema.String).annotateKey({
    description:
      "The address as the same request without this has answered it. Without it nothing is enabled: the answer says what would leave."
  }),
  public: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "Confirms that everybody may read what is said. Without it a remote that anybody can read is refused."
  }),
  ...standing
})
export const SyncEnableResult = Schema.Struct({
  enabled: Schema.Boolean,
  remote: Schema.String.annotateKey({ description: "The address." }),
  public: Schema.NullOr(Schema.Boolean).annotateKey({
    description: "Whether anybody may read it; null: it cannot be found out without being somebody."
  }),
  leaves: Schema.Array(
    Schema.Struct({
      type: Schema.String,
      events: Schema.Int,
      others: Schema.Int.annotateKey({
        description: "Of these, events of other installations, which came through the remote of before."
      })
    }).annotate({ identifier: "SyncLeaving" })
  ).annotateKey({ description: "What has been held back until now and leaves with the first exchange." }),
  messages: Schema.Array(
    Schema.Struct({ message: MessageId, author: Schema.String, at: Timestamp, text: Schema.String }).annotate({
      identifier: "SyncPreview"
    })
  ).annotateKey({ description: "The newest messages among it, each as far as lists show it." }),
  held: Schema.Array(HeldEvent).annotateKey({
    description: "What stays here, because it looks as if it held a secret."
  })
})

export const SyncDisableParams = Schema.Struct(standing)
export const SyncDisableResult = Schema.Struct({
  disabled: Schema.Boolean.annotateKey({ description: "It was enabled until now. What is on the branch stays there." })
})

export const SyncReleaseParams = Schema.Struct({
  event: Schema.String.check(
    Schema.isPattern(/^(evt|msg)_[0-9A-HJKMNP-TV-Z]{26}$/u, {
      expected: 'an id as "agentctl sync status" lists it (msg_ or evt_ and a ULID)'
    })
  ).annotateKey({ description: "A held event, or the message it sent." }),
  redacted: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "Send it with a mark in the place of each secret. Default: as it is."
  }),
  ...standing
})
export const SyncReleaseResult = Schema.Struct({ event: EventId })
