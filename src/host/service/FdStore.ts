/**
 * Descriptors that systemd keeps while this daemon is down, and those it hands over at start (sd_listen_fds(3), FDSTORE= in
 * sd_notify(3)).
 *
 * systemd answers nothing when it cannot keep a descriptor (FileDescriptorStoreMax=), so whoever stores one has to count.
 */
import { fstatSync, readFileSync } from "node:fs"
import { Context, Effect, Layer } from "effect"
import { closeOnExec } from "../Libc.ts"
import { launchdSockets } from "./LaunchdSockets.ts"
import { ownUnit } from "./ServiceManager.ts"
import { systemd } from "./Systemd.ts"

/** SD_LISTEN_FDS_START */
const FIRST = 3

/** sd_notify_barrier(3): microseconds until we no longer wait for systemd to have read what was sent. */
const BARRIER_USEC = 5_000_000n

export interface Inherited {
  readonly fd: number
  /** As in LISTEN_FDNAMES; `unknown` where systemd had no name for it. */
  readonly name: string
}

export class FdStore extends Context.Service<
  FdStore,
  {
    /** What systemd handed over when this process started: sockets, and what earlier daemons stored. */
    readonly inherited: ReadonlyArray<Inherited>
    /** Whether anything can be stored: the process is a service whose manager listens. */
    readonly available: boolean
    /** Why nothing can be, for people; null when it can. */
    readonly unavailable: string | null
    /** Gives systemd a copy of the descriptor under a name, to be kept even after its other end has hung up. */
    readonly store: (name: string, fd: number) => Effect.Effect<boolean>
    /** Has systemd close what it keeps under this name. */
    readonly remove: (name: string) => Effect.Effect<void>
  }
>()("agentd/host/FdStore") {
  static readonly layer = Layer.sync(FdStore, () => {
    const inherited =
      process.platform === "darwin"
        ? launchdSockets("api")
        : takeInherited(process.env, process.pid).filter(({ fd }) => isOpen(fd))
    for (const { fd } of inherited) closeOnExec(fd)
    const unavailable = whyUnavailable(process.platform, process.env.NOTIFY_SOCKET !== undefined, controlGroups())
    const available = unavailable === null
    return {
      inherited,
      available,
      unavailable,
      store: (name, fd) =>
        Effect.sync(() => {
          if (!available) return false
          const state = `FDSTORE=1\nFDNAME=${name}\nFDPOLL=0`
          const sent = undisturbed(() => systemd().notifyWithFds(0, 0, state, [fd], 1)) > 0
          // Without the barrier our copy could be closed, or we killed, before systemd has taken its own.
          return sent && undisturbed(() => systemd().barrier(0, BARRIER_USEC)) >= 0
        }),
      remove: (name) =>
        Effect.sync(() => {
          if (available) systemd().notifyWithFds(0, 0, `FDSTOREREMOVE=1\nFDNAME=${name}`, [], 0)
        })
    }
  })
}

/**
 * Others speak sd_notify(3) too and keep nothing; and a daemon that the system's own manager runs (agentd@.service, for hosts without
 * user managers) has no store, and no manager that would start services for its user.
 */
export const whyUnavailable = (platform: string, notified: boolean, groups: string): string | null => {
  if (platform !== "linux") return "there is no systemd here"
  if (!notified) return "no service manager started the daemon"
  if (!groups.includes("/user@")) return "it is no service of a systemd user manager"
  return ownUnit(groups) === null ? "it is no service" : null
}

const controlGroups = (): string => {
  try {
    return readFileSync("/proc/self/cgroup", "utf8")
  } catch {
    return ""
  }
}

const EINTR = 4

/** A child that ends while we wait interrupts the call (SIGCHLD); it is then made again. */
const undisturbed = (call: () => number): number => {
  for (;;) {
    const result = call()
    if (result !== -EINTR) return result
  }
}

/** Whoever sets LISTEN_FDS by hand may count wrong. */
const isOpen = (fd: number): boolean => {
  try {
    fstatSync(fd)
    return true
  } catch {
    return false
  }
}

type Environment = Record<string, string | undefined>

/** The listening socket that systemd started this process with; null when there is none, or it has been taken already. */
export const activationSocket = (name: string): number | null =>
  takeInherited({ ...process.env }, process.pid).find((inherited) => inherited.name === name && isOpen(inherited.fd))
    ?.fd ?? null

/** Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, and deletes them: the programs started here must not believe them. */
export const takeInherited = (env: Environment, pid: number): ReadonlyArray<Inherited> => {
  const { LISTEN_FDNAMES, LISTEN_FDS, LISTEN_PID } = env
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"]) delete env[name]
  const count = Number(LISTEN_FDS)
  if (Number(LISTEN_PID) !== pid || !Number.isInteger(count) || count < 1) return []
  const names = LISTEN_FDNAMES?.split(":") ?? []
  return Array.from({ length: count }, (_, at) => ({ fd: FIRST + at, name: names[at] || "unknown" }))
}
