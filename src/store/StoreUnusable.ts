/**
 * The refusal to open a database: it is newer than this build, damaged, or not ours. The file stays as it was found.
 *
 * Starting empty in its place would look like success while the record of what happened is gone.
 */
import { Schema } from "effect"

export class StoreUnusable extends Schema.TaggedError<StoreUnusable>()("StoreUnusable", {
  file: Schema.String,
  reason: Schema.Literals(["newer", "damaged", "foreign"]),
  /** What was found, for people. */
  detail: Schema.String,
  /** Schema version found in the file, where it could be read. */
  found: Schema.NullOr(Schema.Int),
  /** Newest schema version this build knows. */
  known: Schema.Int,
  /** Newest backup this build can open. */
  backup: Schema.NullOr(Schema.String)
}) {
  override get message() {
    return `${explain(this)} The file was left as it is. ${wayOut(this)}`
  }
}

const explain = (e: StoreUnusable) => {
  switch (e.reason) {
    case "newer":
      return `The database ${e.file} has schema version ${e.found}; this agentd knows versions up to ${e.known}.`
    case "damaged":
      return `The database ${e.file} cannot be read: ${e.detail}.`
    case "foreign":
      return `${e.file} is not a database of agentd: ${e.detail}.`
  }
}

const wayOut = (e: StoreUnusable) => {
  const restore =
    e.backup === null
      ? `to begin anew, move it and the files beside it that end in -wal and -shm away`
      : `to go back to the copy from before the last migration, move it and the files beside it that end in -wal and -shm away and copy ${e.backup} to its place (what happened since is then missing)`
  const backups =
    'If backups were made ("agentctl backup list"), "agentctl backup restore latest" puts the newest one back.'
  switch (e.reason) {
    case "newer":
      return `Install the agentd that wrote it, or a later one. ${backups} If not: ${restore}.`
    case "damaged":
      return `"agentd --rebuild" cannot help, because the event log itself is in this file. ${backups} If not: ${restore}.`
    case "foreign":
      return `Point the state directory elsewhere; or, ${restore}.`
  }
}
