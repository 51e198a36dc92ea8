/**
 * Which ended sessions' transcripts must go: those that are too old, then the oldest until the rest fits.
 */

export interface EndedSession {
  readonly id: string
  readonly endedAt: number
  /** Bytes its transcript takes on disk. */
  readonly bytes: number
}

export interface RetentionLimits {
  readonly maxAgeMs: number
  /** Bytes all ended sessions' transcripts may take together. */
  readonly maxBytes: number
}

/** Ids to remove, oldest first. Live sessions are not to be handed in: they are never removed. */
export const planRetention = (
  ended: ReadonlyArray<EndedSession>,
  now: number,
  limits: RetentionLimits
): ReadonlyArray<string> => {
  const oldestFirst = [...ended].sort((a, b) => a.endedAt - b.endedAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  let bytes = oldestFirst.reduce((sum, session) => sum + session.bytes, 0)
  const remove: Array<string> = []
  for (const session of oldestFirst) {
    if (now - session.endedAt <= limits.maxAgeMs && bytes <= limits.maxBytes) break
    remove.push(session.id)
    bytes -= session.bytes
  }
  return remove
}
