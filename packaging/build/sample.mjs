/**
 * The program that `npm start` runs where there is no terminal: a second of facts about the machine, in colour.
 */
import { arch, availableParallelism, freemem, hostname, loadavg, release, totalmem, type, uptime } from "node:os"

/** Milliseconds between two lines, so that one sees it stream. */
const PAUSE_MS = 80

const gib = (bytes) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`
const cell = (colour, text) => `\x1b[48;5;${colour}m${text}\x1b[0m`
const rainbow = (from) => Array.from({ length: 36 }, (_, column) => cell(from + column, " ")).join("")

const { columns, rows } = process.stdout
const facts = {
  host: hostname(),
  system: `${type()} ${release()} ${arch()}`,
  processors: availableParallelism(),
  memory: `${gib(freemem())} free of ${gib(totalmem())}`,
  load: loadavg()
    .map((load) => load.toFixed(2))
    .join("  "),
  up: `${(uptime() / 3600).toFixed(1)} hours`,
  node: process.version,
  terminal: process.stdout.isTTY ? `${columns} × ${rows} cells, a PTY of this session's own` : "none"
}

const lines = [
  "\x1b[1mA program in an agentd session\x1b[0m",
  ...Object.entries(facts).map(([name, value]) => `  \x1b[36m${name.padEnd(11)}\x1b[0m${value}`),
  ...[16, 52, 88, 124].map((from) => `  ${rainbow(from)}`),
  "\x1b[32mDone.\x1b[0m"
]
for (const line of lines) {
  console.log(line)
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
}
