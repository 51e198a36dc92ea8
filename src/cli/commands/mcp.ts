import { AgentctlCommand } from "../AgentctlCommand.ts"
import { Flags } from "../Oclif.ts"

export default class Mcp extends AgentctlCommand {
  static override summary = "Serve messages, agents and sessions to a model, over the Model Context Protocol."
  static override description =
    "Started by an MCP client, which speaks to it over standard input and output; docs/mcp.md has a line for each of the usual ones. The agent it speaks for is the one whose session the client runs in."
  static override examples = [
    "claude mcp add agentd -- <%= config.bin %> <%= command.id %>",
    "codex mcp add agentd -- <%= config.bin %> <%= command.id %>"
  ]
  static override enableJsonFlag = false
  static override enableHostFlag = false
  static override flags = {
    typing: Flags.boolean({ summary: "Also offer the tool that types into other sessions." })
  }

  async run() {
    const { flags } = await this.parse(Mcp)
    if (process.stdin.isTTY)
      this.note("This speaks MCP on standard input and is started by MCP clients. Ctrl-C ends it.")
    const { serve } = await import("../mcp/serve.ts")
    await serve({ flags: flags.typing ? ["typing"] : [] })
  }
}
