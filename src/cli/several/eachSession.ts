/**
 * One request for each of several sessions: one that is refused keeps no other from it, is named, and shows in the exit code.
 */
import { AgentdError } from "../../client/AgentdError.ts"
import { ExitCode } from "../../contract/errors/ErrorCodes.ts"
import { printable } from "../Paint.ts"

export interface Refused {
  /** As it was named; its name where all were asked for. */
  readonly session: string
  readonly error: ReturnType<AgentdError["toJSON"]>
}

/** How many are asked for at once: one connection may have 64 requests under way, and stopping may take seconds. */
const AT_ONCE = 16

interface Naming {
  /** Nothing for people: it is all in the result. */
  readonly quiet: boolean
  /** What a person calls it. */
  readonly called?: (session: string) => string
}

export const eachSession = async <A>(
  sessions: ReadonlyArray<string>,
  ask: (session: string) => Promise<A>,
  { called = (session) => session, quiet }: Naming
): Promise<{ readonly done: ReadonlyArray<A>; readonly failed: ReadonlyArray<Refused> }> => {
  const results: Array<{ readonly done: A } | { readonly error: AgentdError; readonly session: string }> = []
  const left = sessions.entries()
  const work = async () => {
    for (const [index, session] of left) {
      try {
        results[index] = { done: await ask(session) }
      } catch (error) {
        if (!(error instanceof AgentdError)) throw error
        results[index] = { error, session: called(session) }
        if (!quiet) process.stderr.write(`agentctl: ${printable(called(session))}: ${error.message}\n`)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, sessions.length) }, work))
  const failures = results.filter((result) => "error" in result)
  if (failures.length > 0) process.exitCode = exitCodeOfAll(failures.map(({ error }) => error.exitCode))
  return {
    done: results.flatMap((result) => ("done" in result ? [result.done] : [])),
    failed: failures.map(({ error, session }) => ({ session, error: error.toJSON() }))
  }
}

/** That of all of them if they agree, else that something failed. */
export const exitCodeOfAll = (codes: ReadonlyArray<number>): number =>
  codes.every((code) => code === codes[0]) ? (codes[0] ?? ExitCode.Done) : ExitCode.Failed
