/**
 * The far end of a copy: takes one request from its standard input, and reads or writes files as the user that it runs as.
 */
import { isAbsolute, join } from "node:path"
import type { Readable, Writable } from "node:stream"
import { COPY_VERSION, CopyFrame, type Opening } from "../../contract/CopyFrames.ts"
import { AgentdError } from "../AgentdError.ts"
import { Channel, readJson } from "./Channel.ts"
import { receiveFiles } from "./receiveFiles.ts"
import { sendFiles } from "./sendFiles.ts"

export interface Recorded {
  readonly type: "files.sent" | "files.received"
  readonly path: string
  readonly files: number
  readonly bytes: number
  readonly peer: string
}

export interface ServeOptions {
  readonly input: Readable
  readonly output: Writable
  readonly home: string
  readonly record: (what: Recorded) => Promise<void>
}

/** @throws what went wrong; the other end has been told */
export const serveFiles = async ({ home, input, output, record }: ServeOptions): Promise<void> => {
  const channel = new Channel(input, output)
  try {
    const { base, force, mode, name, path, peer, skip } = opening(await channel.expect(CopyFrame.Open))
    const file = isAbsolute(path) ? path : join(base ?? home, path)
    if (mode === "read") {
      await sendFiles({
        channel,
        source: file,
        base,
        skip,
        record: (what) => record({ type: "files.sent", peer, ...what })
      })
    } else {
      await receiveFiles({
        channel,
        wanted: { path: file, base, name, force },
        record: (what) => record({ type: "files.received", peer, ...what })
      })
    }
  } catch (error) {
    await channel.fail(error)
    throw error
  }
}

const opening = (payload: Buffer): Opening => {
  const asked = readJson(payload) as Opening | null
  if (asked?.version !== COPY_VERSION) {
    throw new AgentdError(
      "ProtocolVersion",
      `The two versions of agentctl copy files in different ways. Upgrade the older of the two.`
    )
  }
  return asked
}
