/**
 * The environment this process was started with, as a program it starts may have it.
 */
import { Context, Layer } from "effect"

/** What a service manager or another terminal program put there for us alone; a program that saw it would be misled. */
const OURS = [
  "LISTEN_FDS",
  "LISTEN_PID",
  "LISTEN_FDNAMES",
  "NOTIFY_SOCKET",
  "WATCHDOG_PID",
  "WATCHDOG_USEC",
  "MAINPID",
  "INVOCATION_ID",
  "JOURNAL_STREAM",
  "MANAGERPID",
  "SYSTEMD_EXEC_PID",
  "CREDENTIALS_DIRECTORY",
  "RUNTIME_DIRECTORY",
  "STATE_DIRECTORY",
  "CONFIGURATION_DIRECTORY",
  "COLUMNS",
  "LINES",
  "TERMCAP"
] as const

export class Environment extends Context.Service<
  Environment,
  {
    readonly own: Readonly<Record<string, string>>
    /** The variables without those that were meant for this process alone. */
    readonly forPrograms: (variables: Readonly<Record<string, string>>) => Record<string, string>
  }
>()("agentd/host/Environment") {
  static readonly layer = Layer.sync(Environment, () => ({
    own: forPrograms(
      Object.fromEntries(Object.entries(process.env).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])))
    ),
    forPrograms
  }))
}

const forPrograms = (variables: Readonly<Record<string, string>>): Record<string, string> => {
  const kept = { ...variables }
  for (const name of OURS) delete kept[name]
  return kept
}
