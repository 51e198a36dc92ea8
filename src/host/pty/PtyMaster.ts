/**
 * The master side of a PTY: what a program prints, read as it comes, and what it is typed.
 *
 * Reading and writing is ours, on the descriptor itself. node-pty's own reader closes the master 200 ms after the program's end, which
 * loses output on a busy machine, and its writer spins while the program does not read.
 */
import { closeSync, constants, openSync } from "node:fs"
import { ReadStream } from "node:tty"
import type { HandedSession } from "../../contract/Handover.ts"
import type { PtyAddon } from "./PtyAddon.ts"
import { type Pending, PtyInput, type WriteNotes } from "./PtyInput.ts"

export interface PtyMaster {
  /**
   * Calls `onData` with each chunk, in order, then `onEnd` once after the last: the kernel reports the end (EIO) only when
   * every byte has been read. The chunk's memory is reused after `onData` returns.
   */
  readonly start: (onData: (chunk: Buffer) => void, onEnd: () => void) => void
  /** Queues input; `onTaken` runs when the kernel has all of it, and `notes` are made around each write(2). */
  readonly write: (bytes: Uint8Array, onTaken?: () => void, notes?: WriteNotes) => void
  /** Bytes queued that the program has not taken. */
  readonly backlog: () => number
  readonly resize: (cols: number, rows: number) => void
  /** Stops and continues reading: the program then blocks once the kernel's buffer is full. */
  readonly pause: () => void
  readonly resume: () => void
  /** Closes the master; the kernel sends SIGHUP to the program's session. */
  readonly close: () => void
  /** For the daemon's next version, which must write the input anew; null once it is closed. */
  readonly handOver: () =>
    | (Pick<HandedSession, "master" | "slave"> & { readonly pending: ReadonlyArray<Pending> })
    | null
}

/** Where a master's reads land, and what is done once a chunk has been handled. Without one, a buffer that all masters share. */
export interface ReceiveSlot {
  readonly buffer: Buffer
  readonly handled: (length: number) => void
}

/**
 * Keeps the slave side open until the program has ended. Otherwise the terminal is over for the kernel, and the program is sent
 * SIGHUP, as soon as it has redirected its input and output elsewhere.
 */
export class HeldSlave {
  fd: number | null
  constructor(fd: number | null) {
    this.fd = fd
  }

  release(): void {
    if (this.fd !== null) closeSync(this.fd)
    this.fd = null
  }
}

export const openSlave = ({ fd, pty }: { readonly fd: number; readonly pty: string }): HeldSlave => {
  try {
    return new HeldSlave(openSync(pty, constants.O_RDWR | constants.O_NOCTTY))
  } catch (cause) {
    closeSync(fd)
    throw cause
  }
}

/**
 * What one read of a busy terminal gives on Linux (n_tty.c). A larger buffer is never full, so that libuv would ask the kernel
 * each time whether there is more; a full one is simply read again, 32 times at the most. Reads are synchronous, so all masters
 * share it.
 */
const READ_BYTES = 4_095
const shared = Buffer.allocUnsafeSlow(READ_BYTES)

export const masterOf = (fd: number, addon: PtyAddon, hold: HeldSlave, slot?: ReceiveSlot): PtyMaster => {
  const buffer = slot?.buffer.subarray(0, READ_BYTES) ?? shared
  let ended = false
  let onData: (chunk: Buffer) => void = () => {}
  let onEnd: () => void = () => {}
  const input = new PtyInput(fd)
  const stream = new ReadStream(fd, {
    onread: {
      buffer,
      callback: (length) => {
        // A view is an object of its own, and most of a busy program's output comes in full reads.
        onData(length === buffer.length ? buffer : buffer.subarray(0, length))
        slot?.handled(length)
        input.look()
        return true
      }
    }
  })
  const end = () => {
    if (ended) return
    ended = true
    input.close()
    stream.destroy()
    onEnd()
  }
  // EIO is how Linux says that the last holder of the slave side is gone; whatever else it is, the terminal is over.
  stream.on("error", end)
  stream.on("close", end)
  stream.pause()
  return {
    start: (data, done) => {
      onData = data
      onEnd = done
      stream.resume()
    },
    write: (bytes, onTaken, notes) => {
      // Once destroyed, the descriptor's number may belong to something else.
      if (!stream.destroyed) input.write(bytes, onTaken, notes)
    },
    backlog: () => input.backlog,
    resize: (cols, rows) => {
      if (!stream.destroyed) addon.resize(fd, cols, rows)
    },
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    close: () => {
      hold.release()
      input.close()
      stream.destroy()
    },
    handOver: () => (stream.destroyed ? null : { master: fd, slave: hold.fd, pending: input.pending })
  }
}
