/**
 * What goes into a backup of this installation: one place, for the daemon and for what works without one.
 */
import { join } from "node:path"
import type { BackupReason } from "../contract/Backup.ts"
import type { Places } from "../host/files/Directories.ts"
import type { Self } from "../host/self/Self.ts"
import type { Making } from "./Create.ts"

export const makingOf = (
  making: { readonly id: string; readonly at: number; readonly reason: BackupReason; readonly directory: string },
  { config, database, transcripts }: Places,
  { host, uid, version }: Self["Service"]
): Making => ({
  ...making,
  host,
  uid,
  version,
  sources: { database, transcripts, config: join(config, "agentd.toml"), extra: null }
})
