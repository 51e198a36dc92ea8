/**
 * The tables of agents, groups and workspaces, and how each event changes them.
 *
 * The order in which events arrive must not matter, because other installations send theirs when they can: what can change is a
 * register that the latest event wins (by hybrid clock, then id), and what comes before its agent's registration waits in a row
 * without a name.
 */
import { Effect } from "effect"
import type { Event } from "../contract/Event.ts"
import type { Stamp } from "../contract/Identity.ts"
import type { Projection } from "../store/Projection.ts"
import type { Sql, SqlError } from "../store/Sql.ts"

const schema = [
  `CREATE TABLE agents (
     id TEXT PRIMARY KEY,
     workspace TEXT NOT NULL,
     name TEXT,
     kind TEXT,
     origin TEXT,
     host TEXT,
     made_by TEXT,
     born TEXT,
     registered_at INTEGER,
     role TEXT,
     module TEXT,
     display TEXT,
     worktree TEXT,
     profile_key TEXT,
     status TEXT,
     note TEXT,
     status_at INTEGER,
     status_key TEXT,
     deleted_at INTEGER,
     deleted_key TEXT
   ) STRICT`,
  `CREATE INDEX agents_by_workspace ON agents (workspace, born) WHERE name IS NOT NULL`,
  `CREATE TABLE agent_groups (
     workspace TEXT NOT NULL,
     name TEXT NOT NULL,
     members TEXT,
     changed_key TEXT NOT NULL,
     PRIMARY KEY (workspace, name)
   ) STRICT`,
  `CREATE TABLE workspaces (
     id TEXT PRIMARY KEY,
     path TEXT NOT NULL,
     mark TEXT
   ) STRICT`,
  `CREATE INDEX workspaces_by_path ON workspaces (path)`,
  `CREATE INDEX workspaces_by_mark ON workspaces (mark) WHERE mark IS NOT NULL`
]

/** Sorts as it happened, on every installation alike. */
export const keyOf = (event: Event, stamp: Stamp): string => `${stamp.clock}${event.id}`

/** An agent's or a message's id carries the ULID of the event that made it. */
export const madeBy = (prefix: "agt_" | "msg_", event: Pick<Event, "id">): string =>
  `${prefix}${event.id.slice("evt_".length)}`

const apply = (sql: Sql, event: Event): Effect.Effect<void, SqlError> => {
  const { body, stamp } = event
  if (body.type === "workspace.found") {
    const { mark, path, workspace } = body
    // A path is one workspace's: who had it before has moved or is gone.
    return Effect.asVoid(
      Effect.andThen(
        sql`UPDATE workspaces SET path = '' WHERE path = ${path} AND id <> ${workspace}`,
        sql`INSERT INTO workspaces ${sql.insert({ id: workspace, path, mark })}
          ON CONFLICT (id) DO UPDATE SET path = ${path}, mark = ${mark}`
      )
    )
  }
  return stamp === undefined ? Effect.void : shared(sql, event, stamp)
}

const shared = (sql: Sql, event: Event, stamp: Stamp): Effect.Effect<void, SqlError> => {
  const { at, body } = event
  const key = keyOf(event, stamp)
  const { workspace } = stamp
  const row = (agent: string) => sql`INSERT OR IGNORE INTO agents ${sql.insert({ id: agent, workspace })}`
  const profile = (agent: string, { display, module, role, worktree }: Profile) =>
    sql`UPDATE agents SET role = ${role}, module = ${module}, display = ${display}, worktree = ${worktree},
      profile_key = ${key} WHERE id = ${agent} AND (profile_key IS NULL OR profile_key < ${key})`
  switch (body.type) {
    case "agent.registered": {
      const id = madeBy("agt_", event)
      return Effect.all(
        [
          row(id),
          sql`UPDATE agents SET workspace = ${workspace}, name = ${body.name}, kind = ${body.kind}, origin = ${stamp.origin},
            host = ${body.host}, made_by = ${body.by}, born = ${key}, registered_at = ${at} WHERE id = ${id}`,
          profile(id, body)
        ],
        { discard: true }
      )
    }
    case "agent.changed":
      return Effect.all([row(body.agent), profile(body.agent, body)], { discard: true })
    case "agent.status":
      return Effect.all(
        [
          row(body.agent),
          sql`UPDATE agents SET status = ${body.status}, note = ${body.note}, status_at = ${at}, status_key = ${key}
            WHERE id = ${body.agent} AND (status_key IS NULL OR status_key < ${key})`
        ],
        { discard: true }
      )
    case "agent.deleted":
      return Effect.all(
        [
          row(body.agent),
          sql`UPDATE agents SET deleted_at = ${at}, deleted_key = ${key}
            WHERE id = ${body.agent} AND (deleted_key IS NULL OR deleted_key > ${key})`
        ],
        { discard: true }
      )
    case "group.changed": {
      const members = body.members === null ? null : JSON.stringify(body.members)
      const row = { workspace, name: body.group, members, changed_key: key }
      return Effect.asVoid(
        sql`INSERT INTO agent_groups ${sql.insert(row)} ON CONFLICT (workspace, name) DO UPDATE
          SET members = excluded.members, changed_key = excluded.changed_key WHERE changed_key < excluded.changed_key`
      )
    }
    default:
      return Effect.void
  }
}

interface Profile {
  readonly role: string | null
  readonly module: string | null
  readonly display: string | null
  readonly worktree: string | null
}

export const agentProjection: Projection = {
  name: "agents",
  version: 1,
  tables: ["agents", "agent_groups", "workspaces"],
  schema,
  apply
}
