/**
 * libsystemd's side of sd_notify(3), as far as the `sd-notify` package does not offer it. Loaded on first use; throws where it is
 * not installed.
 */
import { createRequire } from "node:module"
import type * as Koffi from "koffi"

const require = createRequire(import.meta.url)

interface Systemd {
  readonly notify: (unset: number, state: string) => number
  readonly notifyWithFds: (
    pid: number,
    unset: number,
    state: string,
    fds: ReadonlyArray<number>,
    count: number
  ) => number
  readonly barrier: (unset: number, usec: bigint) => number
}

let loaded: Systemd | undefined

export const systemd = (): Systemd => {
  if (loaded === undefined) {
    const koffi = require("koffi") as typeof Koffi
    const library = koffi.load("libsystemd.so.0")
    loaded = {
      notify: library.func("int sd_notify(int unset, const char *state)"),
      notifyWithFds: library.func(
        "int sd_pid_notify_with_fds(int pid, int unset, const char *state, const int *fds, unsigned int count)"
      ),
      barrier: library.func("int sd_notify_barrier(int unset, uint64_t usec)")
    }
  }
  return loaded
}
