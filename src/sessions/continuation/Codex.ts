/**
 * Codex: `codex resume --last` goes on with the directory's most recent conversation, `codex resume ID` with that one; both take the options
 * of `codex` itself. Checked against the help of version 0.169.0.
 */
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { grammar, isOptionNamed, type Part, parse, wordsOf } from "./CommandLine.ts"
import type { Program } from "./Program.ts"

const GRAMMAR = grammar({
  flags: [
    "--all",
    "--approve-for-me",
    "--dangerously-bypass-approvals-and-sandbox",
    "--dangerously-bypass-hook-trust",
    "--full-auto",
    "-h --help",
    "--include-non-interactive",
    "--last",
    "--no-alt-screen",
    "--no-daemon",
    "--oss",
    "--search",
    "--strict-config",
    "-V --version",
    "--worktree",
    "--yolo"
  ],
  one: [
    "--add-dir",
    "-a --ask-for-approval",
    "-C --cd",
    "-c --config",
    "--disable",
    "--enable",
    "--local-provider",
    "-m --model",
    "-p --profile",
    "--remote",
    "--remote-auth-token-env",
    "-s --sandbox"
  ],
  many: ["-i --image"]
})

const COMMANDS: ReadonlySet<string> = new Set([
  ...[
    "agents",
    "exec",
    "e",
    "review",
    "login",
    "logout",
    "mcp",
    "plugin",
    "app-server",
    "remote-control",
    "completion"
  ],
  ...["update", "doctor", "sandbox", "debug", "apply", "a", "queue", "archive", "delete", "migrate-rollouts"],
  ...["migrate-nfs-db", "unarchive", "cloud", "exec-server", "features", "help"]
])

const informs = isOptionNamed("-h", "--help", "-V", "--version")
/** Images belong to the prompt, which is not sent again. */
const dropped = isOptionNamed("--last", "-i", "--image")

export const codex: Program = {
  name: "Codex",
  executable: "codex",
  package: "@openai/codex",
  proceed: (args) => {
    const parts = parse(args, GRAMMAR)
    const words = wordsOf(parts.filter(({ kind }) => kind === "positional")).filter((word) => word !== "--")
    if (parts.some(informs) || COMMANDS.has(words[0] ?? "")) return null
    const kept = parts.filter((part) => part.kind === "option" && !dropped(part))
    const id = chosen(parts, words)
    return { args: ["resume", id ?? "--last", ...wordsOf(kept)], exact: id !== null }
  },
  hooks: (args, hook, env) => {
    const parts = parse(args, GRAMMAR)
    const words = wordsOf(parts.filter(({ kind }) => kind === "positional"))
    if (parts.some(informs) || COMMANDS.has(words[0] ?? "") || parts.some(setsNotify) || hasNotify(env)) return null
    return ["-c", `notify=${JSON.stringify([...hook, "codex"])}`, ...args]
  }
}

const configures = isOptionNamed("-c", "--config")
const setsNotify = (part: Part): boolean => configures(part) && /^\s*notify\s*=/.test(part.values[0] ?? "")

/** The user has a program of their own that Codex notifies: there can be only one, and it stays. */
const hasNotify = ({ CODEX_HOME, HOME = "" }: Readonly<Record<string, string>>): boolean => {
  try {
    const path = join(CODEX_HOME ?? join(HOME, ".codex"), "config.toml")
    return statSync(path).size > MAX_CONFIG || /^\s*notify\s*=/m.test(readFileSync(path, "utf8"))
  } catch (error) {
    // One that cannot be read may have it.
    return (error as NodeJS.ErrnoException).code !== "ENOENT"
  }
}

/** Bytes of a configuration that are looked through. */
const MAX_CONFIG = 1024 * 1024

const last = isOptionNamed("--last")

/** With `--last`, or without `resume`, the words are a prompt; a fork has an id of its own that nobody told us. What begins with a dash is no id. */
const chosen = (parts: ReadonlyArray<Part>, [command, id]: ReadonlyArray<string>): string | null =>
  command === "resume" && id !== undefined && !id.startsWith("-") && !parts.some(last) ? id : null
