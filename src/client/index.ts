/**
 * agentd/client: talk to the agentd daemon from a program.
 *
 * ```ts
 * import { Client } from "agentd/client"
 *
 * await using client = new Client({ start: true })
 * const session = await client.call("session.start", { argv: ["make", "test"], cwd: process.cwd() })
 * await using terminal = await client.attach({ session: session.id, from: "start", lossy: "bytes" })
 * for await (const message of terminal) {
 *   if (message.type === "output") process.stdout.write(message.bytes)
 *   if (message.type === "exit") process.exitCode = message.exit.code ?? 1
 * }
 * ```
 *
 * Everything is a Promise or an AsyncIterable; every failure is an `AgentdError` with a `tag`.
 */
export type { Event, EventBody, EventType } from "../contract/Event.ts"
export type { MethodName, Methods, Params, Result } from "../contract/Methods.ts"
export type { Session, SessionClient, SessionExit, SessionStatus } from "../contract/session/Session.ts"
export type { StartParams } from "../contract/session/SessionRequests.ts"
export type { AttachParams, Screen } from "../contract/session/SessionTerminal.ts"
export { AgentdError, type AgentdErrorTag } from "./AgentdError.ts"
export { Attachment } from "./attachment/Attachment.ts"
export type { AttachmentMessage, LastingMessage, ProgramExit } from "./attachment/AttachmentMessage.ts"
export type { LastingAttachment, LastingOptions } from "./attachment/LastingAttachment.ts"
export { Client, type ClientOptions } from "./Client.ts"
export type { RequestOptions } from "./Connection.ts"
export { type EnsureDaemonOptions, ensureDaemon } from "./EnsureDaemon.ts"
export { findSocket } from "./Places.ts"
export type { WatchOptions } from "./Watch.ts"
