/** Sessions that do what a test needs and nothing else. */
import type { Session } from "../../src/contract/session/Session.ts"
import type { RawClient } from "./RawClient.ts"

/** A session that waits for its standard input to say something. */
export const startCat = (client: RawClient, params: object = {}): Promise<Session> =>
  client.result("session.start", { argv: ["cat"], cwd: "/", ...params })

export const startShell = (client: RawClient, script: string, params: object = {}): Promise<Session> =>
  client.result("session.start", { argv: ["/bin/sh", "-c", script], cwd: "/", ...params })

/** Stops a session without waiting for it to agree. */
export const stopNow = (client: RawClient, { id }: Session) =>
  client.result("session.stop", { session: id, graceMs: 0 })
