import { mkdtempSync, rmSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { FrameType } from "../../src/contract/Frames.ts"
import { writeFrame } from "../../src/doors/writeFrame.ts"
import { FrameDecoder } from "../../src/wire/FrameCodec.ts"

const folder = mkdtempSync(join(tmpdir(), "agentd-frames-"))
afterAll(() => rmSync(folder, { recursive: true }))

/** Two ends of a real socket. */
const pair = (path: string): Promise<readonly [Socket, Socket]> =>
  new Promise((resolve) => {
    const server = createServer((there) => {
      server.close()
      resolve([here, there])
    }).listen(path, () => {})
    const here = connect(path)
  })

let sockets = 0

/** Sends frames to a reader that begins late, and returns what arrived. */
const travel = async (lengths: ReadonlyArray<number>): Promise<ReadonlyArray<readonly [number, number, boolean]>> => {
  const [here, there] = await pair(join(folder, `${sockets++}`))
  there.pause()
  lengths.forEach((length, at) => {
    writeFrame(here, FrameType.Output, [Buffer.of(at), Buffer.alloc(length, at)])
  })
  here.end()
  const arrived: Array<readonly [number, number, boolean]> = []
  const decoder = new FrameDecoder()
  there.on("data", (chunk: Buffer) =>
    decoder.push(chunk, ({ payload }) => {
      const at = payload[0]!
      const bytes = payload.subarray(1)
      arrived.push([at, bytes.length, bytes.every((byte) => byte === at)])
      return true
    })
  )
  there.resume()
  await new Promise((resolve) => there.once("close", resolve))
  return arrived
}

const lengths = fc.array(fc.oneof(fc.integer({ min: 0, max: 200_000 }), fc.constantFrom(16_383, 16_384, 131_072)), {
  maxLength: 40
})

describe("frames of any size", () => {
  it("arrive whole and in order, however late they are read", async () => {
    await fc.assert(
      fc.asyncProperty(lengths, async (sent) => {
        expect(await travel(sent)).toEqual(sent.map((length, at) => [at, length, true]))
      }),
      { numRuns: 25 }
    )
  })
})
