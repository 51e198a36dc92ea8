/**
 * Draws `docs/demo.svg`: a shell in a session of a daemon of its own, driven by real agentctl commands, as its screen ends up.
 *
 *   node packaging/build/picture.ts
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "./root.ts"

const COLS = 104
const ROWS = 30

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
/** Of the terminal's window, and for whoever cannot see the picture. */
const TITLE = "agentctl in a terminal: starting, listing, typing into, reading and stopping sessions"
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
  const shell = ["env", "-u", "AGENTD_SESSION", `PS1=\\[\\e]2;${TITLE}\\a\\]${PROMPT}`, "bash", "--norc", "--noprofile"]
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
  return agentctl("screen", "shell", "--svg")
}

try {
  writeFileSync(join(root, "docs/demo.svg"), record())
  process.stdout.write("docs/demo.svg\n")
} finally {
  spawnSync(join(root, "bin/agentctl"), ["daemon", "stop", "--yes"], { env })
  rmSync(place, { recursive: true, force: true })
}
