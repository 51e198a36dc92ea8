/**
 * The statements that make the tables of messages.
 *
 * `sent` is a message's place in the order all installations agree on: hybrid clock and event id in one text.
 */
export const schema: ReadonlyArray<string> = [
  `CREATE TABLE messages (
     id TEXT PRIMARY KEY,
     workspace TEXT NOT NULL,
     origin TEXT NOT NULL,
     sent TEXT NOT NULL,
     thread TEXT NOT NULL,
     reply_to TEXT,
     author TEXT NOT NULL,
     author_name TEXT NOT NULL,
     to_addresses TEXT NOT NULL,
     at INTEGER NOT NULL,
     format TEXT NOT NULL,
     text TEXT NOT NULL,
     bytes INTEGER NOT NULL,
     data TEXT NOT NULL,
     scopes TEXT NOT NULL,
     refs TEXT NOT NULL,
     send_key TEXT,
     version INTEGER NOT NULL DEFAULT 1,
     edited_at INTEGER,
     deleted_at INTEGER
   ) STRICT`,
  `CREATE INDEX messages_by_workspace ON messages (workspace, sent)`,
  `CREATE INDEX messages_by_thread ON messages (thread, sent)`,
  `CREATE INDEX messages_by_author ON messages (author, sent)`,
  `CREATE INDEX messages_by_key ON messages (author, send_key) WHERE send_key IS NOT NULL`,
  `CREATE TABLE message_edits (
     key TEXT PRIMARY KEY,
     message TEXT NOT NULL,
     author TEXT NOT NULL,
     origin TEXT NOT NULL,
     at INTEGER NOT NULL,
     format TEXT NOT NULL,
     text TEXT NOT NULL,
     data TEXT NOT NULL
   ) STRICT`,
  `CREATE INDEX message_edits_by_message ON message_edits (message, key)`,
  `CREATE TABLE message_deletions (
     key TEXT PRIMARY KEY,
     message TEXT NOT NULL,
     author TEXT NOT NULL,
     origin TEXT NOT NULL,
     at INTEGER NOT NULL
   ) STRICT`,
  `CREATE INDEX message_deletions_by_message ON message_deletions (message, key)`,
  `CREATE TABLE message_marks (
     workspace TEXT NOT NULL,
     mark TEXT NOT NULL,
     sent TEXT NOT NULL,
     message TEXT NOT NULL,
     PRIMARY KEY (workspace, mark, sent)
   ) STRICT, WITHOUT ROWID`,
  // A row without `sent` is a receipt that came before its message, or is not about one of the agent's.
  `CREATE TABLE mailbox (
     message TEXT NOT NULL,
     agent TEXT NOT NULL,
     name TEXT,
     sent TEXT,
     delivered_at INTEGER,
     seen_at INTEGER,
     seen_key TEXT,
     read_at INTEGER,
     read_key TEXT,
     archived INTEGER NOT NULL DEFAULT 0,
     archived_key TEXT,
     deleted INTEGER NOT NULL DEFAULT 0,
     inbox INTEGER AS (sent IS NOT NULL AND deleted = 0 AND archived = 0) VIRTUAL,
     unread INTEGER AS (sent IS NOT NULL AND deleted = 0 AND archived = 0 AND read_at IS NULL) VIRTUAL,
     PRIMARY KEY (message, agent)
   ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX mailbox_inbox ON mailbox (agent, sent) WHERE inbox = 1`,
  `CREATE INDEX mailbox_unread ON mailbox (agent, sent) WHERE unread = 1`,
  `CREATE INDEX mailbox_archive ON mailbox (agent, sent) WHERE archived = 1`,
  // Counting a million rows would take longer than listing twenty; kept by triggers, the counts cannot differ from the rows.
  `CREATE TABLE mailbox_counts (
     agent TEXT PRIMARY KEY,
     total INTEGER NOT NULL,
     unread INTEGER NOT NULL
   ) STRICT`,
  counting("INSERT", "NEW.sent IS NOT NULL", "NEW.inbox", "NEW.unread"),
  counting(
    "UPDATE",
    "NEW.sent IS NOT OLD.sent OR NEW.inbox IS NOT OLD.inbox OR NEW.unread IS NOT OLD.unread",
    "NEW.inbox - OLD.inbox",
    "NEW.unread - OLD.unread"
  )
]

function counting(on: "INSERT" | "UPDATE", when: string, total: string, unread: string): string {
  return `CREATE TRIGGER mailbox_counted_on_${on.toLowerCase()} AFTER ${on} ON mailbox WHEN ${when} BEGIN
     INSERT INTO mailbox_counts (agent, total, unread) VALUES (NEW.agent, ${total}, ${unread})
     ON CONFLICT (agent) DO UPDATE SET total = total + excluded.total, unread = unread + excluded.unread;
   END`
}
