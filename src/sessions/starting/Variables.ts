/**
 * The variables that a session's program sees.
 */
import { Effect } from "effect"
import { InvalidParams } from "../../contract/errors/Errors.ts"
import { SESSION_VARIABLE } from "../launching/ProcessTree.ts"
import type { SessionRecord } from "../SessionStore.ts"

/** What execve(2) would take for another variable, or for the end of one. */
export const checkNames = (variables: Readonly<Record<string, string>>) => {
  const bad = Object.keys(variables).find((name) => !/^[^=\0]+$/.test(name))
  return bad === undefined
    ? Effect.void
    : Effect.fail(
        new InvalidParams({ field: `env.${bad}`, reason: "a variable's name has no = and no NUL, and is not empty" })
      )
}

export const omit = (variables: Readonly<Record<string, string>>, names: ReadonlyArray<string>) =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)))

/** What the program sees: the caller's environment, what names the session, and a terminal that is ours. */
export const sessionEnvironment = (
  inherited: Readonly<Record<string, string>>,
  term: string,
  session: SessionRecord,
  socket: string
): Record<string, string> => ({
  ...inherited,
  // A caller without a terminal has none to describe.
  TERM: inherited.TERM === undefined || inherited.TERM === "dumb" ? term : inherited.TERM,
  PWD: session.cwd,
  [SESSION_VARIABLE]: session.id,
  AGENTD_SESSION_NAME: session.name,
  AGENTD_SOCKET: socket
})
