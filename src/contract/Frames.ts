/**
 * The binary frames that travel on a connection after `session.attach`, in both directions, until detach.
 *
 * A frame is `[type u8][length u32 BE][payload]`, payload at most `MAX_FRAME_BYTES`. A type with the high bit set may be
 * ignored by whoever does not know it; any other unknown type ends the connection with a protocol error.
 * All numbers are big-endian; offsets and sequence numbers are u64.
 */
import { MAX_SIZE, MIN_SIZE } from "./Limits.ts"

export const FrameType = {
  /** server → client: `[offset u64][bytes]`, output that starts at `offset`. */
  Output: 0x01,
  /** client → server: `[seq u64][bytes]`, typed input; `seq` counts this client's input frames from 1. */
  Input: 0x02,
  /** server → client: `[seq u64]`, every input frame up to `seq` has been taken for the program, once. */
  Ack: 0x03,
  /** client → server: `[cols u16][rows u16]`, this client's terminal size. server → client: the session's new size. */
  Resize: 0x04,
  /** server → client: `[from u64][to u64]`, these bytes are skipped; a `Snapshot` follows where one can be made. */
  Gap: 0x05,
  /** server → client: `[offset u64][bytes]`, escape sequences that redraw the screen as it is at `offset`. */
  Snapshot: 0x06,
  /**
   * server → client: JSON `SessionExit`, the program has ended and every byte of it has been sent. The connection stays in
   * frames until the client answers with `Detach` or closes.
   */
  Exit: 0x07,
  /**
   * either way: the attachment ends; server → client with a UTF-8 reason. Whoever receives it answers with a `Detach`, unless it
   * sent one itself; after both have crossed, the connection speaks JSON-RPC again. Frames that arrive in between are dropped.
   */
  Detach: 0x08,
  /** either way, answered by `Pong` with the same payload of at most 64 bytes. */
  Ping: 0x09,
  Pong: 0x0a,
  /** client → server: `[]`, send a fresh `Snapshot`. */
  Redraw: 0x0b,
  /** server → client: JSON error `{code, message, data}`; the connection closes after it. */
  Error: 0x0c,
  /** client → server: `[]`, or `[seq u64]` to have it numbered and acknowledged like input, no more input: a `stdin: "pipe"` session's pipe is closed; a terminal is sent its end-of-file character. */
  Eof: 0x0d,
  /** server → client, may be ignored: UTF-8 notice for the person at the terminal. */
  Notice: 0x81,
  /**
   * server → client, may be ignored: `[bits u8][from u64]`, this client's part in the session. Bit 0: it may type. Bit 1: its terminal
   * answers when output from offset `from` on asks something; without it nobody may see an answer of its. client → server:
   * `[mode u8]`, to view (0), to write (1), or to take the session (2).
   */
  Role: 0x82,
  /** server → client, may be ignored, only to one that `accepts` it: JSON `Offer`, what a program in the session asks to have done there. */
  Offer: 0x83
} as const

export type FrameType = (typeof FrameType)[keyof typeof FrameType]

/** What a client asks to be with a `Role` frame. */
export const RoleWanted = { View: 0, Write: 1, Take: 2 } as const

const MAY_TYPE = 1
const ANSWERS = 2

export const role = (mayType: boolean, answers: boolean): Buffer =>
  Buffer.of((mayType ? MAY_TYPE : 0) | (answers ? ANSWERS : 0))

/** @throws FrameError when the payload is no role */
export const readRole = (payload: Buffer) => {
  const bits = payload[0] ?? 0
  return { mayType: (bits & MAY_TYPE) !== 0, answers: (bits & ANSWERS) !== 0, from: readU64(payload, 1) }
}

/** Bytes of a frame's header. */
export const FRAME_HEADER_BYTES = 5

/** The peer broke the protocol; the connection cannot go on. */
export class FrameError extends Error {
  override readonly name = "FrameError"
}

/** u64, as offsets and sequence numbers travel; safe integers only, so 2^53 bytes of output are the end of a session. */
export const u64 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** @throws FrameError when it is missing or larger than any offset can be */
export const readU64 = (payload: Buffer, at = 0): number => {
  if (payload.length < at + 8) throw new FrameError(`a payload of ${payload.length} bytes is too short`)
  const value = payload.readBigUInt64BE(at)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FrameError(`${value} is larger than 2^53`)
  return Number(value)
}

export const size = (cols: number, rows: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt16BE(clampSize(cols), 0)
  bytes.writeUInt16BE(clampSize(rows), 2)
  return bytes
}

/** @throws FrameError when the payload is no size */
export const readSize = (payload: Buffer): { readonly cols: number; readonly rows: number } => {
  if (payload.length !== 4) throw new FrameError(`a size has 4 bytes, not ${payload.length}`)
  return { cols: clampSize(payload.readUInt16BE(0)), rows: clampSize(payload.readUInt16BE(2)) }
}

/** Terminals report 0×0 and absurd sizes; a program must never see them. */
export const clampSize = (cells: number): number =>
  Math.min(MAX_SIZE, Math.max(MIN_SIZE, Math.trunc(cells) || MIN_SIZE))
