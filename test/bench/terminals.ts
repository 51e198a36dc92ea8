/**
 * A program on a terminal, reached through agentd and through its peers, behind one interface.
 */
import { execFileSync } from "node:child_process"
import { connect, type Socket } from "node:net"
import { fileURLToPath } from "node:url"
import type { Daemon } from "./Daemon.ts"
import { openPty, programEnvironment } from "./openPty.ts"
import { asServer } from "./processors.ts"
import { lineWith, type Scratch } from "./Scratch.ts"

export interface Terminal {
  /** The process that holds the terminal, where it is one of its own. */
  readonly host?: number | undefined
  readonly write: (bytes: Uint8Array) => void
  readonly close: () => Promise<void>
}

export interface TerminalPeer {
  readonly name: string
  /** False for a peer that redraws a screen instead of passing every byte on. */
  readonly exact: boolean
  /** Runs a program, attached: `onOutput` gets what it prints, `onEnd` is called when nothing more can come. */
  readonly open: (
    argv: ReadonlyArray<string>,
    onOutput: (bytes: Buffer) => void,
    onEnd: () => void
  ) => Promise<Terminal>
}

export const installed = (command: string): boolean => {
  try {
    execFileSync("which", [command], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

export const agentd = ({ client }: Daemon): TerminalPeer => ({
  name: "agentd",
  exact: true,
  open: async (argv, onOutput, onEnd) => {
    const { id: session } = await client.call("session.start", { argv: [...argv], cwd: "/", env: programEnvironment })
    const attachment = await client.attach({ session, from: "start", lossy: "bytes" })
    const reading = (async () => {
      for await (const batch of attachment.batches())
        for (const message of batch) if (message.type === "output") onOutput(message.bytes)
      onEnd()
    })()
    return {
      write: (bytes) => void attachment.input(bytes).catch(() => {}),
      close: async () => {
        await attachment.detach()
        await reading.catch(() => {})
        await client.call("session.stop", { session, graceMs: 100 }).catch(() => {})
        await client.call("session.remove", { session })
      }
    }
  }
})

/** Milliseconds between two attempts to reach a peer that has no way to say it is ready. */
const RETRY_MS = 2

const socketTerminal = (path: string, onOutput: (bytes: Buffer) => void, onEnd: () => void): Promise<Socket> =>
  new Promise((resolve) => {
    const attempt = () => {
      const socket = connect(path)
      const refused = () => setTimeout(attempt, RETRY_MS)
      socket.once("error", refused)
      socket.once("connect", () => {
        socket.off("error", refused)
        socket.on("error", () => socket.destroy())
        socket.on("data", onOutput)
        socket.on("close", onEnd)
        resolve(socket)
      })
    }
    attempt()
  })

/** dtach's packets (dtach.h, 0.9): `[type u8][length u8][8 bytes]`; what it sends are the program's bytes. */
const dtachPacket = (type: number, bytes: Uint8Array): Buffer => {
  const packet = Buffer.alloc(10)
  packet.set([type, bytes.length])
  packet.set(bytes, 2)
  return packet
}
const DTACH_PUSH = 0
const DTACH_ATTACH = 1

export const dtach = (scratch: Scratch): TerminalPeer => ({
  name: "dtach",
  exact: true,
  open: async (argv, onOutput, onEnd) => {
    const path = scratch.path(".sock")
    const child = scratch.spawn("dtach", ["-N", path, ...argv], { env: programEnvironment })
    const socket = await socketTerminal(path, onOutput, onEnd)
    socket.write(dtachPacket(DTACH_ATTACH, Buffer.alloc(0)))
    return {
      host: child.pid,
      write: (bytes) => socket.write(dtachPacket(DTACH_PUSH, bytes)),
      close: async () => {
        socket.destroy()
        await scratch.stop(child)
      }
    }
  }
})

/** tmux has no raw protocol: its own client runs on a PTY, as it does for people. */
export const tmux = (scratch: Scratch): TerminalPeer => ({
  name: "tmux",
  exact: false,
  open: async (argv, onOutput, onEnd) => {
    const path = scratch.path(".sock")
    const pty = openPty(
      ["/usr/bin/env", ...asServer(["tmux", "-S", path, "-f", "/dev/null", "new-session", ...argv])],
      onOutput
    )
    void pty.ended.then(onEnd)
    return {
      write: pty.write,
      close: async () => {
        try {
          execFileSync("tmux", ["-S", path, "kill-server"], { stdio: "ignore" })
        } catch {
          // It ended with its last session.
        }
        await pty.ended
      }
    }
  }
})

export const bareRelay = (scratch: Scratch): TerminalPeer => ({
  name: "bare Node relay",
  exact: true,
  open: async (argv, onOutput, onEnd) => {
    const path = scratch.path(".sock")
    const program = fileURLToPath(new URL("programs/relay.ts", import.meta.url))
    const child = scratch.spawn(process.execPath, [program, path, ...argv], { stdio: ["ignore", "pipe", "inherit"] })
    await lineWith(child, "stdout", "listening")
    const socket = await socketTerminal(path, onOutput, onEnd)
    return {
      write: (bytes) => socket.write(bytes),
      close: async () => {
        socket.destroy()
        await scratch.stop(child)
      }
    }
  }
})

/** No relay at all: the PTY, read by Node. */
export const rawPty: TerminalPeer = {
  name: "raw PTY read",
  exact: true,
  open: async (argv, onOutput, onEnd) => {
    const pty = openPty(argv, onOutput)
    void pty.ended.then(onEnd)
    return {
      write: pty.write,
      close: async () => {
        try {
          process.kill(pty.pid)
        } catch {
          // Gone already.
        }
        await pty.ended
      }
    }
  }
}
