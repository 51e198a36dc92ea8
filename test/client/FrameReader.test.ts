import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { FrameReader } from "../../src/client/attachment/FrameReader.ts"
import { FrameType, u64 } from "../../src/contract/Frames.ts"
import { MAX_FRAME_BYTES } from "../../src/contract/Limits.ts"
import { encodeFrame } from "../../src/wire/FrameCodec.ts"

type Seen = { readonly type: number; readonly offset?: number; readonly bytes: Buffer }

/** What comes out, with neighbouring pieces of output put together again. */
const read = (chunks: ReadonlyArray<Buffer>): ReadonlyArray<Seen> => {
  const seen: Array<Seen> = []
  const reader = new FrameReader({
    output: (offset, bytes) => {
      const last = seen.at(-1)
      if (last?.offset !== undefined && last.offset + last.bytes.length === offset) {
        seen[seen.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, bytes]) }
      } else seen.push({ type: FrameType.Output, offset, bytes })
    },
    frame: (type, payload) => seen.push({ type, bytes: payload })
  })
  for (const chunk of chunks) reader.push(chunk)
  return seen
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const frame = fc.oneof(
  fc.tuple(fc.nat(), bytes).map(([offset, data]) => encodeFrame(FrameType.Output, u64(offset), data)),
  fc
    .tuple(fc.constantFrom(FrameType.Ack, FrameType.Snapshot, FrameType.Exit, FrameType.Notice), bytes)
    .map(([type, data]) => encodeFrame(type, data))
)

describe("frames", () => {
  it("come out the same wherever the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (frames, cuts) => {
        const whole = Buffer.concat(frames)
        const places = [0, ...cuts.map((cut) => (whole.length === 0 ? 0 : cut % whole.length)), whole.length]
        places.sort((a, b) => a - b)
        const pieces = places.slice(1).map((place, index) => whole.subarray(places[index]!, place))
        expect(read(pieces)).toEqual(read([whole]))
      })
    )
  })

  it("that are unknown and ignorable are skipped", () => {
    const unknown = Buffer.concat([Buffer.from([0xff, 0, 0, 0, 3]), Buffer.from("abc")])
    const known = encodeFrame(FrameType.Notice, Buffer.from("hello"))
    expect(read([unknown, known])).toEqual([{ type: FrameType.Notice, bytes: Buffer.from("hello") }])
  })

  it("that are unknown and not ignorable end the connection", () => {
    expect(() => read([Buffer.from([0x7f, 0, 0, 0, 0])])).toThrow(/unknown frame type 0x7f/)
  })

  it("over the limit end the connection before a byte of them is kept", () => {
    const header = Buffer.from([FrameType.Snapshot, 0, 0, 0, 0])
    header.writeUInt32BE(MAX_FRAME_BYTES + 1, 1)
    expect(() => read([header])).toThrow(/at most 1048576/)
  })

  it("of output are handed on without waiting for their end, and without a copy", () => {
    const whole = encodeFrame(FrameType.Output, u64(40), Buffer.from("abcdef"))
    const first = whole.subarray(0, 16)
    const pieces: Array<readonly [number, Buffer]> = []
    const reader = new FrameReader({ output: (offset, piece) => pieces.push([offset, piece]), frame: () => {} })
    reader.push(first)
    expect(pieces).toEqual([[40, Buffer.from("abc")]])
    expect(pieces[0]![1].buffer).toBe(first.buffer)
    reader.push(whole.subarray(16))
    expect(pieces[1]).toEqual([43, Buffer.from("def")])
  })
})
