/** What an inbox says that shows nothing: whether that is all there is, or only what was asked for. */
import type { Result } from "../../contract/Methods.ts"

interface Asked {
  readonly unread?: boolean
  readonly archive?: boolean
  readonly all?: boolean
  readonly narrowed: boolean
}

export const emptyInbox = ({ all, archive, narrowed, unread }: Asked, page: Result<"message.list">): string => {
  if (narrowed) return "No message fits."
  if (all === true) return "Nothing was said here yet."
  if (archive === true) return "You have put nothing away."
  if (page.total === 0) return "Your inbox is empty."
  return unread === true ? `Nothing unread; ${page.total} read.` : "No more."
}
