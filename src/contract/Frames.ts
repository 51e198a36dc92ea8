/**
 * The binary frames that travel on a connection after `session.attach`, in both directions, until detach.
 *
 * A frame is `[type u8][length u32 BE][payload]`, payload at most `MAX_FRAME_BYTES`. A type with the high bit set may be
 * ignored by whoever does not know it; any other unknown type ends the connection with a protocol error.
 * All numbers are big-endian; offsets and sequence numbers are u64.
 */
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
  /** server → client: JSON `{code, signal, by}`, the program has ended and every byte of it has been sent. */
  Exit: 0x07,
  /** either way: the attachment ends; server → client with a UTF-8 reason. The connection then speaks JSON-RPC again. */
  Detach: 0x08,
  /** either way, answered by `Pong` with the same payload of at most 64 bytes. */
  Ping: 0x09,
  Pong: 0x0a,
  /** client → server: `[]`, send a fresh `Snapshot`. */
  Redraw: 0x0b,
  /** server → client: JSON error `{code, message, data}`; the connection closes after it. */
  Error: 0x0c,
  /** client → server: `[]`, no more input: the program is sent its end-of-file character. */
  Eof: 0x0d,
  /** server → client, may be ignored: UTF-8 notice for the person at the terminal. */
  Notice: 0x81
} as const

export type FrameType = (typeof FrameType)[keyof typeof FrameType]

/** Bytes of a frame's header. */
export const FRAME_HEADER_BYTES = 5
