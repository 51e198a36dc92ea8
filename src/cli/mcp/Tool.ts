/** What a tool is given, and the shape of the functions behind the tools. */
import type { ToolArguments, ToolName, ToolResult } from "../../contract/tools/Tools.ts"
import type { Daemon } from "./Daemon.ts"

export interface ToolCall {
  readonly daemon: Daemon
  /** The client has cancelled the call, or is gone. */
  readonly signal: AbortSignal
  /** Tells the client how far it has come, if the client wants to know. */
  readonly progress: (done: number, of: number, message: string) => void
}

export type Run<N extends ToolName> = (params: ToolArguments<N>, call: ToolCall) => Promise<ToolResult<N>>

export type Runs<N extends ToolName = ToolName> = { readonly [K in N]: Run<K> }
