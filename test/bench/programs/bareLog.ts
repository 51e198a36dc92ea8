/**
 * The least that SQLite can do for a message that is to be on disk: a row in a table of the event log's form.
 */
import { DatabaseSync } from "node:sqlite"
import { migrations } from "../../../src/store/Migrations.ts"

export const TEXT =
  "The tests of the parser are green again; the cause was a missing end of line. Please look at the two cases I added."
export const RECIPIENT = "bench-reader"

/** Inserts so many rows in one transaction, durable when it returns. */
type Insert = (rows: number) => void

/** As the event log is made and opened (src/store/), without what is derived from it. */
export const openBareLog = (file: string): { readonly insert: Insert; readonly close: () => void } => {
  const db = new DatabaseSync(file)
  db.exec("PRAGMA journal_mode = WAL")
  db.exec("PRAGMA synchronous = FULL")
  for (const { statements } of migrations) for (const statement of statements) db.exec(statement)
  const add = db.prepare(
    "INSERT INTO events (seq, id, at, type, body, workspace, origin, origin_seq, clock) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
  )
  let seq = 0
  const row = () => {
    seq += 1
    const id = String(seq).padStart(26, "0")
    const body = JSON.stringify({
      type: "message.sent",
      author: { id: `agt_${id}`, name: "root" },
      to: [`@${RECIPIENT}`],
      recipients: [{ id: `agt_${id}`, name: RECIPIENT, delivered: true }],
      thread: null,
      replyTo: null,
      scopes: [],
      refs: [],
      text: TEXT,
      format: "markdown",
      data: null,
      key: null
    })
    add.run(seq, `evt_${id}`, Date.now(), "message.sent", body, "home", "ins_0123456789ABCDEF0123", seq, id.slice(-16))
  }
  return {
    insert: (rows) => {
      db.exec("BEGIN IMMEDIATE")
      for (let i = 0; i < rows; i++) row()
      db.exec("COMMIT")
    },
    close: () => db.close()
  }
}
