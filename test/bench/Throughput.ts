/**
 * How fast a program can print to an attached client that takes everything.
 */
import { once } from "node:events"
import { createWriteStream } from "node:fs"
import type { Measured } from "./Result.ts"
import type { Scratch } from "./Scratch.ts"
import { takeTurns } from "./statistics.ts"
import type { TerminalPeer } from "./terminals.ts"

const READY = "READY\r\n"

interface Sample {
  readonly path: string
  /** Bytes a terminal makes of it: each newline becomes two. */
  readonly printed: number
}

/** Lines as a build or a test run prints them: 256 colours, bold, some UTF-8. */
const colouredText = async (scratch: Scratch, bytes: number): Promise<Sample> => {
  const lines = Array.from({ length: 256 }, (_, i) => {
    const words = `${i} compiling src/module-${i}/index.ts … ${"─".repeat(i % 20)} passed in ${i * 7} ms`
    return `\x1b[38;5;${i}m${words.slice(0, 30)}\x1b[0m \x1b[1m${words.slice(30)}\x1b[22m\n`
  })
  const block = Buffer.from(lines.join("").repeat(16))
  const blocks = Math.ceil(bytes / block.length)
  const path = scratch.path(".txt")
  const file = createWriteStream(path)
  for (let i = 0; i < blocks; i++) if (!file.write(block)) await once(file, "drain")
  file.end()
  await once(file, "finish")
  return { path, printed: blocks * (block.length + lines.length * 16) }
}

/** MB (10^6 bytes) per second, from the keystroke that starts the printing to the last byte. */
const rate = async (peer: TerminalPeer, { path, printed }: Sample): Promise<number> => {
  const ready = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  let heard = ""
  let left = printed
  const argv = ["/bin/sh", "-c", `stty -echo; read attached; printf 'READY\\n'; read go; exec cat '${path}'`]
  const terminal = await peer.open(
    argv,
    (bytes) => {
      if (heard.includes("READY")) {
        left -= bytes.length
        if (peer.exact && left <= 0) done.resolve()
      } else {
        heard += bytes.toString("latin1")
        if (heard.includes("READY")) ready.resolve()
      }
    },
    () => done.resolve()
  )
  terminal.write(Buffer.from("\n"))
  await ready.promise
  // The newline of `READY` itself may come later, and is then counted.
  if (!heard.includes(READY)) left += heard.endsWith("\r") ? 1 : 2
  const started = performance.now()
  terminal.write(Buffer.from("\n"))
  await done.promise
  const seconds = (performance.now() - started) / 1000
  await terminal.close()
  if (peer.exact && left !== 0) throw new Error(`${peer.name} passed on ${printed - left} of ${printed} bytes`)
  return printed / 1e6 / seconds
}

export const throughput = async (
  scratch: Scratch,
  peers: ReadonlyArray<TerminalPeer>,
  rounds: number,
  bytes: number,
  missing: ReadonlyArray<string>
): Promise<Measured> => {
  const sample = await colouredText(scratch, bytes)
  const contestants = peers.map((peer) => ({ name: peer.name, measure: () => rate(peer, sample) }))
  return {
    id: "throughput",
    title: `${Math.round(bytes / 1e6)} MB of coloured text, attached and recorded`,
    unit: "MB/s",
    ours: "agentd",
    rounds: await takeTurns(contestants, rounds, false),
    goal: { against: "dtach", limit: 1, sense: "at least" },
    how: "`cat` prints the text; the client counts and drops it. Only agentd records; every byte is checked to have arrived. tmux redraws a screen instead of passing bytes on.",
    missing
  }
}
