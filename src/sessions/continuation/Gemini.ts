/**
 * Gemini CLI: `--resume latest` goes on with the project's conversation that was begun last, `--resume ID` (or its number, in the order they were
 * begun) with that one. Checked against the help and the source of version 0.61.0.
 */
import { grammar, idIn, isOptionNamed, parse, wordsOf } from "./CommandLine.ts"
import type { Program } from "./Program.ts"

const GRAMMAR = grammar({
  flags: [
    "--accept-raw-output-risk",
    "--acp --experimental-acp",
    "-a --all-files",
    "-d --debug",
    "-h --help",
    "-l --list-extensions",
    "--list-sessions",
    "--raw-output",
    "-s --sandbox",
    "--screen-reader",
    "--skip-trust",
    "-v --version",
    "-y --yolo"
  ],
  one: [
    "--approval-mode",
    "--delete-session",
    "-m --model",
    "-o --output-format",
    "-p --prompt",
    "-i --prompt-interactive",
    "--session-file",
    "--session-id"
  ],
  maybe: ["-r --resume", "-w --worktree"],
  many: [
    "--admin-policy",
    "--allowed-mcp-server-names",
    "--allowed-tools",
    "-e --extensions",
    "--include-directories",
    "--policy"
  ]
})

const COMMANDS: ReadonlySet<string> = new Set([
  ...["mcp", "extensions", "extension", "skills", "skill", "hooks", "hook", "gemma"]
])

const single = isOptionNamed("-p", "--prompt", "--acp", "--experimental-acp")
const informs = isOptionNamed(
  ...["-h", "--help", "-v", "--version", "-l", "--list-extensions", "--list-sessions", "--delete-session"]
)
const chooses = isOptionNamed("-r", "--resume", "--session-id", "--session-file", "-i", "--prompt-interactive")
const named = isOptionNamed("-r", "--resume", "--session-id")

const LATEST = "latest"

export const gemini: Program = {
  name: "Gemini CLI",
  executable: "gemini",
  package: "@google/gemini-cli",
  proceed: (args) => {
    const parts = parse(args, GRAMMAR)
    const first = parts.find(({ kind }) => kind === "positional")?.words[0]
    if (parts.some(single) || parts.some(informs) || (first !== undefined && COMMANDS.has(first))) return null
    const id = idIn(parts, named) ?? LATEST
    const kept = wordsOf(parts.filter((part) => part.kind === "option" && !chooses(part)))
    return { args: ["--resume", id, ...kept], exact: id !== LATEST }
  }
}
