/**
 * journald's native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram an entry, fields by name, any byte in
 * their values.
 *
 * A journal that takes nothing must not stop the event loop: entries wait in memory, up to a limit, and beyond it are counted.
 */
import { closeSync, fstatSync, writeSync } from "node:fs"
import { Context } from "effect"
import { libc } from "../Libc.ts"

const JOURNAL_SOCKET = "/run/systemd/journal/socket"

/**
 * Bytes of one field; the rest is cut off. A datagram holds about 200 KiB (net.core.wmem_default), and what is longer would have to
 * travel as a sealed file: a line of ours that long is a mistake, not information.
 */
export const MAX_FIELD_BYTES = 32 * 1024

/** Entries, and bytes of them, that wait for a journal that is busy. */
const MAX_WAITING = 1_000
const MAX_WAITING_BYTES = 1024 * 1024

/** Milliseconds until a journal that was busy is tried again. */
const RETRY_MS = 100

export type Fields = Readonly<Record<string, string>>

/** Names are ours and so never wrong; values may hold anything. */
export const encodeEntry = (fields: Fields): Buffer =>
  Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => {
      const bytes = cut(Buffer.from(value))
      if (!bytes.includes(NEWLINE)) return [Buffer.from(`${name}=`), bytes, END]
      const length = Buffer.alloc(8)
      length.writeBigUInt64LE(BigInt(bytes.length))
      return [Buffer.from(`${name}\n`), length, bytes, END]
    })
  )

const NEWLINE = 0x0a
const END = Buffer.from("\n")

/** Not in the middle of a character. */
const cut = (bytes: Buffer): Buffer => {
  if (bytes.length <= MAX_FIELD_BYTES) return bytes
  const more = Buffer.from(` … (${bytes.length} bytes)`)
  let end = MAX_FIELD_BYTES - more.length
  while ((bytes[end]! & 0xc0) === 0x80) end -= 1
  return Buffer.concat([bytes.subarray(0, end), more])
}

/** Whether a descriptor is the stream to the journal that systemd opened: JOURNAL_STREAM= of systemd.exec(5). */
export const isJournal = (stream: string | undefined, fd: number): boolean => {
  const [, device, inode] = /^(\d+):(\d+)$/.exec(stream ?? "") ?? []
  if (device === undefined || inode === undefined) return false
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true })
    return dev === BigInt(device) && ino === BigInt(inode)
  } catch {
    return false
  }
}

/** Not so where standard error was redirected, or is a terminal that was started from a service. */
export const standardErrorIsJournal = (): boolean => isJournal(process.env.JOURNAL_STREAM, 2)

/** How many lines of the log were lost so far. */
export const LogLosses = Context.Reference<() => number>("agentd/host/LogLosses", { defaultValue: () => () => 0 })

export interface JournalOptions {
  readonly path?: string
  /** Takes an entry where there is no journal (any more). */
  readonly fallback: (fields: Fields) => void
  /** Fields of the entry that says how many before it were lost. */
  readonly lost: (count: number) => Fields
}

export class Journal {
  readonly #options: JournalOptions
  readonly #waiting: Array<{ readonly fields: Fields; readonly bytes: Buffer }> = []
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined
  #fd: number | null = null
  #untold = 0
  /** Entries that were neither taken nor kept. */
  lost = 0

  constructor(options: JournalOptions) {
    this.#options = options
  }

  write(fields: Fields): void {
    const entry = { fields, bytes: encodeEntry(fields) }
    if (this.#waiting.length > 0 || !this.#deliver(entry)) this.#keep(entry)
  }

  /** The last chance of what waits, before the process ends. */
  flush(): void {
    this.#drain()
    for (const { fields } of this.#waiting.splice(0)) this.#options.fallback(fields)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#disconnect()
  }

  /** False when it should be tried again. */
  #deliver({ bytes, fields }: { readonly fields: Fields; readonly bytes: Buffer }): boolean {
    const outcome = this.#send(bytes)
    if (outcome === "gone") this.#options.fallback(fields)
    return outcome !== "busy"
  }

  #keep(entry: { readonly fields: Fields; readonly bytes: Buffer }): void {
    if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes + entry.bytes.length > MAX_WAITING_BYTES) {
      this.lost += 1
      this.#untold += 1
      return
    }
    this.#waiting.push(entry)
    this.#waitingBytes += entry.bytes.length
    this.#tryLater()
  }

  #tryLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#drain()
    }, RETRY_MS).unref()
  }

  #drain(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#deliver(next)) break
      this.#waiting.shift()
      this.#waitingBytes -= next.bytes.length
    }
    if (this.#waiting.length > 0) this.#tryLater()
    else if (this.#untold > 0) {
      const count = this.#untold
      this.#untold = 0
      this.write(this.#options.lost(count))
    }
  }

  /** A journal that was restarted has another socket: connected anew, once. */
  #send(bytes: Buffer): "sent" | "busy" | "gone" {
    for (let attempt = 0; attempt < 2; attempt++) {
      this.#fd ??= connectDatagram(this.#options.path ?? JOURNAL_SOCKET)
      if (this.#fd === null) return "gone"
      try {
        writeSync(this.#fd, bytes)
        return "sent"
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException
        if (code === "EAGAIN" || code === "ENOBUFS") return "busy"
        if (code === "EMSGSIZE") return "gone"
        this.#disconnect()
      }
    }
    return "gone"
  }

  #disconnect(): void {
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
  }
}

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000

/** Node has no Unix datagram sockets, but writes to a descriptor that is one. Null when nobody listens there. */
const connectDatagram = (path: string): number | null => {
  const { connect, socket } = libc()
  if (connect === undefined || socket === undefined) return null
  const name = Buffer.from(path)
  // struct sockaddr_un: the family, then the path with a NUL behind it.
  const address = Buffer.alloc(2 + name.length + 1)
  new Uint16Array(address.buffer, address.byteOffset, 1)[0] = AF_UNIX
  name.copy(address, 2)
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) return null
  if (connect(fd, address, address.length) === 0) return fd
  closeSync(fd)
  return null
}
