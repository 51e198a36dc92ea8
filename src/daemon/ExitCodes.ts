/**
 * Exit codes of `agentd`, from sysexits(3), and which failure to start gives which.
 */
import { Cause, Option } from "effect"

export const EX_OK = 0
/** What was asked for could not be done, and nothing was changed. */
const EX_FAILED = 1
export const EX_USAGE = 64
/** Something of ours broke; the log says what. */
export const EX_SOFTWARE = 70
/** The state cannot be used or written. */
export const EX_IOERR = 74
/** Another daemon runs: nothing is wrong, try later. */
export const EX_TEMPFAIL = 75
/** The configuration, or a place it names, is wrong. */
export const EX_CONFIG = 78

const byTag: Readonly<Record<string, number>> = {
  BackupDamaged: EX_FAILED,
  BackupFailed: EX_FAILED,
  BackupNotFound: EX_FAILED,
  Conflict: EX_FAILED,
  Locked: EX_TEMPFAIL,
  ConfigInvalid: EX_CONFIG,
  DirectoryRefused: EX_CONFIG,
  SocketRefused: EX_CONFIG,
  StoreUnusable: EX_IOERR,
  StorageUnavailable: EX_IOERR
}

/** The sentence to print and the code to leave with. */
export const explainFailure = (cause: Cause.Cause<unknown>): { readonly message: string; readonly code: number } => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (typeof error === "object" && error !== null && "_tag" in error && error instanceof Error) {
    const code = byTag[String(error._tag)]
    if (code !== undefined) return { message: error.message, code }
  }
  return { message: Cause.pretty(cause), code: EX_SOFTWARE }
}
