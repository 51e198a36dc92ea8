import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { expect, it } from "vitest"
import { flagsOf } from "../../src/cli/AgentctlCommand.ts"
import { commandTable } from "../../src/cli/Table.ts"

const file = new URL("./command-snapshot.json", import.meta.url)

/** What a script can depend on: changing any of it is a change for users and has to be seen in review. */
const surface = async () =>
  Promise.all(
    Object.entries(commandTable.commands)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(async ([id, load]) => {
        const command = (await load()).default
        const flags = flagsOf(command) as Record<string, Record<string, unknown>>
        return {
          command: id.replaceAll(":", " "),
          args: Object.entries(command.args ?? {}).map(([name, arg]) => (arg.required ? name : `[${name}]`)),
          flags: Object.keys(flags).sort(),
          flagChars: Object.values(flags)
            .flatMap(({ char }) => (char === undefined ? [] : [String(char)]))
            .sort(),
          flagOptions: Object.fromEntries(
            Object.entries(flags).flatMap(([name, { options }]) => (options === undefined ? [] : [[name, options]]))
          )
        }
      })
  )

it("commands, arguments and flags are those of command-snapshot.json (UPDATE_SNAPSHOT=1 writes it)", async () => {
  const now = await surface()
  if (process.env.UPDATE_SNAPSHOT !== undefined) writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`)
  expect(existsSync(file)).toBe(true)
  expect(now).toEqual(JSON.parse(readFileSync(file, "utf8")))
})

it("every command says in one sentence what it is for", async () => {
  for (const [id, load] of Object.entries(commandTable.commands)) {
    const { summary } = (await load()).default
    expect(summary, id).toMatch(/^[A-Z].*\.$|; for the shells\.$/)
  }
})

it("no argument is ever taken from standard input, which belongs to the program", async () => {
  for (const [id, load] of Object.entries(commandTable.commands)) {
    for (const arg of Object.values((await load()).default.args ?? {})) expect(arg.ignoreStdin, id).toBe(true)
  }
})
