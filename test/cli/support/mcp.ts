/** MCP clients of a test: the official SDK's, each with an `agentctl mcp` of its own, within a session or outside of all. */
import { Client, type ClientOptions } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import { onTestFinished } from "vitest"
import type { SessionAccess } from "../../../src/contract/session/Session.ts"
import type { ToolArguments, ToolName, ToolResult } from "../../../src/contract/tools/Tools.ts"
import type { Sandbox } from "../../support/Sandbox.ts"
import { program } from "./agentctl.ts"

/** The version of the protocol that has no handshake, and those that begin with one. */
export const MODERN = "2026-07-28"
export const VERSIONS = [MODERN, "2025-11-25", "2025-06-18"] as const

export interface McpOptions {
  /** Runs it in a session that acts for this agent. Default: outside of all sessions. */
  readonly agent?: string
  /** Runs it in a session without an agent. */
  readonly session?: boolean
  /** Which other sessions that session reaches. Default: those it has started. */
  readonly access?: SessionAccess
  readonly version?: string
  /** Where the client runs. Default: outside of all repositories. */
  readonly cwd?: string
  readonly args?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
}

/** Milliseconds a tool may take on a busy machine. */
const CALL_MS = 60_000

const speaking = (version: string): ClientOptions =>
  version === MODERN ? { versionNegotiation: { mode: { pin: version } } } : { supportedProtocolVersions: [version] }

export class McpClient {
  readonly client: Client
  readonly transport: StdioClientTransport
  /** What the server wrote to standard error. */
  stderr = ""
  /** Resources that the server has said to have changed. */
  readonly updated: Array<string> = []

  constructor(
    sandbox: Pick<Sandbox, "env">,
    { access, agent, args = [], cwd = "/", env = {}, session, version = MODERN }: McpOptions
  ) {
    const own = [program, "mcp", ...args]
    const reach = access === undefined ? [] : ["--access", access]
    const within = ["run", ...(agent === undefined ? [] : ["--agent", agent]), ...reach]
    // A session whose input is a pipe carries the protocol byte for byte.
    const [command, ...rest] = agent === undefined && session !== true ? own : [program, ...within, "--", ...own]
    this.client = new Client({ name: "a test", version: "1" }, { ...speaking(version), listMaxPages: 1 })
    this.transport = new StdioClientTransport({
      command: command!,
      args: rest,
      env: { ...sandbox.env, ...env },
      cwd,
      stderr: "pipe"
    })
    this.transport.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString("utf8")
    })
    this.client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
      this.updated.push(params.uri)
    })
  }

  static async open(sandbox: Pick<Sandbox, "env">, options: McpOptions = {}): Promise<McpClient> {
    const made = new McpClient(sandbox, options)
    onTestFinished(() => made.client.close())
    await made.client.connect(made.transport)
    return made
  }

  /** What a tool answers; an error is thrown with the text the model reads. */
  async call<N extends ToolName>(name: N, args: ToolArguments<N>, options: { readonly signal?: AbortSignal } = {}) {
    const result = await this.raw(name, args as Record<string, unknown>, options)
    if (result.isError === true) throw new Error(textOf(result))
    return result.structuredContent as unknown as ToolResult<N>
  }

  raw(name: string, args: Record<string, unknown>, options: { readonly signal?: AbortSignal } = {}) {
    return this.client.callTool({ name, arguments: args }, { timeout: CALL_MS, ...options })
  }
}

export const textOf = ({ content }: Awaited<ReturnType<McpClient["raw"]>>): string =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("\n")
