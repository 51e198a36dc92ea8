/**
 * What to run so that a known program tells its state: its own options for this one run, put right behind its name. The user's settings are
 * left alone, and what cannot be told for certain is run as it stands.
 */
import { programOf } from "./Continuation.ts"
import { findProgram } from "./Wrappers.ts"

/** Whether an agent is run whose ways are known. */
export const isKnown = (argv: ReadonlyArray<string>): boolean => agentAt(argv) !== null

const agentAt = (argv: ReadonlyArray<string>) => findProgram(argv, (word) => programOf(word) !== undefined)

/** `agentctl`: its path; null: there is none to be run as a hook. */
export const withHooks = (
  argv: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>,
  agentctl: string | null
): ReadonlyArray<string> => {
  const at = agentctl === null ? null : agentAt(argv)
  if (at === null || agentctl === null) return argv
  const args = programOf(argv[at]!)?.hooks?.(argv.slice(at + 1), [agentctl, "hook"], env) ?? null
  return args === null ? argv : [...argv.slice(0, at + 1), ...args]
}
