/**
 * The daemon of another machine: what it says when it is started there, and whether we understand each other.
 */
import { PROTOCOL_MAX, PROTOCOL_MIN } from "../../contract/Limits.ts"
import { AgentdError } from "../AgentdError.ts"
import { Connection } from "../Connection.ts"
import type { Remote } from "./TunnelState.ts"

/** Milliseconds for its greeting. */
const HELLO_MS = 10_000

/** Trying again would not help. */
export class Unusable extends Error {}

export const lastLine = (text: string): string =>
  text
    .split("\n")
    .findLast((line) => line.trim() !== "")
    ?.trim()
    .slice(0, 200) ?? ""

/** The answer of `agentctl daemon start --json`, from a machine that may answer anything. */
export const parseStarted = (answer: string): Remote => {
  // A shell over there may print a greeting first.
  const text = answer.slice(Math.max(0, answer.indexOf("{")))
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new Unusable("what it calls agentctl gives no answer that this version understands")
  }
  const status = (parsed as { readonly status?: Readonly<Record<string, unknown>> } | null)?.status
  const { socket, version } = status ?? {}
  // A colon would end the path in ssh's -L.
  if (typeof socket !== "string" || !/^\/[^:\s\0]+$/.test(socket) || typeof version !== "string") {
    throw new Unusable("what it calls agentctl does not tell where its daemon listens")
  }
  return { socket, version }
}

/** @throws Unusable when no protocol version is common to both */
export const greet = async (api: string): Promise<void> => {
  const connection = await Connection.open(api)
  try {
    const protocol = { min: PROTOCOL_MIN, max: PROTOCOL_MAX }
    await connection.request("hello", { protocol }, { timeoutMs: HELLO_MS })
  } catch (error) {
    if (error instanceof AgentdError && error.tag === "ProtocolVersion") throw new Unusable(error.message)
    throw error
  } finally {
    connection.close()
  }
}
