/**
 * Waits for what Node has no event for: that a descriptor can be read, or that a process has ended that is not this one's child. A thread of
 * the pool is asleep in poll(2) meanwhile, so nothing is looked at again and again.
 */
import { createRequire } from "node:module"

const require = createRequire(import.meta.url)

/** The same number on every architecture; Linux 5.3. */
const SYS_PIDFD_OPEN = 434
const ESRCH = 3
const POLLIN = 1
/** Bytes of a struct pollfd: int fd, short events, short revents. */
const POLLFD_BYTES = 8
/** Milliseconds after which a test has gone wrong: a thread that slept for ever would keep the process. */
const LONGEST_MS = 60_000

const load = () => {
  const koffi = require("koffi") as typeof import("koffi")
  const libc = koffi.load(null)
  return {
    poll: libc.func("int poll(void *fds, unsigned long count, int timeout)"),
    close: libc.func("int close(int fd)"),
    syscall: libc.func("long syscall(long number, ...)"),
    errno: () => koffi.errno()
  }
}

let loaded: ReturnType<typeof load> | undefined
const libc = () => {
  loaded ??= load()
  return loaded
}

/** True once one of them can be read, false when that took too long. */
export const readable = async (fds: ReadonlyArray<number>, withinMs = LONGEST_MS): Promise<boolean> => {
  const entries = Buffer.alloc(fds.length * POLLFD_BYTES)
  fds.forEach((fd, at) => {
    entries.writeInt32LE(fd, at * POLLFD_BYTES)
    entries.writeInt16LE(POLLIN, at * POLLFD_BYTES + 4)
  })
  const end = performance.now() + withinMs
  for (;;) {
    const left = Math.max(0, Math.ceil(end - performance.now()))
    const ready = await new Promise<number>((resolve, reject) =>
      libc().poll.async(entries, fds.length, left, (error: Error | null, count: number) =>
        error ? reject(error) : resolve(count)
      )
    )
    if (ready > 0) return true
    // Less than 0: a signal came in between.
    if (ready === 0) return false
  }
}

/** Resolves once one of these processes has ended, also if nobody has collected its end; at the latest after so long. */
export const oneGone = async (pids: ReadonlyArray<number>, withinMs = LONGEST_MS): Promise<void> => {
  const { close, errno, syscall } = libc()
  const open: Array<number> = []
  try {
    for (const pid of pids) {
      const fd = Number(syscall(SYS_PIDFD_OPEN, "int", pid, "uint", 0))
      if (fd < 0 && errno() === ESRCH) return
      if (fd < 0) throw new Error(`pidfd_open(${pid}): errno ${errno()}`)
      open.push(fd)
    }
    await readable(open, withinMs)
  } finally {
    for (const fd of open) close(fd)
  }
}
