/**
 * A projection: tables derived from the event log, that can be thrown away and built again from it.
 *
 * A capability declares one beside its noun; the event log applies it in the transaction that appends the event.
 */
import type { Effect } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Event } from "../contract/Event.ts"

export interface Projection {
  /** Unique name, for reports. */
  readonly name: string
  /** Tables it owns: emptied before a rebuild and compared, row by row, by `doctor`. */
  readonly tables: ReadonlyArray<string>
  /** Applies one event. Must depend on nothing but the event and these tables. */
  readonly apply: (sql: SqlClient, event: Event) => Effect.Effect<void, SqlError>
}
