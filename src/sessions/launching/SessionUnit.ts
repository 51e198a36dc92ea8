/**
 * The unit of a session as systemd sees it: its names, its properties, its environment.
 */
import { dirname } from "node:path"
import type { SessionLimits } from "../../contract/session/SessionLimits.ts"
import { sandboxProperties } from "../sandbox/Properties.ts"
import type { LaunchSpec } from "./Launcher.ts"

export const SLICE = "app-agentd.slice"

/** Seconds a session has when its service manager stops it, at a shutdown for one. Longer grace times are ours to keep. */
export const STOP_SECONDS = 10

export const EVERY_UNIT = "agentd-session-*.service"
export const unitOf = (session: string): string => `agentd-session-${session}.service`

/** The name of a session's master in the store; FDNAME= allows no more than ASCII without a colon. */
const PREFIX = "session-"
export const fdNameOf = (session: string): string => `${PREFIX}${session}`
export const sessionOfFdName = (name: string): string | null =>
  name.startsWith(PREFIX) ? name.slice(PREFIX.length) : null

/**
 * A file for EnvironmentFile= (systemd.exec(5)). Values are quoted, so that they may hold anything but NUL; names that are no
 * identifiers (bash's exported functions) cannot be carried and are left out.
 */
export const environmentFile = (env: Readonly<Record<string, string>>): string =>
  Object.entries(env)
    .filter(([name]) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(([name, value]) => `${name}="${value.replaceAll(/["\\`$]/g, "\\$&")}"\n`)
    .join("")

/** What the unit of a session is made of. The environment is in a file only: properties are open to whoever may ask systemd. */
export const unitProperties = (
  spec: Pick<LaunchSpec, "cwd" | "graceMs" | "limits" | "sandbox" | "secretFiles" | "stdin">,
  slave: string,
  environment: string,
  onEnd: string,
  daemon: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const { cwd, graceMs, limits, sandbox, secretFiles, stdin } = spec
  return [
    // What begins before stops after: when everything is stopped at a shutdown the daemon goes first, and does not take what systemd then
    // does to the session for the program's own end.
    ...daemon.map((unit) => `Before=${unit}`),
    // Returns once the program has been executed, so that our copy of the slave may be closed.
    "Type=exec",
    `TTYPath=${slave}`,
    "StandardInput=tty",
    "StandardOutput=tty",
    "StandardError=tty",
    `WorkingDirectory=${cwd}`,
    // Deleted once the program runs; the dash lets ExecStopPost= run without it.
    `EnvironmentFile=-${environment}`,
    // A session that runs out of memory loses what took it, not its shell.
    "OOMPolicy=continue",
    "KillMode=control-group",
    "SendSIGHUP=yes",
    `TimeoutStopSec=${STOP_SECONDS}`,
    ...limitProperties(limits, graceMs),
    // Copied by systemd, before it shuts the session off from anything. Properties hold the path only.
    ...Object.entries(secretFiles).map(([variable, file]) => `LoadCredential=${variable}:${file}`),
    ...(sandbox === null ? [] : sandboxProperties(sandbox, stdin === null ? [] : [dirname(stdin)])),
    // The plus sign: outside of the sandbox, which has no way to the record. Only there, because systemd 252 does not read back what it
    // writes down for it, and a new service manager (daemon-reexec) then has nothing to run at the end.
    `ExecStopPost=${sandbox === null ? "" : "+"}${onEnd}`
  ]
}

/**
 * Where systemd puts a session's secrets that come as files: in memory, for this unit alone, and gone with it. Not told by `%d`: it is
 * not replaced in what comes over the bus.
 */
export const secretPaths = (runtime: string, session: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.keys(files).map((variable) => [variable, `${runtime}/credentials/${unitOf(session)}/${variable}`])
  )

/** Milliseconds after its time is up, and the time its processes then have, until systemd ends a session that no daemon has ended. */
const LATE_MS = 30_000

export const limitProperties = (limits: SessionLimits, graceMs: number): ReadonlyArray<string> => {
  const { cpuPercent, ioWeight, memoryBytes, nice, tasks, timeoutMs } = limits
  return [
    // Without swap beside it: else a program that leaks would first fill the swap space, and everybody would wait for the disk. Not
    // MemoryHigh=, which slows a program down near its limit until it seems to hang; at the limit it is told so and ends.
    ...(memoryBytes === undefined ? [] : [`MemoryMax=${memoryBytes}`, "MemorySwapMax=0"]),
    ...(cpuPercent === undefined ? [] : [`CPUQuota=${cpuPercent}%`]),
    ...(tasks === undefined ? [] : [`TasksMax=${tasks}`]),
    ...(nice === undefined ? [] : [`Nice=${nice}`]),
    ...(ioWeight === undefined ? [] : [`IOWeight=${ioWeight}`]),
    // The daemon ends it, with the time its processes should have; this is for when there is none.
    ...(timeoutMs === undefined ? [] : [`RuntimeMaxSec=${timeoutMs + graceMs + LATE_MS}ms`])
  ]
}

/** Of an ActiveState=: does something of the unit still run? */
export const isAlive = (state: string | undefined): boolean =>
  ["active", "activating", "deactivating", "reloading"].includes(state ?? "")
