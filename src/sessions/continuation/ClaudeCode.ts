/**
 * Claude Code: `--continue` goes on with the directory's most recent conversation, `--resume ID` with that one. Checked against the help of
 * version 2.1.330.
 */
import { shellWord } from "../../contract/text/ShellWord.ts"
import { grammar, idIn, isOptionNamed, type Part, parse, wordsOf } from "./CommandLine.ts"
import type { Program } from "./Program.ts"

const GRAMMAR = grammar({
  flags: [
    "--allow-dangerously-skip-permissions",
    "--ax-screen-reader",
    "--bare",
    "--bg --background",
    "--brief",
    "--chrome --no-chrome",
    "-c --continue",
    "--dangerously-skip-permissions",
    "--desktop",
    "--disable-slash-commands",
    "--exclude-dynamic-system-prompt-sections",
    "--fork-session",
    "--forward-subagent-text",
    "-h --help",
    "--ide",
    "--include-hook-events",
    "--include-partial-messages",
    "--no-session-persistence",
    "-p --print",
    "--replay-user-messages",
    "--restricted",
    "--safe-mode",
    "--strict-mcp-config",
    "--tmux",
    "--verbose",
    "-v --version"
  ],
  one: [
    "--agent",
    "--agents",
    "--append-system-prompt",
    "--append-system-prompt-file",
    "--autocompact",
    "--debug-file",
    "--effort",
    "--environment",
    "--fallback-model",
    "--input-format",
    "--json-schema",
    "--max-budget-usd",
    "--max-turns",
    "--model",
    "-n --name",
    "--output-format",
    "--permission-mode",
    "--permission-prompt-tool",
    "--permission-prompts",
    "--plugin-dir",
    "--plugin-url",
    "--remote-control-session-name-prefix",
    "--session-id",
    "--setting-sources",
    "--settings",
    "--system-prompt",
    "--system-prompt-file",
    "--system-prompt-snapshot"
  ],
  maybe: [
    "--cloud",
    "-d --debug",
    "--from-pr",
    "--prompt-suggestions",
    "--remote-control",
    "-r --resume",
    "--teleport",
    "-w --worktree"
  ],
  many: [
    "--add-dir",
    "--allowedTools --allowed-tools",
    "--betas",
    "--disallowedTools --disallowed-tools",
    "--file",
    "--mcp-config",
    "--tools"
  ]
})

/** One answer, or a conversation that is not kept in this place. */
const elsewhere = isOptionNamed(
  ...["-p", "--print", "--bg", "--background", "--cloud", "--desktop", "--teleport", "--from-pr", "--environment"],
  ...["-h", "--help", "-v", "--version"]
)

const COMMANDS: ReadonlySet<string> = new Set([
  ...[
    "agents",
    "attach",
    "auth",
    "auto-mode",
    "config",
    "doctor",
    "gateway",
    "import",
    "install",
    "kill",
    "logs",
    "mcp"
  ],
  ...["plugin", "plugins", "purge", "respawn", "rm", "setup-token", "stop", "ultrareview", "update", "upgrade"]
])

export const claudeCode: Program = {
  name: "Claude Code",
  executable: "claude",
  package: "@anthropic-ai/claude-code",
  proceed: (args) => {
    const parts = parse(args, GRAMMAR)
    if (parts.some(elsewhere) || COMMANDS.has(firstPositional(parts))) return null
    const options = parts.filter(({ kind }) => kind === "option")
    const kept = options.filter((part) => !chooses(part))
    const id = chosen(options)
    return { args: [...(id === null ? ["--continue"] : ["--resume", id]), ...wordsOf(kept)], exact: id !== null }
  },
  hooks: (args, hook) => {
    const parts = parse(args, GRAMMAR)
    if (parts.some(unhooked) || COMMANDS.has(firstPositional(parts))) return null
    return ["--settings", JSON.stringify({ hooks: hookSettings([...hook, "claude"]) }), ...args]
  }
}

/** Settings of the user's own for this run, runs without hooks, and those that begin elsewhere or only inform. */
const unhooked = isOptionNamed(
  ...["--settings", "--bare", "--safe-mode", "--bg", "--background", "--cloud", "--desktop", "--teleport"],
  ...["-h", "--help", "-v", "--version"]
)

/** Seconds a hook may take; `agentctl hook` gives up before. */
const HOOK_SECONDS = 5
/** What the agent waits for a person with, besides permission. */
const ASKING = "AskUserQuestion|ExitPlanMode"

/**
 * A tool's use is told when it is over (it was allowed, then), in the background where nothing waits for it: each costs a start of Node.
 * Never an error: one would be shown to the user again and again.
 */
const hookSettings = (hook: ReadonlyArray<string>) => {
  const command = `${hook.map(shellWord).join(" ")} >/dev/null 2>&1 || :`
  const runs = (matcher?: string, background = false) => [
    {
      ...(matcher === undefined ? {} : { matcher }),
      hooks: [{ type: "command", command, timeout: HOOK_SECONDS, ...(background ? { async: true } : {}) }]
    }
  ]
  return {
    SessionStart: runs(),
    UserPromptSubmit: runs(),
    PreToolUse: runs(ASKING),
    PermissionRequest: runs("*"),
    PostToolUse: runs("*", true),
    Notification: runs(),
    Stop: runs(),
    SessionEnd: runs()
  }
}

const firstPositional = (parts: ReadonlyArray<Part>): string =>
  parts.find(({ kind }) => kind === "positional")?.words[0] ?? ""

const chooses = isOptionNamed("-c", "--continue", "-r", "--resume", "--session-id", "--fork-session")
const resumes = isOptionNamed("-r", "--resume")
const sessionId = isOptionNamed("--session-id")
const forks = isOptionNamed("--fork-session")

/** A fork got an id of its own that nobody told us: it is the most recent one. So is what was picked from a list. */
const chosen = (options: ReadonlyArray<Part>): string | null =>
  idIn(options, sessionId) ?? (options.some(forks) ? null : idIn(options, resumes))
