/**
 * From a keystroke to what the program prints for it, through an attached client.
 */
import { howPinned } from "./processors.ts"
import type { Measured } from "./Result.ts"
import { median, takeTurns } from "./statistics.ts"
import type { Terminal, TerminalPeer } from "./terminals.ts"

/**
 * The program answers, not the terminal: echo off, bytes as they come. It waits for a line first, because some peers throw away
 * what is printed before anybody is attached.
 */
const ECHO = ["/bin/sh", "-c", "stty raw -echo; read attached; printf READY; exec cat"]

const LETTERS = Buffer.from("abcdefghijklmnopqrstuvwxyz")

interface Typing {
  readonly terminal: Terminal
  /** Median microseconds of so many keystrokes, one after the other. */
  readonly type: (count: number) => Promise<number>
}

const open = async (peer: TerminalPeer): Promise<Typing> => {
  const ready = Promise.withResolvers<void>()
  let heard = ""
  let onEcho: (bytes: Buffer) => void = (bytes) => {
    heard += bytes.toString("latin1")
    if (heard.includes("READY")) ready.resolve()
  }
  const terminal = await peer.open(
    ECHO,
    (bytes) => onEcho(bytes),
    () => {}
  )
  terminal.write(Buffer.from("\n"))
  await ready.promise
  const type = (count: number) =>
    new Promise<number>((resolve) => {
      const taken: Array<number> = []
      let typed = 0
      const next = () => {
        const letter = LETTERS[taken.length % LETTERS.length]!
        // A screen peer may wrap the echo in escape sequences, or still be drawing something else.
        onEcho = (bytes) => {
          if (!bytes.includes(letter)) return
          taken.push((performance.now() - typed) * 1000)
          onEcho = () => {}
          // A turn of the event loop between two keystrokes: what follows the echo is not part of the next one.
          if (taken.length < count) setImmediate(next)
          else resolve(median(taken))
        }
        typed = performance.now()
        terminal.write(Buffer.of(letter))
      }
      next()
    })
  return { terminal, type }
}

export const echo = async (
  peers: ReadonlyArray<TerminalPeer>,
  rounds: number,
  keystrokes: number,
  missing: ReadonlyArray<string>
): Promise<Measured> => {
  const open_ = await Promise.all(peers.map(async (peer) => ({ name: peer.name, ...(await open(peer)) })))
  try {
    return {
      id: "echo",
      title: "Keystroke to echo",
      unit: "µs",
      ours: "agentd",
      rounds: await takeTurns(
        open_.map(({ name, type }) => ({ name, measure: () => type(keystrokes) })),
        rounds
      ),
      goal: { against: "dtach", limit: 1.5, sense: "at most" },
      how: `A program that prints what is typed (\`cat\`); median of ${keystrokes} keystrokes a round, one after the other.${howPinned}`,
      missing
    }
  } finally {
    await Promise.all(open_.map(({ terminal }) => terminal.close()))
  }
}
