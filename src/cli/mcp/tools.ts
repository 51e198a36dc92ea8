/**
 * Offers the tools of `contract/tools/Tools.ts` to a client: as they are described in `tools.json`, with the functions behind them.
 */
import { fromJsonSchema, type McpServer, type ServerContext } from "@modelcontextprotocol/server"
import type { ToolName } from "../../contract/tools/Tools.ts"
import { answer, refused } from "./Answer.ts"
import { ArgumentValidator } from "./ArgumentValidator.ts"
import { agentTools } from "./agentTools.ts"
import type { Daemon } from "./Daemon.ts"
import { messageTools } from "./messageTools.ts"
import { sessionTools } from "./sessionTools.ts"
import type { Run, Runs } from "./Tool.ts"
import definitions from "./tools.json" with { type: "json" }

export const validator = new ArgumentValidator()

const runs: Runs = { ...agentTools, ...messageTools, ...sessionTools }

/** `flags`: which of the tools that are not offered to everybody are wanted. */
export const offerTools = (server: McpServer, daemon: Daemon, flags: ReadonlyArray<string>): void => {
  for (const { annotations, description, flag, inputSchema, name, outputSchema, title } of definitions) {
    if (flag !== undefined && !flags.includes(flag)) continue
    // The table and the functions are checked against each other by their types; the list is written from the table.
    const run = runs[name as ToolName] as Run<ToolName>
    server.registerTool(
      name,
      {
        title,
        description,
        annotations,
        inputSchema: fromJsonSchema(inputSchema as object, validator),
        outputSchema: fromJsonSchema(outputSchema as object, validator)
      },
      async (params, context) => {
        try {
          const { signal } = context.mcpReq
          return answer(await run(params as never, { daemon, signal, progress: progressOf(context) }))
        } catch (error) {
          return refused(error)
        }
      }
    )
  }
}

/** Tells the client, if it has asked for it. */
const progressOf = ({ mcpReq }: ServerContext) => {
  const progressToken = mcpReq._meta?.progressToken
  return (progress: number, total: number, message: string): void => {
    if (progressToken === undefined) return
    // A client that has gone is noticed elsewhere.
    mcpReq
      .notify({ method: "notifications/progress", params: { progressToken, progress, total, message } })
      .catch(() => {})
  }
}
