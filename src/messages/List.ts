/**
 * Which rows a list takes, and in which order SQLite is to look for them: a page costs the same over a million messages as over a
 * thousand, because one index in the order of the list drives it.
 */
import { markOf } from "./MessageProjection.ts"

export interface Filter {
  readonly workspace: string
  /** The agent whose mailbox it is, or from whose point of view messages are read or unread. */
  readonly reader: string | null
  readonly box: "inbox" | "archive" | "all" | "outbox"
  readonly unread?: boolean | undefined
  readonly thread?: string | undefined
  readonly scope?: string | undefined
  readonly ref?: string | undefined
  readonly mention?: string | undefined
  /** Ids of agents. */
  readonly author?: string | undefined
  readonly to?: string | undefined
  readonly before?: string | undefined
  readonly after?: string | undefined
  readonly oldest?: boolean | undefined
  readonly limit: number
}

export interface ListPlan {
  /** Answers `id` and `sent` of at most one more than the limit. */
  readonly query: string
  readonly parameters: ReadonlyArray<string | number>
}

export const planList = (filter: Filter): ListPlan => {
  const where: Array<string> = []
  const parameters: Array<string | number> = []
  const add = (condition: string, ...values: ReadonlyArray<string | number>) => {
    where.push(condition)
    parameters.push(...values)
  }
  const mailbox = filter.box === "inbox" || filter.box === "archive"
  const marks = [
    ...(filter.scope === undefined ? [] : [markOf("scope", filter.scope)]),
    ...(filter.ref === undefined ? [] : [markOf("ref", filter.ref)]),
    ...(filter.mention === undefined ? [] : [markOf("mention", filter.mention)])
  ]
  // What drives comes first; CROSS JOIN keeps SQLite from choosing another order (https://www.sqlite.org/optoverview.html).
  const [driving] = marks
  let from: string
  let sent: string
  if (driving !== undefined) {
    from = "message_marks k CROSS JOIN messages m ON m.id = k.message"
    sent = "k.sent"
    add("k.workspace = ? AND k.mark = ?", filter.workspace, driving)
  } else if (filter.thread !== undefined || filter.author !== undefined || !mailbox) {
    from = "messages m"
    sent = "m.sent"
  } else {
    from = "mailbox b CROSS JOIN messages m ON m.id = b.message"
    sent = "b.sent"
  }
  if (mailbox || filter.unread === true) {
    if (!from.startsWith("mailbox") && filter.box !== "outbox") from += " CROSS JOIN mailbox b ON b.message = m.id"
    if (filter.box !== "outbox") add("b.agent = ?", filter.reader ?? "")
  }
  // What is unread is in the inbox; said twice, SQLite might go through the larger of the two indexes.
  if (filter.box === "inbox" && filter.unread !== true) add("b.inbox = 1")
  if (filter.box === "archive") add("b.archived = 1 AND b.sent IS NOT NULL")
  if (filter.box === "outbox") add("m.author = ?", filter.reader ?? "")
  if (filter.unread === true) {
    const unread = "EXISTS (SELECT 1 FROM mailbox u WHERE u.message = m.id AND u.unread = 1)"
    add(filter.box === "outbox" ? unread : "b.unread = 1")
  }
  for (const mark of marks.slice(1)) {
    const same = `x.workspace = ? AND x.mark = ? AND x.sent = ${sent}`
    add(`EXISTS (SELECT 1 FROM message_marks x WHERE ${same})`, filter.workspace, mark)
  }
  if (filter.thread !== undefined) add("m.thread = ?", filter.thread)
  if (filter.author !== undefined) add("m.author = ?", filter.author)
  if (filter.to !== undefined) {
    add("EXISTS (SELECT 1 FROM mailbox t WHERE t.message = m.id AND t.agent = ? AND t.sent IS NOT NULL)", filter.to)
  }
  if (filter.before !== undefined) add(`${sent} < ?`, filter.before)
  if (filter.after !== undefined) add(`${sent} > ?`, filter.after)
  add("m.workspace = ?", filter.workspace)
  const order = filter.oldest === true ? "" : " DESC"
  return {
    query: `SELECT m.id AS id, ${sent} AS sent FROM ${from} WHERE ${where.join(" AND ")} ORDER BY ${sent}${order} LIMIT ?`,
    parameters: [...parameters, filter.limit + 1]
  }
}
