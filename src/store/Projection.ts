/**
 * A projection: tables derived from the event log, that can be thrown away and built again from it.
 *
 * A capability declares one beside its noun; the event log applies it in the transaction that appends the event, or a moment later
 * (`Deferred.ts`). When `version` or `schema` differs from what the database was built with, its tables are dropped and filled again.
 */
import type { Effect } from "effect"
import type { Event } from "../contract/Event.ts"
import type { Sql, SqlError } from "./Sql.ts"

export interface Projection {
  /** Unique name, for the register and for reports. */
  readonly name: string
  /** Raised whenever `apply` does something else than before. */
  readonly version: number
  /** Tables it owns: dropped before a rebuild and compared, row by row, by `doctor`. */
  readonly tables: ReadonlyArray<string>
  /** The statements that create them, with their indexes. */
  readonly schema: ReadonlyArray<string>
  /** Applies one event. Must depend on nothing but the event and these tables. */
  readonly apply: (sql: Sql, event: Event) => Effect.Effect<void, SqlError>
  /**
   * For one whose tables are written several times as much as the event itself, and are asked only through `EventLog.query`: they are
   * filled after the event is on disk, many events at once. Nothing that `apply` refuses can be refused to whoever appends.
   */
  readonly deferred?: DeferredFilling
}

export interface DeferredFilling {
  /** What the types of its events begin with; others change nothing. */
  readonly types: string
  /** Applies several, in order: comes to the same as one after the other. */
  readonly applyMany: (sql: Sql, events: ReadonlyArray<Event>) => Effect.Effect<void, SqlError>
}
