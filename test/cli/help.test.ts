/** Help that a person asks for with --help, of every command there is. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { commandTable } from "../../src/cli/Table.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl } from "./support/agentctl.ts"

let sandbox: Sandbox
beforeAll(() => {
  sandbox = makeSandbox()
})
afterAll(() => sandbox[Symbol.asyncDispose]())

describe("--help", () => {
  // Every command with an argument once ended in a TypeError after its first line; only `run --help` was tried.
  it.each(Object.keys(commandTable.commands).filter((id) => !id.startsWith("__")))(
    "of %s explains it whole",
    async (id) => {
      const command = (await commandTable.commands[id]!()).default
      const { code, stderr, stdout } = await agentctl(sandbox, [...id.split(":"), "--help"])
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
      expect(stdout).toContain("USAGE")
      for (const name of Object.keys(command.args ?? {})) expect(stdout).toContain(name.toUpperCase())
    }
  )
})
