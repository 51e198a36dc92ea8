/**
 * Messages: what agents and people say to each other. What may be asked of them and what is answered.
 */
import { Schema } from "effect"
import { Address, AgentId, AgentRef, line, standing, WorkspaceId } from "./Identity.ts"
import { MAX_PAGE } from "./Limits.ts"
import { Timestamp } from "./session/Session.ts"
import { CONTROL, SEPARATORS } from "./text/Characters.ts"

/** `msg_` and the ULID of the event that sent it. */
export const MessageId = Schema.String.check(
  Schema.isPattern(/^msg_[0-9A-HJKMNP-TV-Z]{26}$/u, { expected: "a message id (msg_ and a ULID)" })
).annotate({ title: "message id" })

/** What a message is about: a kind and a value, as in `task:42` or `commit:9fceb02`. */
const Mark = Schema.String.check(
  Schema.isPattern(new RegExp(`^[a-z][a-z0-9_-]{0,31}:[^${CONTROL}${SEPARATORS}]{1,200}$`, "u"), {
    expected: "a kind and a value, as in task:42"
  })
).annotate({ title: "mark" })
const Marks = Schema.Array(Mark).check(Schema.isMaxLength(32))

const Format = Schema.Literals(["markdown", "plain", "json"])

/** A position in a list: the place of a message in the order all installations agree on. */
const Cursor = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{16}evt_[0-9A-HJKMNP-TV-Z]{26}$/u, { expected: "a cursor, as a list answered it" })
).annotate({ title: "cursor" })

const content = {
  format: Format,
  text: Schema.String,
  data: Schema.NullOr(Schema.Json).annotateKey({ description: "Anything structured that goes with it." })
}

export const messageEvents = [
  Schema.Struct({
    type: Schema.Literal("message.sent"),
    author: AgentRef,
    to: Schema.Array(Schema.String).annotateKey({ description: "The addresses as they were given." }),
    recipients: Schema.Array(
      Schema.Struct({ id: AgentId, name: Schema.String, delivered: Schema.Boolean })
    ).annotateKey({ description: "Whom they meant then. `delivered`: they are at the installation it was sent from." }),
    thread: Schema.NullOr(MessageId).annotateKey({ description: "The message that began the thread; null: this one." }),
    replyTo: Schema.NullOr(MessageId),
    scopes: Marks,
    refs: Marks,
    ...content,
    key: Schema.NullOr(Schema.String).annotateKey({ description: "The idempotency key it was sent with." })
  }).annotate({ description: "Somebody said something; the message's id is `msg_` and the ULID of this event." }),
  Schema.Struct({ type: Schema.Literal("message.edited"), message: MessageId, author: AgentId, ...content }).annotate({
    description: "Its author changed it. Of several changes the latest holds, whatever order they arrive in."
  }),
  Schema.Struct({
    type: Schema.Literal("message.deleted"),
    message: MessageId,
    author: AgentId,
    reason: Schema.NullOr(Schema.String)
  }).annotate({ description: "Its author took it back." }),
  Schema.Struct({
    type: Schema.Literal("message.received"),
    agent: AgentId,
    kind: Schema.Literals(["seen", "read"]),
    messages: Schema.Array(MessageId)
  }).annotate({ description: "A recipient has seen them in a list, or read them." }),
  Schema.Struct({
    type: Schema.Literal("message.filed"),
    agent: AgentId,
    archived: Schema.Boolean,
    messages: Schema.Array(MessageId)
  }).annotate({ description: "A recipient has put them away, or taken them out again." })
] as const

const Recipient = Schema.Struct({
  id: AgentId,
  name: Schema.String,
  deliveredAt: Schema.NullOr(Timestamp),
  seenAt: Schema.NullOr(Timestamp),
  readAt: Schema.NullOr(Timestamp)
}).annotate({ identifier: "Recipient" })

export const Message = Schema.Struct({
  id: MessageId,
  workspace: WorkspaceId,
  thread: MessageId.annotateKey({ description: "The message that began its thread: itself, when it answers nothing." }),
  replyTo: Schema.NullOr(MessageId),
  author: AgentRef,
  to: Schema.Array(Schema.String).annotateKey({ description: "The addresses as they were given." }),
  recipients: Schema.Array(Recipient).annotateKey({ description: "Whom they meant when it was sent." }),
  sentAt: Timestamp,
  editedAt: Schema.NullOr(Timestamp),
  deletedAt: Schema.NullOr(Timestamp),
  version: Schema.Int.annotateKey({ description: "1, and one more for each edit." }),
  format: Format,
  text: Schema.String.annotateKey({ description: "In lists only its beginning: `bytes` says how much there is." }),
  bytes: Schema.Int.annotateKey({ description: "Length of the whole text in UTF-8." }),
  data: Schema.NullOr(Schema.Json),
  scopes: Marks,
  refs: Marks,
  unread: Schema.Boolean.annotateKey({ description: "The caller is a recipient and has not read it." }),
  archived: Schema.Boolean.annotateKey({ description: "The caller has put it away." }),
  cursor: Cursor,
  nudged: Schema.optionalKey(Schema.Array(Schema.String)).annotateKey({
    description: "Sent with `nudge`: names of the sessions that are told as soon as they are idle and nobody types."
  })
}).annotate({ identifier: "Message" })
export type Message = typeof Message.Type

const draft = {
  draft: Schema.optionalKey(Schema.String).annotateKey({
    description: "The text as `message.draft` has taken it, instead of `text`."
  })
}
const text = {
  text: Schema.optionalKey(Schema.String).annotateKey({ description: "At most 1 MiB of UTF-8, without NUL." }),
  ...draft,
  format: Schema.optionalKey(Format).annotateKey({ description: "Default: `markdown`." }),
  data: Schema.optionalKey(Schema.Json).annotateKey({
    description:
      "Anything structured, at most 64 KiB as JSON; a whole number beyond 2^53 is refused, as a text it stays as it is."
  })
}
const one = { message: MessageId.annotateKey({ description: "The message." }) }

export const DraftParams = Schema.Struct({
  text: Schema.String.annotateKey({ description: "What is added to it." }),
  ...draft
})
export const DraftResult = Schema.Struct({
  draft: Schema.String.annotateKey({ description: "Names it, on this connection." }),
  bytes: Schema.Int
})

export const SendParams = Schema.Struct({
  to: Schema.optionalKey(Schema.Array(Address).check(Schema.isMaxLength(256))).annotateKey({
    description: "Whom: `@name`, `@role`, `@group`. Default for an answer: the author of what is answered."
  }),
  ...text,
  replyTo: Schema.optionalKey(MessageId).annotateKey({ description: "What it answers; it joins that thread." }),
  all: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "An answer goes to everybody who had what is answered."
  }),
  thread: Schema.optionalKey(MessageId).annotateKey({ description: "A thread to join without answering anything." }),
  scopes: Schema.optionalKey(Marks).annotateKey({ description: "What it belongs to, as in `task:42`." }),
  refs: Schema.optionalKey(Marks).annotateKey({ description: "What it points at, as in `commit:9fceb02`." }),
  everyone: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "Confirms that `@everyone` is meant. Without it such a message is refused."
  }),
  nudge: Schema.optionalKey(Schema.Boolean).annotateKey({
    description:
      "Also type a line into the recipients' sessions that says where the message is, each once it is idle and nobody types there, within a minute. Nothing of the message is typed."
  }),
  key: Schema.optionalKey(line(128).check(Schema.isMinLength(1))).annotateKey({
    description: "Idempotency key: the same one again sends nothing new, and answers the message that it sent before."
  }),
  ...standing
})

export const GetMessageParams = Schema.Struct({
  ...one,
  from: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))).annotateKey({
    description: "First character of the text wanted, counted as UTF-16. Default 0."
  }),
  ...standing
})
const Version = Schema.Struct({ version: Schema.Int, at: Timestamp, ...content }).annotate({
  identifier: "MessageVersion"
})
export const GetMessageResult = Schema.Struct({
  message: Message,
  next: Schema.NullOr(Schema.Int).annotateKey({ description: "Where to go on reading the text; null at its end." })
})
export const HistoryParams = Schema.Struct({ ...one, ...standing })
export const HistoryResult = Schema.Struct({
  versions: Schema.Array(Version).annotateKey({ description: "Oldest first; each text only as far as lists show it." })
})

const paging = {
  before: Schema.optionalKey(Cursor).annotateKey({ description: "Only what comes before this in the order." }),
  after: Schema.optionalKey(Cursor).annotateKey({ description: "Only what comes after this in the order." }),
  oldest: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "Oldest first. Default: newest first." }),
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAX_PAGE }))).annotateKey({
    description: "Messages at the most. Default 20."
  })
}
const Page = {
  messages: Schema.Array(Message),
  next: Schema.NullOr(Cursor).annotateKey({ description: "Where the next page begins; null: there is none." })
}

export const ListMessagesParams = Schema.Struct({
  box: Schema.optionalKey(Schema.Literals(["inbox", "archive", "all"])).annotateKey({
    description:
      "`inbox` (the default): what was sent to the caller. `archive`: of it, what was put away. `all`: everything in the workspace."
  }),
  unread: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "Only what the caller has not read." }),
  thread: Schema.optionalKey(MessageId).annotateKey({ description: "Only this thread." }),
  scope: Schema.optionalKey(Mark).annotateKey({ description: "Only what belongs to this." }),
  ref: Schema.optionalKey(Mark).annotateKey({ description: "Only what points at this." }),
  mention: Schema.optionalKey(Address).annotateKey({ description: "Only what was addressed so." }),
  author: Schema.optionalKey(Address).annotateKey({ description: "Only what this agent said." }),
  peek: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "Do not record them as seen." }),
  ...paging,
  ...standing
})
export const ListMessagesResult = Schema.Struct({
  ...Page,
  unread: Schema.Int.annotateKey({ description: "Unread messages in the caller's inbox when this list was made." }),
  total: Schema.Int.annotateKey({ description: "All messages in it." })
})

export const OutboxParams = Schema.Struct({
  to: Schema.optionalKey(Address).annotateKey({ description: "Only what went to this agent." }),
  unread: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "Only what somebody has not read." }),
  ...paging,
  ...standing
})
export const OutboxResult = Schema.Struct(Page)

export const EditParams = Schema.Struct({ ...one, ...text, ...standing })
export const DeleteMessageParams = Schema.Struct({
  ...one,
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(512))).annotateKey({ description: "Why." }),
  ...standing
})

const several = Schema.Array(MessageId).check(Schema.isMaxLength(10_000))
export const MarkReadParams = Schema.Struct({
  messages: Schema.optionalKey(several).annotateKey({ description: "These." }),
  upTo: Schema.optionalKey(Cursor).annotateKey({
    description:
      "All that are here now and come no later than this. What arrives afterwards stays unread, wherever it belongs in the order."
  }),
  ...standing
})
export const MarkReadResult = Schema.Struct({
  marked: Schema.Int.annotateKey({ description: "Messages that were unread until now." }),
  unread: Schema.Int.annotateKey({ description: "Messages that still are." })
})
export const ArchiveParams = Schema.Struct({
  messages: several.annotateKey({ description: "These." }),
  undo: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "Take them out again." }),
  ...standing
})
export const ArchiveResult = Schema.Struct({ changed: Schema.Int })
