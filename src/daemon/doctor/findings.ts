/** How a check says what it found. A fix is something that can be pasted into a shell. */
import type { Finding } from "../../contract/Daemon.ts"

export const ok = (check: string, message: string): Finding => ({ check, level: "ok", message, fix: null })

export const warning = (check: string, message: string, fix: string): Finding => ({
  check,
  level: "warning",
  message,
  fix
})

export const problem = (check: string, message: string, fix: string): Finding => ({
  check,
  level: "problem",
  message,
  fix
})

/** A word for a shell, whatever is in it. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

const megabyte = 1024 * 1024
export const megabytes = (bytes: number): string => `${Math.round(bytes / megabyte)} MiB`
