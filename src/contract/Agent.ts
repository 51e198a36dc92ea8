/**
 * Agents: named identities that sessions act for, and people. What may be asked of them and what is answered.
 */
import { Schema } from "effect"
import { Address, AgentId, AgentName, AgentRef, line, standing, WorkspaceId } from "./Identity.ts"
import { SessionId, SessionRef, Timestamp } from "./session/Session.ts"

/** Longest display name, module and note, in characters: a line on a screen. */
const MAX_LABEL = 128
const MAX_NOTE = 512

const AgentKind = Schema.Literals(["agent", "person"])
const AgentStatus = Schema.Literals(["working", "idle", "blocked", "stuck"])

const Profile = {
  role: Schema.NullOr(AgentName).annotateKey({ description: "What it does, as in `reviewer`; an address, too." }),
  module: Schema.NullOr(Schema.String).annotateKey({ description: "The part of the work it is responsible for." }),
  display: Schema.NullOr(Schema.String).annotateKey({ description: "Its name for people." }),
  worktree: Schema.NullOr(Schema.String).annotateKey({
    description: "The working tree it belongs to; null outside of a repository."
  })
}

export const agentEvents = [
  Schema.Struct({
    type: Schema.Literal("agent.registered"),
    name: AgentName,
    kind: AgentKind,
    ...Profile,
    host: Schema.String.annotateKey({ description: "Name of the machine." }),
    by: Schema.NullOr(AgentId).annotateKey({ description: "The agent that registered it; null: itself, or a person." })
  }).annotate({ description: "There is a new agent; its id is `agt_` and the ULID of this event." }),
  Schema.Struct({ type: Schema.Literal("agent.changed"), agent: AgentId, ...Profile }).annotate({
    description: "Its role, module, display name or working tree is another: all of them are given."
  }),
  Schema.Struct({
    type: Schema.Literal("agent.status"),
    agent: AgentId,
    status: AgentStatus,
    note: Schema.NullOr(Schema.String)
  }).annotate({ description: "It says how it is doing." }),
  Schema.Struct({
    type: Schema.Literal("agent.deleted"),
    agent: AgentId,
    by: AgentId,
    reason: Schema.NullOr(Schema.String)
  }).annotate({ description: "It is no more: nobody can write to it, and its name is free." }),
  Schema.Struct({
    type: Schema.Literal("group.changed"),
    group: AgentName,
    members: Schema.NullOr(Schema.Array(AgentId)),
    by: AgentId
  }).annotate({ description: "A group has these members; null: there is no such group any more." }),
  Schema.Struct({
    type: Schema.Literal("workspace.found"),
    workspace: WorkspaceId,
    path: Schema.String.annotateKey({ description: "The repository's common git directory." }),
    mark: Schema.NullOr(Schema.String).annotateKey({
      description: "Recognises that directory after it was moved: inode and time of birth."
    })
  }).annotate({ description: "A repository is a workspace of this daemon, or has moved to another path." })
] as const

export const Workspace = Schema.Struct({
  id: WorkspaceId,
  path: Schema.NullOr(Schema.String).annotateKey({
    description: "The repository's common git directory; null for `home`."
  })
}).annotate({ identifier: "Workspace" })
export type Workspace = typeof Workspace.Type

export const Agent = Schema.Struct({
  id: AgentId,
  name: AgentName,
  address: Schema.String.annotateKey({
    description: "What to write to: `@` and its name, with the end of its id where an older agent has the same name."
  }),
  kind: AgentKind,
  ...Profile,
  host: Schema.String,
  here: Schema.Boolean.annotateKey({ description: "It belongs to this installation." }),
  workspace: WorkspaceId,
  status: Schema.NullOr(AgentStatus),
  note: Schema.NullOr(Schema.String),
  statusAt: Schema.NullOr(Timestamp),
  registeredAt: Timestamp,
  deletedAt: Schema.NullOr(Timestamp),
  session: Schema.NullOr(
    Schema.Struct({
      id: SessionId,
      name: Schema.String,
      intent: Schema.NullOr(Schema.String),
      task: Schema.NullOr(Schema.String)
    })
  ).annotateKey({ description: "The live session that acts for it." })
}).annotate({ identifier: "Agent" })
export type Agent = typeof Agent.Type

const nullable = (maximum: number) => Schema.NullOr(line(maximum))

export const RegisterParams = Schema.Struct({
  name: AgentName.annotateKey({ description: "Unique in its workspace." }),
  role: Schema.optionalKey(Schema.NullOr(AgentName)).annotateKey({
    description: "What it does; an address, too. Default: as it was, else none."
  }),
  module: Schema.optionalKey(nullable(MAX_LABEL)).annotateKey({
    description: "The part of the work it is responsible for."
  }),
  display: Schema.optionalKey(nullable(MAX_LABEL)).annotateKey({ description: "Its name for people." }),
  session: Schema.optionalKey(SessionRef).annotateKey({
    description:
      "The session that is to act for it. Default: the one the caller runs in, else none. Only a person may name another."
  }),
  move: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "Take over an agent that belongs to another working tree of the same repository."
  }),
  ...standing
})
export const RegisterResult = Schema.Struct({
  agent: Agent,
  outcome: Schema.Literals(["registered", "resumed", "changed", "unchanged"])
})

export const ListAgentsParams = Schema.Struct({
  role: Schema.optionalKey(AgentName).annotateKey({ description: "Only agents with this role." }),
  module: Schema.optionalKey(Schema.String).annotateKey({ description: "Only agents responsible for this." }),
  live: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "Only agents that a live session acts for." }),
  deleted: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "Deleted ones too." }),
  ...standing
})
export const ListAgentsResult = Schema.Struct({ workspace: Schema.NullOr(Workspace), agents: Schema.Array(Agent) })

export const WhoamiParams = Schema.Struct(standing)
export const WhoamiResult = Schema.Struct({
  kind: Schema.Literals(["agent", "person", "session"]).annotateKey({
    description: "`session`: it runs in a session that acts for no agent yet."
  }),
  agent: Schema.NullOr(Agent).annotateKey({
    description: "Null for a session without an agent, and for a person who has not said anything yet."
  }),
  address: Schema.NullOr(Schema.String).annotateKey({
    description: "What others write to; null for a session without an agent."
  }),
  session: Schema.NullOr(SessionId),
  workspace: Schema.NullOr(Workspace).annotateKey({ description: "Null: nothing was ever said or registered there." }),
  worktree: Schema.NullOr(Schema.String)
})

export const LookupParams = Schema.Struct({ agent: Address, ...standing })
export const LookupResult = Schema.Struct({
  agents: Schema.Array(Agent).annotateKey({ description: "One for a name, several for a role or a group." })
})

export const DeleteAgentParams = Schema.Struct({
  agent: Address,
  reason: Schema.optionalKey(line(MAX_NOTE)).annotateKey({ description: "Why, for the record." }),
  ...standing
})

/** Milliseconds an agent may be silent before `agent.cleanup` takes it for left behind: 30 days. */
export const CLEANUP_MS = 30 * 86_400_000

export const CleanupParams = Schema.Struct({
  olderThanMs: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))).annotateKey({
    description: "Milliseconds since it last did anything. Default: 30 days."
  }),
  dryRun: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "Only say which ones." }),
  ...standing
})
export const CleanupResult = Schema.Struct({
  agents: Schema.Array(Agent).annotateKey({
    description:
      "Agents of this installation that no session acts for and that were silent so long, or whose working tree is gone."
  }),
  deleted: Schema.Boolean
})

export const SetStatusParams = Schema.Struct({
  status: AgentStatus.annotateKey({ description: "How it is going." }),
  note: Schema.optionalKey(nullable(MAX_NOTE)).annotateKey({ description: "A sentence about it." }),
  agent: Schema.optionalKey(Address).annotateKey({
    description: "Whose. Default: the caller's. Only a person may name another."
  }),
  ...standing
})

export const Group = Schema.Struct({ name: AgentName, members: Schema.Array(AgentRef) }).annotate({
  identifier: "Group"
})
export const SetGroupParams = Schema.Struct({
  group: AgentName.annotateKey({ description: "Its name." }),
  add: Schema.optionalKey(Schema.Array(Address)).annotateKey({ description: "Members it gets." }),
  remove: Schema.optionalKey(Schema.Array(Address)).annotateKey({ description: "Members it loses." }),
  ...standing
})
export const ListGroupsParams = Schema.Struct(standing)
export const ListGroupsResult = Schema.Struct({ groups: Schema.Array(Group) })
export const DeleteGroupParams = Schema.Struct({
  group: AgentName.annotateKey({ description: "Its name." }),
  ...standing
})
export const DeleteGroupResult = Schema.Struct({ deleted: Schema.Boolean })
