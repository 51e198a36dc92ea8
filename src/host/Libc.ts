/**
 * The C library's functions that Node does not offer, typed, in one file. Loaded on first use.
 *
 * koffi finds the symbols in the running process, so no library has to be opened by name.
 */
import { createRequire } from "node:module"
import type * as Koffi from "koffi"

const require = createRequire(import.meta.url)

export interface Libc {
  readonly getsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: [number]) => number
  readonly flock: (fd: number, operation: number) => number
  readonly fcntl: (fd: number, command: number, argument: number) => number
  /** Answers the error number itself, 0 for none. */
  readonly posix_fallocate: (fd: number, offset: number, length: number) => number
  /** errno of the last call. */
  readonly errno: () => number
}

let loaded: Libc | undefined

export const libc = (): Libc => {
  if (loaded === undefined) {
    const koffi = require("koffi") as typeof Koffi
    const c = koffi.load(null)
    loaded = {
      getsockopt: c.func("int getsockopt(int, int, int, _Out_ void*, _Inout_ uint32_t*)"),
      flock: c.func("int flock(int, int)"),
      fcntl: c.func("int fcntl(int, int, int)"),
      posix_fallocate: c.func("int posix_fallocate(int, int64_t, int64_t)"),
      errno: () => koffi.errno()
    }
  }
  return loaded
}

/** Marks a descriptor close-on-exec, so that programs started later do not inherit it (fcntl(2)). */
export const closeOnExec = (fd: number): void => {
  const F_GETFD = 1
  const F_SETFD = 2
  const FD_CLOEXEC = 1
  const c = libc()
  const flags = c.fcntl(fd, F_GETFD, 0)
  if (flags < 0 || c.fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0) throw new Error(`fcntl(${fd}): errno ${c.errno()}`)
}
