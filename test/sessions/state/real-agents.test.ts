/**
 * Real agents in real sessions, with a model that the test holds: what agentd reports of them is compared with what the test knows to be true at each
 * step. Nothing but their screens and titles tells it.
 *
 * They are no dependencies and take up to 400 MB each, so each is tried where a variable names its executable.
 */
import { mkdirSync, realpathSync, symlinkSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import type { StateName } from "../../../src/contract/session/SessionState.ts"
import { openDaemon, temporary } from "../support.ts"
import { claude } from "./programs/claude.ts"
import { codex } from "./programs/codex.ts"
import { HeldModel } from "./programs/HeldModel.ts"
import { QUOTED } from "./programs/quoted.ts"

const agents = [
  {
    name: "claude",
    variable: "AGENTD_TEST_CLAUDE",
    script: claude,
    /** What has to be typed before it takes an order. */
    trust: "\x1b[B",
    leave: ["Bash", { command: "sleep 3; touch made", description: "Rest" }],
    approve: "\r"
  },
  {
    name: "codex",
    variable: "AGENTD_TEST_CODEX",
    script: codex,
    trust: null,
    leave: [
      "exec_command",
      { cmd: "sleep 3; touch made", sandbox_permissions: "require_escalated", justification: "May it rest?" }
    ],
    approve: "y"
  }
] as const

/** Milliseconds for a program to come to a state, on a busy machine. */
const STEP_MS = 40_000

for (const { approve, leave, name, script, trust, variable } of agents) {
  const executable = process.env[variable]
  if (executable === undefined)
    process.stdout.write(`${name} is not tried: ${variable} does not name its executable.\n`)

  describe.skipIf(executable === undefined)(name, { timeout: 6 * STEP_MS }, () => {
    it("is reported to be in the state it is in, through a whole turn", async () => {
      await using model = await HeldModel.start()
      const daemon = await openDaemon()
      const [home, project, bin] = ["home", "project", "bin"].map((folder) => {
        const path = join(realpathSync(temporary()), folder)
        mkdirSync(path)
        return path
      }) as [string, string, string]
      symlinkSync(resolve(executable!), join(bin, name))
      script.prepare(model.url, home, project)
      const env = { ...script.env(model.url, home, project), PATH: `${bin}:${process.env.PATH}`, HOME: home }
      const argv = script.command.split(" ")
      const { id } = await daemon.start(argv, { cwd: project, env, cols: 100, rows: 30 })

      const shown = async () => (await daemon.call("session.screen", { session: id })).lines!.join("\n")
      const reaches = async (...states: ReadonlyArray<StateName>) => {
        const get = async () => (await daemon.call("session.get", { session: id })).state!
        await expect
          .poll(get, { timeout: STEP_MS, message: `${states}` })
          .toSatisfy(({ name }) => states.includes(name))
          .catch(async (error: Error) => {
            throw new Error(`${error.message}\n${JSON.stringify(await get())}\n${await shown()}`)
          })
        return get()
      }
      const type = (text: string) => daemon.call("session.input", { session: id, text })

      if (trust !== null) {
        expect((await reaches("needs-permission")).question).toContain("trust")
        await type(trust)
        await daemon.call(
          "session.wait",
          { session: id, for: "idle", idleMs: 500, timeoutMs: STEP_MS },
          { timeoutMs: null }
        )
        await type("\r")
      }
      await reaches("idle")
      await type("rest")
      await daemon.printed(id, "rest")
      await type("\r")
      const first = await model.next()
      expect(await reaches("working")).toMatchObject({ question: null })
      first.call(leave[0], leave[1])
      first.end()
      const asked = await reaches("needs-permission")
      expect(asked.question).toContain("sleep 3; touch made")
      await type(approve)
      await reaches("working")
      const second = await model.next()
      second.text(QUOTED)
      second.end()
      await reaches("done")
      await daemon.call("session.stop", { session: id, graceMs: 2_000 })
    })
  })
}
