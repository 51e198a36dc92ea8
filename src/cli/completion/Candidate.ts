/** A word that may come next, and how long may be looked for such. */
export interface Candidate {
  readonly word: string
  /** Shown beside it by shells that can. */
  readonly about: string
}

/** Milliseconds a daemon may take; a prompt must never hang. */
export const ANSWER_MS = 300
