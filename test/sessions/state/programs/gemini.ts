/** Gemini CLI through a whole conversation. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { OPTIONS, QUESTION } from "./quoted.ts"
import type { Script } from "./record.ts"
import {
  asksSomething,
  diesAsking,
  isIdle,
  isInterrupted,
  isToldSomething,
  quotesQuestion,
  say,
  shellPrintsQuestion,
  thinks,
  wantsToWrite,
  works
} from "./scenes.ts"

export const gemini: Script = {
  command: "gemini",
  env: (url) => ({ GEMINI_API_KEY: "none", GOOGLE_GEMINI_BASE_URL: url, GEMINI_MODEL: "gemini-2.5-pro" }),
  prepare: (_, home) => {
    mkdirSync(join(home, ".gemini"))
    const settings = {
      security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: true } },
      general: { enableAutoUpdate: false, disableAutoUpdate: true },
      privacy: { usageStatisticsEnabled: false }
    }
    writeFileSync(join(home, ".gemini", "settings.json"), JSON.stringify(settings))
  },
  async play(play) {
    const { project, terminal } = play
    await terminal.shows(/trust/i)
    await terminal.settles(1_000)
    terminal.mark({ state: "needs-permission", asks: "trust" })
    terminal.type("\r")
    await isIdle(play, /Type your message/, 2_000)
    await isToldSomething(play)

    const asking = await works(play, {
      tool: "run_shell_command",
      input: { command: "sleep 2; touch made", description: "Run the tests" },
      shown: /Allow execution/,
      asks: "sleep 2; touch made"
    })
    const questions = [{ question: QUESTION, header: "Colour", type: "choice", options: OPTIONS, multiSelect: false }]
    await asksSomething(play, asking, "ask_user", { questions }, 1_000)
    await quotesQuestion(play, null)

    await wantsToWrite(play, {
      tool: "write_file",
      input: { file_path: join(project, "hello.txt"), content: "hello\nworld\n" },
      shown: /Apply this change/,
      asks: "hello.txt"
    })
    terminal.type("\x1b")
    await isIdle(play, /Request cancelled/, 1_500, "it was refused")

    await say(play, "think")
    await thinks(play)
    await isInterrupted(play, /think[\s\S]*Request cancelled/)

    await diesAsking(play, {
      tool: "run_shell_command",
      input: { command: "rm -rf ./made", description: "Remove it" },
      shown: /rm -rf \.\/made[\s\S]*Allow execution/,
      asks: "rm -rf ./made"
    })
    await shellPrintsQuestion(play)
  },
  ready: /Type your message/
}
