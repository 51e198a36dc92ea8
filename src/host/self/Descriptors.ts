/**
 * How near this process is to its limit of open files (RLIMIT_NOFILE, getrlimit(2)).
 */
import { closeSync, openSync } from "node:fs"

/** Can this many files still be opened? Found by opening them: what is open now is not to be had more cheaply, or more surely. */
export const canOpen = (count: number): boolean => {
  const opened: Array<number> = []
  try {
    while (opened.length < count) opened.push(openSync("/dev/null", "r"))
    return true
  } catch {
    return false
  } finally {
    for (const fd of opened) closeSync(fd)
  }
}
