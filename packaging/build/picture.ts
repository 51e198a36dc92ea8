/**
 * Draws `docs/demo.svg`: a shell in a session of a daemon of its own, driven by real agentctl commands, as its screen ends up.
 *
 *   node packaging/build/picture.ts
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { IBufferCell, Terminal } from "@xterm/headless"
import { root } from "./root.ts"

const COLS = 104
const ROWS = 31

/** What is typed, line by line; each line is typed once the prompt is back. */
const TYPED = [
  "agentctl run -d --name build -- bash -c 'for i in 1 2 3; do echo step $i; sleep .2; done; sleep 1h'",
  "agentctl run -d --name review --tag team=web -- vim -u NONE -n notes.md",
  "agentctl wait build --for output='step 3'",
  "agentctl wait review --for output=notes.md",
  "agentctl ls",
  "agentctl send review --enter 'iThe daemon keeps this vim; no terminal has to.'",
  "agentctl wait review --for idle --idle 300ms",
  "agentctl screen review | head -n 2",
  "agentctl logs build --text | tail -n 3",
  "agentctl stop build",
  "agentctl ls --all"
]

const PROMPT = "$ "
const place = mkdtempSync(join(tmpdir(), "agentd-picture-"))
const env = {
  PATH: `${join(root, "bin")}:${process.env.PATH}`,
  HOME: place,
  LANG: "C.UTF-8",
  TERM: "xterm-256color",
  XDG_RUNTIME_DIR: place,
  XDG_STATE_HOME: join(place, "state"),
  XDG_CONFIG_HOME: join(place, "config")
}
const agentctl = (...args: ReadonlyArray<string>): string => {
  const { error, status, stderr, stdout } = spawnSync(join(root, "bin/agentctl"), args, { env, encoding: "utf8" })
  if (error !== undefined || status !== 0) throw new Error(`agentctl ${args.join(" ")}: ${error ?? stderr}`)
  return stdout
}

const record = (): string => {
  const shell = ["env", "-u", "AGENTD_SESSION", `PS1=${PROMPT}`, "bash", "--norc", "--noprofile"]
  agentctl(
    "run",
    "--detach",
    "--name",
    "shell",
    "--cols",
    `${COLS}`,
    "--rows",
    `${ROWS}`,
    "--cwd",
    root,
    "--",
    ...shell
  )
  const offset = () => (JSON.parse(agentctl("inspect", "shell", "--json")) as { readonly offset: number }).offset
  agentctl("wait", "shell", "--for", `output=\\${PROMPT}$`)
  for (const line of TYPED) {
    const before = offset()
    agentctl("send", "shell", "--enter", line)
    const wait = { session: "shell", for: "output", pattern: `\\n\\${PROMPT}$`, from: before, timeoutMs: 20_000 }
    agentctl("rpc", "session.wait", JSON.stringify(wait))
  }
  return agentctl("screen", "shell", "--ansi")
}

const { Terminal: HeadlessTerminal } = createRequire(import.meta.url)("@xterm/headless") as {
  readonly Terminal: typeof Terminal
}

const escaped = (text: string) =>
  text.replace(/[&<>]/g, (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[char] ?? "")

/** The 16 colours a theme decides on, chosen to be read on the picture's dark ground; the others are xterm's cube. */
const NAMED =
  "#3b4252 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #d8dee9 #5c6370 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #ffffff".split(
    " "
  )

const colourOf = (cell: IBufferCell): string => {
  if (cell.isFgDefault()) return "#d8dee9"
  const colour = cell.getFgColor()
  if (cell.isFgRGB()) return `#${colour.toString(16).padStart(6, "0")}`
  if (colour < 16) return NAMED[colour] ?? "#d8dee9"
  if (colour >= 232) return `#${(8 + (colour - 232) * 10).toString(16).padStart(2, "0").repeat(3)}`
  const level = (n: number) => (n === 0 ? 0 : 55 + n * 40).toString(16).padStart(2, "0")
  const index = colour - 16
  return `#${level(Math.floor(index / 36))}${level(Math.floor(index / 6) % 6)}${level(index % 6)}`
}

const WIDTH = 8.4
const HEIGHT = 18
const EDGE = 16

/** One `<text>` a run of cells that look alike. */
const drawLine = (terminal: Terminal, row: number): string => {
  const line = terminal.buffer.active.getLine(row)
  const runs: Array<{ column: number; style: string; text: string }> = []
  for (let column = 0; column < COLS; column++) {
    const cell = line?.getCell(column)
    if (cell === undefined || cell.getWidth() === 0) continue
    const weight = cell.isBold() ? ` font-weight="bold"` : ""
    const style = `fill="${colourOf(cell)}"${weight}${cell.isDim() ? ` opacity="0.6"` : ""}`
    const last = runs.at(-1)
    if (last?.style === style) last.text += cell.getChars() || " "
    else runs.push({ column, style, text: cell.getChars() || " " })
  }
  return runs
    .filter(({ text }) => text.trim() !== "")
    .map(({ column, style, text }) => {
      const x = (EDGE + column * WIDTH).toFixed(1)
      const length = (text.trimEnd().length * WIDTH).toFixed(1)
      return `<text x="${x}" y="${EDGE + 34 + row * HEIGHT}" textLength="${length}" xml:space="preserve" ${style}>${escaped(text.trimEnd())}</text>`
    })
    .join("\n")
}

const draw = (ansi: string): Promise<string> =>
  new Promise((resolve) => {
    const terminal = new HeadlessTerminal({ cols: COLS, rows: ROWS, allowProposedApi: true })
    terminal.write(ansi, () => {
      const rows = Array.from({ length: ROWS }, (_, row) => drawLine(terminal, row)).filter((text) => text !== "")
      const last = Array.from({ length: ROWS }, (_, row) => row).findLast((row) => drawLine(terminal, row) !== "") ?? 0
      const width = Math.ceil(COLS * WIDTH + 2 * EDGE)
      const height = EDGE + 34 + (last + 1) * HEIGHT
      resolve(
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
<title>agentctl in a terminal: starting, listing, typing into, reading and stopping sessions</title>
<rect width="${width}" height="${height}" rx="8" fill="#1e222a"/>
${["#e06c75", "#e5c07b", "#98c379"].map((fill, at) => `<circle cx="${EDGE + 6 + at * 18}" cy="18" r="5" fill="${fill}"/>`).join("")}
${rows.join("\n")}
</svg>
`
      )
    })
  })

try {
  writeFileSync(join(root, "docs/demo.svg"), await draw(record()))
  process.stdout.write("docs/demo.svg\n")
} finally {
  spawnSync(join(root, "bin/agentctl"), ["daemon", "stop", "--yes"], { env })
  rmSync(place, { recursive: true, force: true })
}
