/**
 * How long a client waits for an answer before it calls the daemon stuck. The daemon enforces each method's own deadline
 * (`contract/Methods.ts`); this is the net below it, for a daemon that is stopped or blocked.
 */
import { DEADLINE_MS } from "../contract/Limits.ts"
import type { MethodName } from "../contract/Methods.ts"

/** Added to the daemon's deadline, so that its own, better error arrives first. */
export const GRACE_MS = 5_000

/** The methods whose deadline is not `DEADLINE_MS`; null: they wait for something. A test compares it with the contract. */
export const deadlines: Partial<Readonly<Record<MethodName, number | null>>> = {
  "daemon.restart": null,
  "daemon.doctor": 60_000,
  "session.import": 60_000,
  "backup.create": null,
  "backup.list": 60_000,
  "backup.restore": null,
  "backup.verify": null,
  "agent.context": 60_000,
  "agent.whoHas": 60_000,
  "session.stop": null,
  "session.remove": null,
  "session.output": null,
  "session.wait": null,
  "message.wait": null,
  "sync.force": null,
  "sync.enable": 150_000
}

export const timeoutFor = (method: string): number | null => {
  const own: Readonly<Record<string, number | null | undefined>> = deadlines
  const deadline = Object.hasOwn(deadlines, method) ? own[method]! : DEADLINE_MS
  return deadline === null ? null : deadline + GRACE_MS
}
