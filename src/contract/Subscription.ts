/**
 * Subscriptions: being told of what concerns one, as it happens. A request says what it wants to hear of; all it says must hold.
 */
import { Schema } from "effect"
import { Address, AgentId, line, standing, WorkspaceId } from "./Identity.ts"
import { MAX_WAIT_MS } from "./Limits.ts"
import { Message, MessageId } from "./Message.ts"
import { SessionId, Timestamp } from "./session/Session.ts"

const Mark = Schema.String.check(Schema.isMaxLength(256))

const wanted = {
  scope: Schema.optionalKey(Mark).annotateKey({ description: "Messages that belong to this." }),
  mention: Schema.optionalKey(Address).annotateKey({ description: "Messages that were addressed so." }),
  thread: Schema.optionalKey(MessageId).annotateKey({ description: "Messages of this thread." })
}

/** What a subscription lets through, with names resolved: kept with it, so that the daemon's next version goes on with it. */
export const Interest = Schema.Struct({
  workspace: WorkspaceId,
  /** Recipient. */
  to: Schema.optionalKey(AgentId),
  /** Author, recipient, or what it is about. */
  agent: Schema.optionalKey(AgentId),
  ...wanted,
  types: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Events that concern no workspace, too. */
  others: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "Interest" })
export type Interest = typeof Interest.Type

const after = {
  after: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))).annotateKey({
    description: "Send what came after this sequence number first. Default: only what is new."
  })
}

export const SubscribeParams = Schema.Struct({
  ...wanted,
  agent: Schema.optionalKey(Address).annotateKey({ description: "Events from, to or about this agent." }),
  types: Schema.optionalKey(Schema.Array(line(64)).check(Schema.isMaxLength(64))).annotateKey({
    description:
      "Events of these types, as in `message.sent`. Events of sessions and the daemon come only when they are named here."
  }),
  ...after,
  ...standing
})
export const UnsubscribeParams = Schema.Struct({
  subscription: Schema.String.annotateKey({ description: "As `subscribe` answered it." })
})
export const UnsubscribeResult = Schema.Struct({ stopped: Schema.Boolean })

export const ListSubscriptionsParams = Schema.Struct({})
export const ListSubscriptionsResult = Schema.Struct({
  subscriptions: Schema.Array(
    Schema.Struct({
      subscription: Schema.String,
      interest: Schema.NullOr(Interest).annotateKey({ description: "Null: every event." }),
      after: Schema.Int.annotateKey({ description: "Sequence number up to which it has been told." }),
      since: Timestamp,
      pid: Schema.NullOr(Schema.Int),
      session: Schema.NullOr(SessionId),
      own: Schema.Boolean.annotateKey({ description: "It is this connection's." })
    })
  )
})

export const WaitMessageParams = Schema.Struct({
  ...wanted,
  from: Schema.optionalKey(Address).annotateKey({ description: "Messages that this agent says." }),
  after: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))).annotateKey({
    description:
      "Only what came after this sequence number. Default: an unread message that is there already, else the next one."
  }),
  timeoutMs: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_WAIT_MS }))).annotateKey({
    description: "Give up after so many milliseconds. Default: never."
  }),
  ...standing
})
export const WaitMessageResult = Schema.Struct({
  message: Message,
  seq: Schema.Int.annotateKey({ description: "Wait after this for the next one." })
})
