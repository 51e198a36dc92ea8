/**
 * Which session a process runs in.
 */
import type { Process } from "../../host/processes/ProcessTable.ts"
import { unitOf } from "../launching/SessionUnit.ts"

/** How far up its ancestors a process's session is looked for. */
const MAX_ANCESTORS = 64

/**
 * A process belongs to the session whose control group holds it, whose program is its ancestor, or leads its kernel session. Never
 * by what it says itself: its environment is its own to choose.
 */
export const sessionOf = (
  pid: number,
  table: {
    readonly get: (pid: number) => Process | null
    readonly units: (pid: number) => ReadonlyArray<string>
  },
  live: ReadonlyArray<{ readonly id: string; readonly pid: number | null }>
): string | null => {
  const units = new Set(table.units(pid))
  const member = live.find(({ id }) => units.has(unitOf(id)))
  if (member !== undefined) return member.id
  let current = table.get(pid)
  for (let up = 0; current !== null && up < MAX_ANCESTORS; up++) {
    const { pid: own, parent, session } = current
    const found = live.find((one) => one.pid !== null && (one.pid === own || one.pid === session))
    if (found !== undefined) return found.id
    current = parent > 1 ? table.get(parent) : null
  }
  return null
}

/** What there is to know of live sessions here. */
interface Known {
  readonly entries: ReadonlyMap<string, { readonly record: { readonly pid: number | null } }>
  readonly added: () => number
}

/**
 * The answer of `look`, looked for again only while it could become another one: a process stays in its session, and one that is in
 * none gets into one only if that is added, or had no pid to be known by.
 */
export const remembered = (look: () => string | null, sessions: Known) => {
  let found: string | null = null
  let nowhere = -1
  return () => {
    if (found !== null || nowhere === sessions.added()) return found
    const known = [...sessions.entries.values()].every(({ record }) => record.pid !== null)
    found = look()
    if (known) nowhere = sessions.added()
    return found
  }
}
