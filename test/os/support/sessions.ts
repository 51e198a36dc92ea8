/** Words the tests share about sessions. */
import type { User } from "./User.ts"

export interface Listed {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly exit: {
    readonly code: number | null
    readonly signal: string | null
    readonly by: string
    readonly took: string | null
  } | null
}

export const unitOf = (id: string): string => `agentd-session-${id}.service`

/** Names and statuses, in the order they were started. */
export const listed = async (
  user: User,
  ...flags: ReadonlyArray<string>
): Promise<ReadonlyArray<readonly [string, string]>> =>
  (await user.json<ReadonlyArray<Listed>>("ls", ...flags)).map(({ name, status }) => [name, status] as const)

/** A script that prints numbered lines unevenly, and ends once all are said and `~/go` is there. */
export const numbers = (count: number): string =>
  `for i in $(seq ${count}); do echo "line $i"; [ $((RANDOM % 5)) = 0 ] && sleep 0.01; done; until [ -e "$HOME/go" ]; do sleep 0.02; done`

/** Waits until a session has printed something that matches. */
export const said = (user: User, session: string, pattern: string) =>
  user.agentctl("wait", session, "--timeout", "20s", "--for", `output=${pattern}`)

/** Waits for a session's end, and says how it came. */
export const ended = async (user: User, session: string): Promise<Listed["exit"]> =>
  (await user.json<{ readonly session: Listed }>("wait", session, "--timeout", "30s")).session.exit
