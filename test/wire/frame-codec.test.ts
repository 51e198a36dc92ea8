import fc from "fast-check"
import { expect, test } from "vitest"
import { FRAME_HEADER_BYTES, FrameError, FrameType, readSize, readU64, size, u64 } from "../../src/contract/Frames.ts"
import { MAX_FRAME_BYTES } from "../../src/contract/Limits.ts"
import { encodeFrame, FrameDecoder } from "../../src/wire/FrameCodec.ts"
import { cut, lengths } from "./pieces.ts"

interface Copy {
  readonly type: number
  readonly payload: Buffer
}

const decode = (chunks: ReadonlyArray<Buffer>, decoder = new FrameDecoder()): ReadonlyArray<Copy> => {
  const frames: Array<Copy> = []
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk)
    decoder.push(lent, ({ payload, type }) => {
      frames.push({ type, payload: Buffer.from(payload) })
      return true
    })
    lent.fill(0xff)
  }
  return frames
}

const known = fc.constantFrom(...Object.values(FrameType))
const frame = fc.tuple(known, fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }))
const header = (type: number, length: number) => {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES)
  bytes[0] = type
  bytes.writeUInt32BE(length, 1)
  return bytes
}

test("frames come out as they went in, however the bytes were cut", () => {
  fc.assert(
    fc.property(fc.array(frame), lengths, (frames, sizes) => {
      const bytes = Buffer.concat(frames.map(([type, parts]) => encodeFrame(type, ...parts)))
      expect(decode(cut(bytes, sizes))).toEqual(
        frames.map(([type, parts]) => ({ type, payload: Buffer.concat(parts) }))
      )
    })
  )
})

test("a frame of exactly the limit is taken", () => {
  const payload = Buffer.alloc(MAX_FRAME_BYTES, 7)
  expect(decode(cut(encodeFrame(FrameType.Output, payload), [65_536]))).toEqual([{ type: FrameType.Output, payload }])
})

test("one byte over the limit is refused by its header alone", () => {
  expect(() => decode([header(FrameType.Input, MAX_FRAME_BYTES + 1)])).toThrow(FrameError)
  expect(() => decode([header(FrameType.Input, 0xffff_ffff)])).toThrow(/4294967295 bytes/)
})

test("an unknown type with the high bit set is passed over, any other ends the conversation", () => {
  const ping = encodeFrame(FrameType.Ping)
  expect(decode([header(0xfe, 3), Buffer.from("abc"), ping])).toEqual([
    { type: FrameType.Ping, payload: Buffer.alloc(0) }
  ])
  expect(() => decode([header(0x7f, 0)])).toThrow(/unknown frame type 0x7f/)
  expect(() => decode([header(0, 0)])).toThrow(FrameError)
})

test("random bytes are frames or a FrameError, never anything else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 256 }), lengths, (bytes, sizes) => {
      try {
        for (const { payload } of decode(cut(Buffer.from(bytes), sizes))) {
          expect(payload.length).toBeLessThanOrEqual(bytes.length)
        }
      } catch (cause) {
        expect(cause).toBeInstanceOf(FrameError)
      }
    })
  )
})

test("a reader that has enough gets the bytes after its frame back, and the next frame begins afresh", () => {
  const decoder = new FrameDecoder()
  const after = Buffer.from('{"jsonrpc":"2.0"}\n')
  expect(decoder.push(Buffer.concat([encodeFrame(FrameType.Detach), after]), () => false)).toEqual(after)
  expect(decode([encodeFrame(FrameType.Ping)], decoder)).toHaveLength(1)
})

test("a megabyte frame that comes byte by byte takes seconds, not minutes", () => {
  const payload = Buffer.alloc(MAX_FRAME_BYTES, 1)
  expect(decode(cut(encodeFrame(FrameType.Input, payload), [1]))).toEqual([{ type: FrameType.Input, payload }])
}, 10_000)

test("offsets survive the trip up to 2^53 and are refused beyond", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      expect(readU64(u64(value))).toBe(value)
    })
  )
  expect(() => readU64(Buffer.alloc(8, 0xff))).toThrow(FrameError)
  expect(() => readU64(Buffer.alloc(7))).toThrow(/too short/)
})

test("sizes are clamped to 1 to 10000, and nothing but four bytes is a size", () => {
  fc.assert(
    fc.property(fc.double(), fc.integer(), (cols, rows) => {
      const found = readSize(size(cols, rows))
      expect(Math.min(found.cols, found.rows)).toBeGreaterThanOrEqual(1)
      expect(Math.max(found.cols, found.rows)).toBeLessThanOrEqual(10_000)
    })
  )
  expect(readSize(Buffer.from([0, 0, 0xff, 0xff]))).toEqual({ cols: 1, rows: 10_000 })
  expect(() => readSize(Buffer.alloc(3))).toThrow(FrameError)
})
