/** How each program is told to go on: what the user set is kept, the conversation is chosen, the first prompt is not sent twice. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { continuation } from "../../src/sessions/continuation/Continuation.ts"

const UUID = "0b1b6b9e-64a9-4c2b-8a5e-2d1f6f6f0c11"
const words = (line: string) => line.split(" ").map((word) => word.replaceAll("·", " "))
/** Dots stand for spaces inside of a word. */
const after = (line: string) => {
  const { argv, program } = continuation(words(line))
  return `${program === null ? "same: " : ""}${argv.map((word) => word.replaceAll(" ", "·")).join(" ")}`
}

describe("Claude Code goes on", () => {
  it.each([
    ["claude", "claude --continue"],
    ["claude fix·the·bug", "claude --continue"],
    ["claude --model opus --verbose fix·it", "claude --continue --model opus --verbose"],
    ["claude --model=opus -- --not-an-option", "claude --continue --model=opus"],
    ["claude -c", "claude --continue"],
    ["claude --resume", "claude --continue"],
    [`claude -r ${UUID} and·now·this`, `claude --resume ${UUID}`],
    [`claude --resume=${UUID} --fork-session`, "claude --continue"],
    [
      `claude --session-id ${UUID} --add-dir ../a ../b --effort high`,
      `claude --resume ${UUID} --add-dir ../a ../b --effort high`
    ],
    // Its own parser takes every word up to the next option for a tool.
    ["claude --allowedTools Bash Edit", "claude --continue --allowedTools Bash Edit"],
    ["claude --dangerously-skip-permissions start", "claude --continue --dangerously-skip-permissions"],
    ["claude --option-of-tomorrow value", "claude --continue --option-of-tomorrow value"],
    ["claude -p summarize", "same: claude -p summarize"],
    ["claude -pc summarize", "same: claude -pc summarize"],
    ["claude mcp serve", "same: claude mcp serve"],
    ["claude --version", "same: claude --version"]
  ])("%s → %s", (line, expected) => expect(after(line)).toBe(expected))
})

describe("Codex goes on", () => {
  it.each([
    ["codex", "codex resume --last"],
    ["codex -m gpt-5 -c a=b --full-auto do·it", "codex resume --last -m gpt-5 -c a=b --full-auto"],
    ["codex -i a.png b.png --search", "codex resume --last --search"],
    ["codex resume", "codex resume --last"],
    ["codex resume -- --fork", "codex resume --last"],
    ["codex resume --last go·on", "codex resume --last"],
    [`codex --search resume ${UUID} go·on`, `codex resume ${UUID} --search`],
    [`codex fork ${UUID}`, "codex resume --last"],
    ["codex exec run·the·tests", "same: codex exec run·the·tests"],
    ["codex -m o3 e run·the·tests", "same: codex -m o3 e run·the·tests"],
    ["codex --help", "same: codex --help"]
  ])("%s → %s", (line, expected) => expect(after(line)).toBe(expected))
})

describe("opencode goes on", () => {
  it.each([
    ["opencode", "opencode --continue"],
    ["opencode ../project --prompt begin -m a/b", "opencode --continue ../project -m a/b"],
    ["opencode -s ses_1 --mini", "opencode --session ses_1 --mini"],
    ["opencode -s abc --fork", "opencode --continue"],
    ["opencode run do·it", "same: opencode run do·it"],
    ["opencode serve --port 1", "same: opencode serve --port 1"]
  ])("%s → %s", (line, expected) => expect(after(line)).toBe(expected))
})

describe("Gemini CLI goes on", () => {
  it.each([
    ["gemini", "gemini --resume latest"],
    ["gemini -y -i begin --model pro", "gemini --resume latest -y --model pro"],
    ["gemini -y what·is·this", "gemini --resume latest -y"],
    ["gemini --resume 5", "gemini --resume 5"],
    [`gemini --session-id ${UUID} -d`, `gemini --resume ${UUID} -d`],
    ["gemini -p what·is·this", "same: gemini -p what·is·this"],
    ["gemini mcp list", "same: gemini mcp list"]
  ])("%s → %s", (line, expected) => expect(after(line)).toBe(expected))
})

describe("the program is found", () => {
  it.each([
    ["/usr/local/bin/claude hi", "/usr/local/bin/claude --continue"],
    ["npx claude hi", "npx claude --continue"],
    ["npx -y @anthropic-ai/claude-code@latest hi", "npx -y @anthropic-ai/claude-code@latest --continue"],
    ["npx --package @openai/codex -- codex hi", "npx --package @openai/codex -- codex resume --last"],
    ["npm exec -- @google/gemini-cli hi", "npm exec -- @google/gemini-cli --resume latest"],
    ["bunx opencode-ai", "bunx opencode-ai --continue"],
    ["pnpm dlx @openai/codex hi", "pnpm dlx @openai/codex resume --last"],
    ["env -u A B=c D=e claude hi", "env -u A B=c D=e claude --continue"],
    ["/usr/bin/env nice -n 5 claude", "/usr/bin/env nice -n 5 claude --continue"],
    ["timeout -k 5 8h codex hi", "timeout -k 5 8h codex resume --last"],
    [
      "node --no-warnings /opt/node_modules/@anthropic-ai/claude-code/cli.js hi",
      "node --no-warnings /opt/node_modules/@anthropic-ai/claude-code/cli.js --continue"
    ],
    ["node_modules/.bin/gemini hi", "node_modules/.bin/gemini --resume latest"],
    ["mise exec claude", "mise exec claude --continue"]
  ])("%s → %s", (line, expected) => expect(after(line)).toBe(expected))

  it.each([
    ["bash", "-lc", "claude hi"],
    ["vim", "claude"],
    ["env", "--unknown", "claude"],
    ["env", "A=b"],
    ["node"],
    ["npx", "cowsay", "claude"],
    ["node", "-e", "claude"],
    // What every object has is no wrapper.
    ["constructor", "claude"]
  ])("not where it may be something else: %s %s %s", (...argv) =>
    expect(continuation(argv)).toEqual({ program: null, argv, exact: true })
  )
})

/** Whole options that no adapter has a table entry for, beside some that it has. */
const option = fc.oneof(
  fc.stringMatching(/^--x-[a-z]{1,8}$/).map((name) => [name]),
  fc.tuple(fc.stringMatching(/^--x-[a-z]{1,8}$/), fc.stringMatching(/^[a-z][a-z0-9 ]{0,12}$/)),
  fc.stringMatching(/^--x-[a-z]{1,8}=[ -~]{0,12}$/).map((word) => [word]),
  fc.stringMatching(/^[a-z]{1,8}$/).map((model) => ["--model", model])
)
const programs = ["claude", "codex", "opencode", "gemini"]

describe("of any options", () => {
  it("none is lost, doubled or moved before another, and a prompt is not among them", () => {
    fc.assert(
      fc.property(fc.constantFrom(...programs), fc.array(option, { maxLength: 8 }), (program, options) => {
        const given = options.flat()
        const { argv } = continuation([program, ...given, "--", "the first prompt"])
        expect(
          argv.slice(argv.length - given.length - (program === "opencode" ? 2 : 0)).slice(0, given.length)
        ).toEqual(given)
        if (program !== "opencode") expect(argv).not.toContain("the first prompt")
      })
    )
  })

  it("what goes on once goes on in the same way for ever", () => {
    const word = fc.oneof(
      fc.constantFrom(
        ...programs,
        "--continue",
        "-c",
        "--resume",
        "resume",
        "fork",
        "--last",
        "--fork",
        "-p",
        "--",
        "-"
      ),
      fc.constantFrom("--session-id", "-s", "-i", "--prompt", "env", "npx", "A=b", "-y", "--fork-session", UUID),
      fc.string({ maxLength: 6 })
    )
    fc.assert(
      fc.property(fc.constantFrom(...programs), fc.array(word, { maxLength: 8 }), (program, rest) => {
        const once = continuation([program, ...rest])
        expect(continuation(once.argv).argv).toEqual(once.argv)
      }),
      { numRuns: 2_000 }
    )
  })
})
