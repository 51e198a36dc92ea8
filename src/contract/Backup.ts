/**
 * Backups: whole, checked copies of what the daemon keeps, and how one is put back.
 */
import { Schema } from "effect"
import { Timestamp } from "./session/Session.ts"

/** `bak_` and a ULID. */
export const BackupId = Schema.String.check(
  Schema.isPattern(/^bak_[0-9A-HJKMNP-TV-Z]{26}$/u, { expected: "a backup id (bak_ and a ULID)" })
).annotate({ title: "backup id" })

/** How a request names one. */
export const BackupRef = Schema.String.check(
  Schema.isPattern(/^(latest|bak_[0-9A-HJKMNP-TV-Z]{26})$/u, { expected: 'a backup id (bak_ and a ULID), or "latest"' })
).annotate({ title: "backup reference", description: "A backup id, or latest" })

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const BackupReason = Schema.Literals(["request", "schedule", "restore"]).annotate({
  description: "`restore`: made of what was there before another one was put back."
})
export type BackupReason = typeof BackupReason.Type

const about = {
  id: BackupId,
  at: Timestamp,
  reason: BackupReason,
  version: Schema.String.annotateKey({ description: "Version of agentd that made it." }),
  host: Schema.String.annotateKey({ description: "The machine it was made on." }),
  sessions: Count.annotateKey({ description: "Sessions whose transcripts are in it." }),
  parts: Count.annotateKey({ description: "Files in it." }),
  bytes: Count.annotateKey({ description: "Bytes of these files." })
}

export const Backup = Schema.Struct(about).annotate({ identifier: "Backup" })
export type Backup = typeof Backup.Type

export const DamagedList = Schema.Struct({
  file: Schema.String,
  reason: Schema.String.annotateKey({ description: "Ends the sentence that begins with the file's name." })
})

export const VerifiedBackup = Schema.Struct({
  id: BackupId,
  parts: Count,
  bytes: Count,
  damaged: Schema.Array(Schema.Struct({ part: Schema.String, reason: Schema.String })).annotateKey({
    description: "Parts that are not what was stored; the first hundred. Empty: it is whole."
  })
})

const BackupPath = Schema.String.check(
  Schema.isMaxLength(4096),
  Schema.isPattern(/^\/[^\0]*$/u, { expected: "an absolute path" })
)

export const CreateBackupParams = Schema.Struct({})
export const CreateBackupResult = Schema.Struct({
  ...about,
  stored: Count.annotateKey({ description: "Bytes of disk space it took: what earlier ones hold already is shared." }),
  removed: Schema.Array(BackupId).annotateKey({
    description: "Older ones that were removed, as the configuration says."
  }),
  skipped: Schema.Array(Schema.String).annotateKey({
    description: "What lay among its files and is no regular file, such as a symbolic link: not in it."
  })
})

export const ListBackupsParams = Schema.Struct({
  from: Schema.optionalKey(BackupPath).annotateKey({ description: "Another directory than the configured one." })
})
export const ListBackupsResult = Schema.Struct({
  directory: Schema.String.annotateKey({ description: "Where they are kept." }),
  backups: Schema.Array(Backup).annotateKey({
    description: "Oldest first. One that was never finished is not among them."
  }),
  damaged: Schema.Array(DamagedList).annotateKey({
    description: "Lists of a backup's parts that cannot be read."
  }),
  next: Schema.NullOr(Timestamp).annotateKey({ description: "When the schedule makes the next one." })
})

export const VerifyBackupParams = Schema.Struct({
  backup: Schema.optionalKey(BackupRef).annotateKey({ description: "Default: all." }),
  from: Schema.optionalKey(BackupPath).annotateKey({ description: "Another directory than the configured one." })
})
export const VerifyBackupResult = Schema.Struct({
  backups: Schema.Array(VerifiedBackup),
  damaged: Schema.Array(DamagedList).annotateKey({
    description: "Lists of a backup's parts that cannot be read."
  })
})

export const RestoreBackupParams = Schema.Struct({
  backup: BackupRef,
  from: Schema.optionalKey(BackupPath).annotateKey({ description: "Another directory than the configured one." }),
  config: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "The configuration file too, though there is one. Without it that is put back only where none is."
  })
})
export const RestoreBackupResult = Schema.Struct({
  backup: Backup,
  saved: Schema.NullOr(BackupId).annotateKey({
    description: "The backup made of what was there before; null: there was nothing that could be backed up."
  })
}).annotate({
  description: "It is ready; the daemon stops, and the next one puts it in place before it opens anything."
})

/** Events of backups, for the union in `Event.ts`. */
export const backupEvents = [
  Schema.Struct({
    type: Schema.Literal("backup.created"),
    backup: BackupId,
    reason: BackupReason,
    directory: Schema.String,
    parts: Count,
    bytes: Count,
    stored: Count,
    ms: Count,
    removed: Schema.Array(BackupId)
  }).annotate({ description: "A backup was made; `removed` are older ones that went, as the configuration says." }),
  Schema.Struct({
    type: Schema.Literal("backup.failed"),
    reason: BackupReason,
    directory: Schema.String,
    error: Schema.String
  }).annotate({ description: "No backup was made, or what was to follow it failed; `error` says why." }),
  Schema.Struct({
    type: Schema.Literal("backup.restored"),
    backup: BackupId,
    madeAt: Timestamp,
    saved: Schema.NullOr(BackupId),
    aside: Schema.NullOr(Schema.String)
  }).annotate({
    description:
      "A backup was put back: all before this event is from it. What was there before is the backup `saved`, or lies in the directory `aside`."
  })
] as const
