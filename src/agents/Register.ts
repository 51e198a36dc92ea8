/**
 * The rules for registering a name: who may take it up, and who is told no. A decision over data, without I/O.
 */
import type { AgentRef } from "../contract/Identity.ts"
import type { AgentRecord } from "./AgentStore.ts"

export interface Claim {
  readonly name: string
  /** The agent of that name in the workspace, if there is one. */
  readonly holder: AgentRecord | null
  /** The live session that acts for the holder. */
  readonly heldBy: { readonly id: string; readonly name: string } | null
  /** This installation. */
  readonly origin: string
  /** The session that is to act for it, with the agent it acts for now. */
  readonly session: { readonly id: string; readonly agent: AgentRef | null } | null
  readonly worktree: string | null
  /** Is a person asking, outside of any session? */
  readonly person: boolean
  /** The agent that asks. */
  readonly by: string | null
  readonly move: boolean
}

export type Ruling =
  | { readonly do: "register" }
  /** It is there and may be taken up; its working tree becomes the claimant's. */
  | { readonly do: "take"; readonly agent: AgentRecord }
  | { readonly do: "refuse"; readonly reason: string }
  /** Not for the name's sake: the session acts for another agent. */
  | { readonly do: "stay"; readonly reason: string }

export const rule = ({ by, heldBy, holder, move, name, origin, person, session, worktree }: Claim): Ruling => {
  const refuse = (reason: string): Ruling => ({ do: "refuse", reason })
  const acting = session?.agent ?? null
  if (acting !== null && acting.id !== holder?.id) {
    const own = `agentctl run --agent ${name} -- PROGRAM`
    return {
      do: "stay",
      reason: `This session acts for @${acting.name}. Another agent needs a session of its own ("${own}").`
    }
  }
  if (holder === null) return { do: "register" }
  if (acting !== null) return { do: "take", agent: holder }
  if (holder.kind === "person") return refuse("it is a person's.")
  if (holder.origin !== origin) return refuse(`it belongs to an agent on ${holder.host}. Choose another.`)
  if (heldBy !== null && heldBy.id !== session?.id) {
    return refuse(`the live session ${heldBy.name} acts for it. Stop that session, or choose another name.`)
  }
  if (holder.worktree !== worktree && !move) {
    const where = holder.worktree ?? "no working tree"
    return refuse(`it belongs to ${where}. To have it here instead, say so (--move).`)
  }
  // An agent that starts sessions for others may do so for those it made, never for somebody else's.
  if (!person && by !== null && holder.by !== by && holder.id !== by) {
    return refuse(`@${name} was not registered by you. A person has to start a session for it.`)
  }
  return { do: "take", agent: holder }
}
