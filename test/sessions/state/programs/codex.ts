/** Codex through a whole conversation. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { OPTIONS, QUESTION } from "./quoted.ts"
import type { Script } from "./record.ts"
import {
  asksSomething,
  diesAsking,
  isEdited,
  isIdle,
  isInterrupted,
  isToldSomething,
  quotesQuestion,
  say,
  thinks,
  works
} from "./scenes.ts"

export const codex: Script = {
  command: "codex --no-daemon",
  env: () => ({ HELD_KEY: "none" }),
  prepare: (url, home) => {
    mkdirSync(join(home, ".codex"))
    const lines = [
      'model = "gpt-5.2-codex"',
      'model_provider = "held"',
      "check_for_update_on_startup = false",
      'approval_policy = "on-request"',
      'sandbox_mode = "read-only"',
      "[model_providers.held]",
      'name = "held"',
      `base_url = "${url}/v1"`,
      'wire_api = "responses"',
      'env_key = "HELD_KEY"'
    ]
    writeFileSync(join(home, ".codex", "config.toml"), `${lines.join("\n")}\n`)
  },
  async play(play) {
    const { model, terminal } = play
    await isIdle(play, /Ask Codex|trust/, 3_000)
    await isToldSomething(play)

    const leave = { sandbox_permissions: "require_escalated", justification: "May the tests run?" }
    const run = { tool: "exec_command", asks: "May the tests run?" }
    const over = await works(
      play,
      { ...run, input: { cmd: "sleep 2; touch made", ...leave }, shown: /May the tests run/ },
      "y"
    )
    over.text("They pass.")
    over.end()
    await terminal.shows(/They pass[\s\S]*f2 to view/)
    await terminal.settles(1_500)
    terminal.mark({ state: "done" })

    // It asks questions in its plan mode only.
    terminal.type("\x1b[Z")
    await terminal.settles()
    await say(play, "paint it")
    const questions = [{ id: "colour", header: "Colour", question: QUESTION, options: OPTIONS }]
    await asksSomething(play, await model.next(), "request_user_input", { questions })
    await quotesQuestion(play, /Worked for|f2 to view/)

    await say(play, "think")
    await thinks(play)
    await isInterrupted(play, /interrupted/)
    await isEdited(play, /›/)

    await diesAsking(play, { ...run, input: { cmd: "rm -rf ./made", ...leave }, shown: /rm -rf \.\/made/ })
  },
  ready: /Ask Codex/
}
