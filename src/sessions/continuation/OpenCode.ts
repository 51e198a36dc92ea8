/**
 * opencode: `--continue` goes on with the project's most recent conversation, `--session ID` with that one. Its positional word is the
 * project's directory and stays. Checked against the help of version 1.18.33.
 */
import { grammar, idIn, isOptionNamed, parse, wordsOf } from "./CommandLine.ts"
import type { Program } from "./Program.ts"

const GRAMMAR = grammar({
  flags: [
    "--auto",
    "-c --continue",
    "--fork",
    "-h --help",
    "--mdns",
    "--mini",
    "--no-replay",
    "--print-logs",
    "--pure",
    "-v --version"
  ],
  one: [
    "--agent",
    "--hostname",
    "--log-level",
    "--mdns-domain",
    "-m --model",
    "--port",
    "--prompt",
    "--replay-limit",
    "-s --session"
  ],
  many: ["--cors"]
})

const COMMANDS: ReadonlySet<string> = new Set([
  ...[
    "completion",
    "acp",
    "mcp",
    "attach",
    "run",
    "debug",
    "providers",
    "auth",
    "agent",
    "upgrade",
    "uninstall",
    "serve"
  ],
  ...["web", "models", "stats", "export", "import", "github", "pr", "session", "plugin", "plug", "db"]
])

const informs = isOptionNamed("-h", "--help", "-v", "--version")
const chooses = isOptionNamed("-c", "--continue", "-s", "--session", "--fork", "--prompt")
const named = isOptionNamed("-s", "--session")
const forks = isOptionNamed("--fork")

export const openCode: Program = {
  name: "opencode",
  executable: "opencode",
  package: "opencode-ai",
  proceed: (args) => {
    const parts = parse(args, GRAMMAR)
    const first = parts.find(({ kind }) => kind === "positional")?.words[0]
    if (parts.some(informs) || (first !== undefined && COMMANDS.has(first))) return null
    // A fork has an id of its own that nobody told us: it is the most recent one.
    const id = parts.some(forks) ? null : idIn(parts, named)
    const kept = wordsOf(parts.filter((part) => !chooses(part)))
    return { args: [...(id === null ? ["--continue"] : ["--session", id]), ...kept], exact: id !== null }
  }
}
