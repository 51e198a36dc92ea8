/** Every command that a page names exists, with the flags it is shown with, and a block's can be typed as it stands. */
import { parse } from "@oclif/core/parser"
import { describe, expect, it } from "vitest"
import { flagsOf } from "../../src/cli/AgentctlCommand.ts"
import { findCommand } from "../../src/cli/CommandTable.ts"
import { beforeProgram } from "../../src/cli/PassThrough.ts"
import { commandTable } from "../../src/cli/Table.ts"
import { parseOptions } from "../../src/daemon/Options.ts"
import { commandsOf, pages, shellCommands, spansOf, type Written } from "./support/pages.ts"

interface Flag {
  readonly char?: string
  readonly type: "boolean" | "option"
}

const flagsIn = async (id: string) => flagsOf((await commandTable.commands[id]!()).default) as Record<string, Flag>

/** Flags of other programs that a page speaks of. */
const OTHERS: Readonly<Record<string, ReadonlyArray<string>>> = {
  "docs/agent-state.md": ["--bare", "--safe-mode", "--settings"],
  "docs/coming-from-thrum.md": ["--stealth"],
  "docs/operations.md": ["--continue", "--resume", "--session-id"],
  "docs/terminals.md": ["--clean", "--ignore-version-mismatch", "--llm", "--no-escape", "--oauth-redirect", "--pick"]
}

/** What is wrong with a command of a page; undefined: nothing. */
const faultOf = async ({ whole, words }: Written): Promise<string | undefined> => {
  // A place to be filled in, and a flag of the program itself: agentctl COMMAND, agentctl --version.
  if (/^([A-Z]|-)/.test(words[0]!)) return undefined
  const found = findCommand(commandTable, words)
  if (found === undefined) return words.length === 1 && words[0]! in commandTable.topics ? undefined : "no such command"
  const command = (await commandTable.commands[found.id]!()).default
  const flags = await flagsIn(found.id)
  const argv = command.passThrough ? beforeProgram(found.argv, flags) : found.argv
  // What follows is another program's.
  const end = argv.indexOf("--")
  const own = end < 0 ? argv : argv.slice(0, end)
  for (const word of own) {
    const [, long] = /^--([a-z][a-z-]*)/.exec(word) ?? []
    if (long !== undefined && flags[long] === undefined && long !== "help") return `no flag --${long}`
    const [, short] = /^-([a-zA-Z])/.exec(word) ?? []
    if (short !== undefined && !Object.values(flags).some(({ char }) => char === short)) return `no flag -${short}`
  }
  if (!whole || own.includes("…")) return undefined
  try {
    const context = { setHost: () => {} }
    await parse([...own], { flags, args: command.args, strict: command.strict, context } as never)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

describe.each(pages)("$name", (page) => {
  it("shows commands of agentctl that can be run so", async () => {
    const faults: Array<string> = []
    for (const written of commandsOf(page, "agentctl")) {
      const fault = await faultOf(written)
      if (fault !== undefined) faults.push(`agentctl ${written.words.join(" ")}: ${fault}`)
    }
    expect(faults).toEqual([])
  })

  it("shows options of agentd that there are", () => {
    const shown = commandsOf(page, "agentd").filter(({ words }) => /^--\w/.test(words[0]!))
    for (const { words } of shown) expect(parseOptions(words), words.join(" ")).not.toMatchObject({ mode: "usage" })
  })

  it("names no flag that nobody has", async () => {
    const all = await Promise.all(Object.keys(commandTable.commands).map(flagsIn))
    const known = new Set(all.flatMap((flags) => Object.keys(flags).map((name) => `--${name}`)))
    const alone = spansOf(page.text).flatMap((span) => /^--[a-z-]+(?=$|[ =])/.exec(span)?.[0] ?? [])
    const daemons = (flag: string) =>
      parseOptions([flag, "x"]).mode !== "usage" || parseOptions([flag]).mode !== "usage"
    expect(alone.filter((flag) => !known.has(flag) && !daemons(flag) && !OTHERS[page.name]?.includes(flag))).toEqual([])
  })
})

it("enough of them are found for this to mean anything", () => {
  const found = pages.flatMap((page) => commandsOf(page, "agentctl"))
  expect(found.filter(({ whole }) => whole).length).toBeGreaterThan(100)
  expect(found.filter(({ whole }) => !whole).length).toBeGreaterThan(150)
})

it.each([
  ["a 'b c' \"d e\" # f", [["a", "b c", "d e"]]],
  ["a | b && c; d", [["a"], ["b"], ["c"], ["d"]]],
  ['kill -9 "$(a b --c | d)" > x 2>&1', [["a", "b", "--c"], ["d"], ["kill", "-9", "0"]]],
  ["a x < y", [["a", "x"]]],
  ["a ''", [["a", ""]]]
])("a line is taken apart as a shell does: %s", (line, commands) => {
  expect(shellCommands(line)).toEqual(commands)
})
