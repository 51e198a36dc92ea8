/** Claude Code through a whole conversation, from the question whether it may read the folder to its death in the middle of another. */
import { writeFileSync } from "node:fs"
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
  shellPrintsQuestion,
  thinks,
  wantsToWrite,
  works
} from "./scenes.ts"

/** On its screen while it waits to be told something. */
const SHORTCUTS = /for shortcuts/

const KEY = "sk-ant-00000000000000000000"

export const claude: Script = {
  command: "claude --permission-mode default",
  env: (url) => ({
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    IS_SANDBOX: "1"
  }),
  // What its first start would ask a person, but for the folder.
  prepare: (_, home) => {
    const customApiKeyResponses = { approved: [KEY.slice(-20)], rejected: [] }
    const answers = { hasCompletedOnboarding: true, theme: "dark", customApiKeyResponses }
    writeFileSync(join(home, ".claude.json"), JSON.stringify(answers))
  },
  async play(play) {
    const { project, terminal } = play
    await terminal.shows(/trust this folder/)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "trust" })
    terminal.type("\x1b[B")
    await terminal.settles()
    terminal.type("\r")
    await isIdle(play, SHORTCUTS, 1_500)
    await isToldSomething(play)

    const asking = await works(play, {
      tool: "Bash",
      input: { command: "sleep 2; touch made", description: "Run the tests" },
      shown: /Do you want to proceed/,
      asks: "sleep 2; touch made"
    })
    const questions = [{ question: QUESTION, header: "Colour", multiSelect: false, options: OPTIONS }]
    await asksSomething(play, asking, "AskUserQuestion", { questions })
    await quotesQuestion(play, SHORTCUTS)

    await wantsToWrite(play, {
      tool: "Write",
      input: { file_path: join(project, "hello.txt"), content: "hello\nworld\n" },
      shown: /Do you want to create/,
      asks: "create hello.txt"
    })
    terminal.type("\x1b")
    await isIdle(play, /for shortcuts|Rejected/, 1_500, "it was refused")

    await say(play, "think")
    await thinks(play)
    await isInterrupted(play, /Interrupted/)
    await isEdited(play, SHORTCUTS)

    await diesAsking(play, {
      tool: "Bash",
      input: { command: "rm -rf ./made", description: "Remove it" },
      shown: /Remove it$[\s\S]*Do you want to proceed/m,
      asks: "rm -rf ./made"
    })
    await shellPrintsQuestion(play)
  },
  ready: SHORTCUTS
}
