/**
 * The sockets that launchd listens on for this process, by their names in the plist (launch_activate_socket(3)).
 *
 * Written from Apple's manual; it has not run on a Mac yet.
 */
import { createRequire } from "node:module"
import type * as Koffi from "koffi"

const require = createRequire(import.meta.url)

/** Empty when launchd did not start this process (ESRCH), has no such socket (ENOENT), or gave it already (EALREADY). */
export const launchdSockets = (name: string): ReadonlyArray<{ readonly fd: number; readonly name: string }> => {
  const koffi = require("koffi") as typeof Koffi
  const system = koffi.load("/usr/lib/libSystem.B.dylib")
  const activate = system.func(
    "int launch_activate_socket(const char *name, _Out_ int **fds, _Out_ size_t *count)"
  ) as (name: string, fds: [unknown], count: [number]) => number
  const free = system.func("void free(void *memory)") as (memory: unknown) => void
  const fds: [unknown] = [null]
  const count: [number] = [0]
  if (activate(name, fds, count) !== 0) return []
  try {
    const numbers = koffi.decode(fds[0], "int", Number(count[0])) as Iterable<number>
    return Array.from(numbers, (fd) => ({ fd, name }))
  } finally {
    free(fds[0])
  }
}
