/** opencode through a whole conversation. */
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
  thinks,
  wantsToWrite,
  works
} from "./scenes.ts"

export const opencode: Script = {
  command: "opencode",
  env: () => ({
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1"
  }),
  prepare: (url, home) => {
    mkdirSync(join(home, ".config", "opencode"), { recursive: true })
    const held = { name: "held", tool_call: true, limit: { context: 200_000, output: 8_000 } }
    const provider = { anthropic: { options: { baseURL: `${url}/v1`, apiKey: "none" }, models: { held } } }
    const permission = { bash: "ask", edit: "ask" }
    const config = {
      model: "anthropic/held",
      small_model: "anthropic/held",
      provider,
      permission,
      autoupdate: false,
      share: "disabled"
    }
    writeFileSync(join(home, ".config", "opencode", "opencode.json"), JSON.stringify(config))
  },
  async play(play) {
    const { project, terminal } = play
    await isIdle(play, /Ask anything/, 2_000)
    await isToldSomething(play)

    const asking = await works(play, {
      tool: "bash",
      input: { command: "sleep 2; touch made", description: "Run the tests" },
      shown: /[Pp]ermission/,
      asks: "sleep 2; touch made",
      drawnMs: 1_000
    })
    const questions = [{ question: QUESTION, header: "Colour", options: OPTIONS }]
    await asksSomething(play, asking, "question", { questions })
    await quotesQuestion(play, null)

    await wantsToWrite(play, {
      tool: "write",
      input: { filePath: join(project, "hello.txt"), content: "hello\nworld\n" },
      shown: /Permission required/,
      asks: "hello.txt"
    })
    terminal.type("\r")

    await thinks(play)
    terminal.type("\x1b")
    await terminal.lasts(300)
    terminal.mark({ state: "working", note: "one more Esc would interrupt it" })
    await isInterrupted(play, /interrupted/)

    await diesAsking(play, {
      tool: "bash",
      input: { command: "rm -rf ./made", description: "Remove it" },
      shown: /Permission required/,
      asks: "rm -rf ./made"
    })
  },
  ready: /Ask anything/
}
