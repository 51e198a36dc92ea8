/** How a check of the doctor, the daemon's or the command's, says what it found. A fix is something that can be pasted into a shell. */
import type { Finding } from "./Daemon.ts"

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
