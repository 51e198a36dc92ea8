/**
 * How much the tools of `agentctl mcp` hand to a model at once, and how long they wait. Plain constants without an import.
 */

/** Characters of each message in a list. A list of ten stays below the 25,000 tokens that clients allow one answer. */
export const LISTED_CHARACTERS = 4_000

/** Characters of a message that is read by itself, unless more is asked for, and the most that may be. */
export const READ_CHARACTERS = 16_000
export const MAX_READ_CHARACTERS = 128 * 1024

/** Messages of one list. */
export const TOOL_PAGE = 10
export const MAX_TOOL_PAGE = 20

/** Seconds `wait_for_message` waits: less than the minute after which most clients give up on a tool that says nothing. */
export const WAIT_SECONDS = 45
export const MAX_WAIT_SECONDS = 3_600

/** Seconds between two signs of life while it waits, for clients that ask for them. */
export const PROGRESS_SECONDS = 5
