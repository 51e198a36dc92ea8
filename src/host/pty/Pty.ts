/**
 * A program on a new PTY, and the master side of one.
 *
 * node-pty forks and waits; reading and writing is ours, on the descriptor itself. Its own reader closes the master 200 ms
 * after the program's end, which loses output on a busy machine, and its writer spins while the program does not read.
 */
import { closeSync, constants, openSync, readdirSync } from "node:fs"
import { isatty, ReadStream } from "node:tty"
import { Context, Effect, Layer } from "effect"
import { LaunchFailed } from "../../contract/errors/Errors.ts"
import type { HandedSession } from "../../contract/Handover.ts"
import { closeOnExec, type Spawning, spawningLibc } from "../Libc.ts"
import { withProgramsMask } from "../self/Umask.ts"
import { loadPtyAddon, type PtyAddon } from "./PtyAddon.ts"
import { type Pending, PtyInput, type WriteNotes } from "./PtyInput.ts"
import { awaitExit, holdEnds, type OnExit, spawn } from "./Spawn.ts"

export interface PtyOptions {
  /** Absolute path of the program. */
  readonly file: string
  /** What it sees as its name. */
  readonly name: string
  /** Its arguments, without the program's name. */
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly cols: number
  readonly rows: number
}

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

/** Both sides of a PTY nobody runs on yet. */
export interface PtyPair {
  readonly master: PtyMaster
  /** The master's descriptor, to be kept elsewhere too. */
  readonly fd: number
  /** To be closed once the program has opened the slave side itself. */
  readonly slaveFd: number
  readonly slavePath: string
}

export interface PtyProcess {
  readonly pid: number
  readonly master: PtyMaster
}

export class Pty extends Context.Service<
  Pty,
  {
    /** Forks the program; `onExit` is called once with its code and signal number (0 for none). */
    readonly spawn: (options: PtyOptions, onExit: OnExit) => Effect.Effect<PtyProcess, LaunchFailed>
    /** A new PTY for a program that somebody else starts. */
    readonly open: (cols: number, rows: number, slot?: ReceiveSlot) => Effect.Effect<PtyPair, LaunchFailed>
    /** The master side of a PTY that an earlier process opened; fails for a descriptor that is none. */
    readonly adopt: (fd: number, slot?: ReceiveSlot) => Effect.Effect<PtyMaster, LaunchFailed>
    /** The same for a child of this process, from before it became another version of itself. */
    readonly adoptChild: (
      child: Pick<HandedSession, "master" | "slave" | "pid">,
      onExit: OnExit
    ) => Effect.Effect<PtyMaster, LaunchFailed>
    /** While held, how programs end is not collected, and is there for the next version. */
    readonly holdEnds: (hold: boolean) => void
  }
>()("agentd/host/Pty") {
  static readonly layer = Layer.effect(
    Pty,
    Effect.sync(() => {
      const { addon, helper } = loadPtyAddon()
      keepInherited()
      const c = spawningLibc()
      const spawnOnPair = ({ args, cols, cwd, env, file, name, rows }: PtyOptions, onExit: OnExit): PtyProcess => {
        const pair = addon.open(cols, rows)
        closeOnExec(pair.master)
        closeOnExec(pair.slave)
        try {
          setModes(c!, pair.slave)
          const command = { file, argv: [name, ...args], env, cwd, terminal: pair.pty }
          const pid = withProgramsMask(() => spawn(c!, command))
          return { pid, master: childsMaster({ ...pair, pid }, onExit) }
        } catch (cause) {
          closeSync(pair.slave)
          closeSync(pair.master)
          throw cause
        }
      }
      const childsMaster = (
        { master: fd, pid, slave }: Pick<HandedSession, "master" | "slave" | "pid">,
        onExit: OnExit
      ): PtyMaster => {
        const hold = new HeldSlave(slave)
        awaitExit(pid, (code, signal) => {
          hold.release()
          onExit(code, signal)
        })
        return master(fd, addon, hold)
      }
      return {
        spawn: (options, onExit) =>
          Effect.try({
            try: () => {
              if (c !== null) return spawnOnPair(options, onExit)
              const env = Object.entries(options.env).map(([key, value]) => `${key}=${value}`)
              const { args, cwd, cols, rows } = options
              // The addon looks the name up as a shell does.
              const file = options.env.PATH === undefined ? options.file : options.name
              let hold: HeldSlave | undefined
              const exited = (code: number, signal: number) => {
                hold?.release()
                onExit(code, signal)
              }
              const forked = withProgramsMask(() =>
                addon.fork(file, args, env, cwd, cols, rows, -1, -1, true, helper, exited)
              )
              closeOnExec(forked.fd)
              hold = openSlave(forked)
              return { pid: forked.pid, master: master(forked.fd, addon, hold) }
            },
            catch: failed
          }),
        open: (cols, rows, slot) =>
          Effect.try({
            try: () => {
              const pair = addon.open(cols, rows)
              closeOnExec(pair.master)
              closeOnExec(pair.slave)
              const { master: fd, pty: slavePath, slave: slaveFd } = pair
              return { fd, slaveFd, slavePath, master: master(fd, addon, new HeldSlave(null), slot) }
            },
            catch: failed
          }),
        adopt: (fd, slot) =>
          Effect.try({
            try: () => {
              if (!isatty(fd)) throw new Error("it is no terminal")
              return master(fd, addon, new HeldSlave(null), slot)
            },
            catch: failed
          }),
        adoptChild: (child, onExit) => Effect.try({ try: () => childsMaster(child, onExit), catch: failed }),
        holdEnds
      }
    })
  )
}

const failed = (cause: unknown) => new LaunchFailed({ reason: cause instanceof Error ? cause.message : String(cause) })

/** Whatever else this process was started with (a pipe of its parent's, sockets of a service manager) is not the programs' business. */
const keepInherited = (): void => {
  const FIRST_AFTER_STDIO = 3
  for (const name of readdirSync("/dev/fd")) {
    const fd = Number(name)
    try {
      if (fd >= FIRST_AFTER_STDIO) closeOnExec(fd)
    } catch {
      // The one that listed the directory is closed again.
    }
  }
}

/** The modes of a terminal as terminal programs set them: a UTF-8 line editor, a bell for input that does not fit. */
const setModes = (c: Spawning, slave: number): void => {
  const [BRKINT, IXANY, IMAXBEL, IUTF8] = [0o2, 0o4000, 0o20000, 0o40000] as const
  const TCSANOW = 0
  // struct termios begins with c_iflag; its 60 bytes fit here.
  const termios = Buffer.alloc(128)
  if (c.tcgetattr(slave, termios) !== 0) return
  termios.writeUInt32LE(termios.readUInt32LE(0) | BRKINT | IXANY | IMAXBEL | IUTF8, 0)
  c.tcsetattr(slave, TCSANOW, termios)
}

/**
 * Keeps the slave side open until the program has ended. Otherwise the terminal is over for the kernel, and the program is sent
 * SIGHUP, as soon as it has redirected its input and output elsewhere.
 */
class HeldSlave {
  fd: number | null
  constructor(fd: number | null) {
    this.fd = fd
  }

  release(): void {
    if (this.fd !== null) closeSync(this.fd)
    this.fd = null
  }
}

const openSlave = ({ fd, pty }: { readonly fd: number; readonly pty: string }): HeldSlave => {
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

const master = (fd: number, addon: PtyAddon, hold: HeldSlave, slot?: ReceiveSlot): PtyMaster => {
  const buffer = slot?.buffer ?? shared
  let ended = false
  let onData: (chunk: Buffer) => void = () => {}
  let onEnd: () => void = () => {}
  const input = new PtyInput(fd)
  const stream = new ReadStream(fd, {
    onread: {
      buffer,
      callback: (length) => {
        onData(buffer.subarray(0, length))
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
