/** What travels after `session.attach`, as tests say and read it. */
import { FrameType, readU64, u64 } from "../../src/contract/Frames.ts"
import type { RawClient } from "./RawClient.ts"

/** Attaches, leaving the connection in frames. */
export const attach = (client: RawClient, session: string, params: object = {}) =>
  client.result("session.attach", { session, from: "start", ...params })

export const type = (client: RawClient, seq: number, text: string) =>
  client.sendFrame(FrameType.Input, u64(seq), Buffer.from(text))

/** Reads output until it contains this; returns all of it. */
export const outputUntil = async (client: RawClient, wanted: string): Promise<string> => {
  let text = ""
  while (!text.includes(wanted)) {
    const frame = await client.frame(FrameType.Output)
    if (frame === null) throw new Error(`the connection ended after ${JSON.stringify(text)}`)
    text += frame.payload.toString("utf8", 8)
  }
  return text
}

/** The error the connection ends with. */
export const failure = async (client: RawClient) => {
  const frame = await client.frame(FrameType.Error)
  if (frame === null) throw new Error("the connection ended without an error")
  return JSON.parse(frame.payload.toString("utf8"))
}

/** Until both have said so, the connection carries frames; afterwards lines again. */
export const detach = async (client: RawClient) => {
  client.sendFrame(FrameType.Detach)
  await client.frame(FrameType.Detach)
}

export const ackOf = async (client: RawClient) => readU64((await client.frame(FrameType.Ack))!.payload)
