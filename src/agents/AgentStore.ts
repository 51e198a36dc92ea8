/**
 * What the event log says of agents, groups and workspaces.
 */
import { Context, Effect, Layer, Option } from "effect"
import type { Agent, Workspace } from "../contract/Agent.ts"
import type { StorageUnavailable } from "../contract/errors/Errors.ts"
import { EventLog } from "../store/EventLog.ts"
import { Sqlite } from "../store/Sqlite.ts"

interface AgentRow {
  readonly id: string
  readonly workspace: string
  readonly name: string
  readonly kind: Agent["kind"]
  readonly origin: string
  readonly host: string
  readonly made_by: string | null
  readonly registered_at: number
  readonly role: string | null
  readonly module: string | null
  readonly display: string | null
  readonly worktree: string | null
  readonly status: Agent["status"]
  readonly note: string | null
  readonly status_at: number | null
  readonly deleted_at: number | null
}

/** An agent as far as events tell: which session acts for it, only the sessions know. */
export interface AgentRecord extends Omit<Agent, "session" | "here"> {
  readonly origin: string
  readonly by: string | null
}

export interface GroupRecord {
  readonly name: string
  readonly members: ReadonlyArray<string>
}

export interface FoundWorkspace extends Workspace {
  readonly mark: string | null
}

export class AgentStore extends Context.Service<
  AgentStore,
  {
    /** Everybody who ever was in a workspace, oldest first. */
    readonly inWorkspace: (workspace: string) => Effect.Effect<ReadonlyArray<AgentRecord>, StorageUnavailable>
    readonly byId: (id: string) => Effect.Effect<AgentRecord | null, StorageUnavailable>
    readonly groups: (workspace: string) => Effect.Effect<ReadonlyArray<GroupRecord>, StorageUnavailable>
    readonly workspaceById: (id: string) => Effect.Effect<Workspace, StorageUnavailable>
    readonly workspace: (by: {
      readonly path?: string
      readonly mark?: string
    }) => Effect.Effect<Option.Option<FoundWorkspace>, StorageUnavailable>
    /** Milliseconds since 1970 an agent's sessions were last active, for those that had one. */
    readonly active: (workspace: string) => Effect.Effect<ReadonlyMap<string, number>, StorageUnavailable>
  }
>()("agentd/agents/AgentStore") {
  static readonly layer: Layer.Layer<AgentStore, never, Sqlite | EventLog> = Layer.effect(
    AgentStore,
    Effect.gen(function* () {
      const { read } = yield* Sqlite
      const remember = yield* remembering
      const inWorkspace = (workspace: string) =>
        remember(
          `agents ${workspace}`,
          Effect.map(
            read(
              (sql) =>
                sql<AgentRow>`SELECT * FROM agents WHERE workspace = ${workspace} AND name IS NOT NULL ORDER BY born`
            ),
            toRecords
          )
        )
      return AgentStore.of({
        inWorkspace,
        // Its address depends on who else is there.
        byId: (id) =>
          remember(
            `agent ${id}`,
            Effect.flatMap(
              read((sql) => sql<{ workspace: string }>`SELECT workspace FROM agents WHERE id = ${id}`),
              ([row]) =>
                row === undefined
                  ? Effect.succeed(null)
                  : Effect.map(inWorkspace(row.workspace), (all) => all.find((one) => one.id === id) ?? null)
            )
          ),
        workspaceById: (id) =>
          remember(
            `path of ${id}`,
            Effect.map(
              read((sql) => sql<{ path: string }>`SELECT path FROM workspaces WHERE id = ${id}`),
              ([row]): Workspace => ({ id, path: row?.path || null })
            )
          ),
        groups: (workspace) =>
          remember(
            `groups ${workspace}`,
            Effect.map(
              read(
                (sql) =>
                  sql<{ name: string; members: string }>`SELECT name, members FROM agent_groups
                    WHERE workspace = ${workspace} AND members IS NOT NULL ORDER BY name`
              ),
              (rows) =>
                rows.map(({ members, name }): GroupRecord => ({ name, members: JSON.parse(members) as Array<string> }))
            )
          ),
        workspace: ({ mark, path }) =>
          remember(
            `workspace ${path === undefined ? `mark ${mark}` : `path ${path}`}`,
            Effect.map(
              read((sql) =>
                path !== undefined
                  ? sql<FoundWorkspace>`SELECT * FROM workspaces WHERE path = ${path}`
                  : sql<FoundWorkspace>`SELECT * FROM workspaces WHERE mark = ${mark ?? ""}`
              ),
              ([row]) => Option.fromUndefinedOr(row)
            )
          ),
        active: (workspace) =>
          Effect.map(
            read(
              (sql) =>
                sql<{ agent: string; at: number }>`SELECT s.agent AS agent, MAX(s.active_at) AS at FROM sessions s
                  JOIN agents a ON a.id = s.agent WHERE a.workspace = ${workspace} GROUP BY s.agent`
            ),
            (rows) => new Map(rows.map(({ agent, at }) => [agent, at]))
          )
      })
    })
  )
}

/** Answers kept in memory: a few for each workspace in use. Beyond that all are asked for again. */
const MAX_REMEMBERED = 1_000

/**
 * Answers that hold until an event changes who there is. Each request asks who its caller is and whom it means, and that changes
 * far more rarely than somebody asks.
 */
const remembering = Effect.gen(function* () {
  const { observe } = yield* EventLog
  const known = new Map<string, unknown>()
  let changes = 0
  yield* observe(({ events, imported }) => {
    if (![...events, ...imported].some(({ body }) => CHANGES.test(body.type))) return
    known.clear()
    changes += 1
  })
  return <A>(question: string, ask: Effect.Effect<A, StorageUnavailable>): Effect.Effect<A, StorageUnavailable> =>
    Effect.suspend(() => {
      // Each question has one kind of answer.
      if (known.has(question)) return Effect.succeed(known.get(question) as A)
      const asked = changes
      return Effect.tap(ask, (answer) =>
        Effect.sync(() => {
          if (asked !== changes) return
          if (known.size >= MAX_REMEMBERED) known.clear()
          known.set(question, answer)
        })
      )
    })
})

/** Events that change the tables of this room. */
const CHANGES = /^(agent|group|workspace)\./

/** Characters of an id that tell agents of one name apart. */
const TELLING = 4

/**
 * Rows in order of registration, each with its address: where two installations chose the same name before they knew of each
 * other, the older agent keeps it, and the younger is called `name~` and the end of its id. All installations agree on that.
 */
const toRecords = (rows: ReadonlyArray<AgentRow>): ReadonlyArray<AgentRecord> => {
  const taken = new Set<string>()
  return rows.map((row) => {
    const first = row.deleted_at === null && !taken.has(row.name)
    if (row.deleted_at === null) taken.add(row.name)
    return {
      id: row.id,
      workspace: row.workspace,
      name: row.name,
      address: first ? `@${row.name}` : `@${row.name}~${row.id.slice(-TELLING).toLowerCase()}`,
      kind: row.kind,
      role: row.role,
      module: row.module,
      display: row.display,
      worktree: row.worktree,
      host: row.host,
      origin: row.origin,
      by: row.made_by,
      status: row.status,
      note: row.note,
      statusAt: row.status_at,
      registeredAt: row.registered_at,
      deletedAt: row.deleted_at
    }
  })
}
