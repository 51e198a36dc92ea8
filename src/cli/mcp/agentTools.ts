/** Tools about agents: who one is, who there is, who works on what. */
import { resolve } from "node:path"
import { given, standing } from "../standing.ts"
import { NOTICE } from "./Answer.ts"
import { toolAgent } from "./shapes.ts"
import type { Runs } from "./Tool.ts"

export const agentTools: Runs<"whoami" | "register_agent" | "list_agents" | "who_has"> = {
  whoami: async (_, { daemon, signal }) => {
    const { agent, kind, session, workspace, worktree } = await daemon.call("agent.whoami", standing(), signal)
    return {
      kind,
      agent: agent === null ? null : toolAgent(agent),
      session,
      workspace: workspace?.path ?? null,
      worktree
    }
  },

  register_agent: async (params, { daemon, signal }) => {
    const { agent, outcome } = await daemon.call("agent.register", { ...params, ...standing() }, signal)
    return { agent: toolAgent(agent), outcome }
  },

  list_agents: async (params, { daemon, signal }) => {
    const { agents } = await daemon.call("agent.list", { ...given(params), ...standing() }, signal)
    return { notice: NOTICE.names, agents: agents.map(toolAgent) }
  },

  who_has: async ({ path }, { daemon, signal }) => {
    const found = await daemon.call("agent.whoHas", { path: resolve(path), ...standing() }, signal)
    return {
      path: found.path,
      holders: found.holders.map(({ agent, branch, files, session, state }) => ({
        agent: agent === null ? null : `@${agent.name}`,
        session: session.name,
        branch,
        state,
        files
      })),
      problems: found.problems.map(({ reason, session }) => `${session}: ${reason}`)
    }
  }
}
