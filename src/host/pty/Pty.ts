/**
 * A program on a new PTY: started here, or by somebody else, or taken over from an earlier process.
 */
import { closeSync, readdirSync } from "node:fs"
import { isatty } from "node:tty"
import { Context, Effect, Layer } from "effect"
import { LaunchFailed } from "../../contract/errors/Errors.ts"
import type { HandedSession } from "../../contract/Handover.ts"
import { closeOnExec, type Spawning, spawningLibc } from "../Libc.ts"
import { withProgramsMask } from "../self/Umask.ts"
import { loadPtyAddon } from "./PtyAddon.ts"
import { HeldSlave, masterOf, openSlave, type PtyMaster, type ReceiveSlot } from "./PtyMaster.ts"
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
        return masterOf(fd, addon, hold)
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
              return { pid: forked.pid, master: masterOf(forked.fd, addon, hold) }
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
              return { fd, slaveFd, slavePath, master: masterOf(fd, addon, new HeldSlave(null), slot) }
            },
            catch: failed
          }),
        adopt: (fd, slot) =>
          Effect.try({
            try: () => {
              if (!isatty(fd)) throw new Error("it is no terminal")
              return masterOf(fd, addon, new HeldSlave(null), slot)
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
