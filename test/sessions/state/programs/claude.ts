/** Claude Code through a whole conversation, from the question whether it may read the folder to its death in the middle of another. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { OPTIONS, QUESTION, QUOTED } from "./quoted.ts"
import type { Script } from "./record.ts"

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
  async play({ terminal, model, project }) {
    await terminal.shows(/trust this folder/)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "trust" })
    terminal.type("\x1b[B")
    await terminal.settles()
    terminal.type("\r")
    await terminal.shows(/for shortcuts/)
    await terminal.settles(1_500)
    terminal.mark({ state: "idle" })
    terminal.type("fix the build")
    await terminal.shows(/fix the build/)
    terminal.mark({ state: "idle", note: "somebody types" })
    terminal.type("\r")

    const first = await model.next()
    await terminal.lasts(1_500)
    terminal.mark({ state: "working", note: "it waits for the model" })
    first.text("I will run the tests.\n\n")
    await terminal.lasts(1_000)
    terminal.mark({ state: "working", note: "the model answers" })
    first.call("Bash", { command: "sleep 2; touch made", description: "Run the tests" })
    first.end()
    await terminal.shows(/Do you want to proceed/)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "sleep 2; touch made" })
    terminal.type("\r")
    await terminal.lasts(1_200)
    terminal.mark({ state: "working", note: "a tool runs" })

    const second = await model.next()
    await terminal.lasts(1_000)
    terminal.mark({ state: "working", note: "it waits for the model again" })
    second.call("AskUserQuestion", {
      questions: [{ question: QUESTION, header: "Colour", multiSelect: false, options: OPTIONS }]
    })
    second.end()
    await terminal.shows(/Which colour/)
    await terminal.settles()
    terminal.mark({ state: "waiting-input", asks: QUESTION })
    terminal.type("\r")

    const third = await model.next()
    third.text(QUOTED)
    await terminal.shows(/Somebody wrote/)
    await terminal.lasts(1_500)
    terminal.mark({ state: "working", note: "its answer looks like a question" })
    third.end()
    await terminal.shows(/for shortcuts/)
    await terminal.settles(1_500)
    terminal.mark({ state: "done", note: "its answer looks like a question" })

    terminal.type("write hello.txt\r")
    const fourth = await model.next()
    fourth.call("Write", { file_path: join(project, "hello.txt"), content: "hello\nworld\n" })
    fourth.end()
    await terminal.shows(/Do you want to create/)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "create hello.txt" })
    terminal.type("\x1b")
    await terminal.shows(/for shortcuts|Rejected/)
    await terminal.settles(1_500)
    terminal.mark({ state: "idle", note: "it was refused" })

    terminal.type("think\r")
    const fifth = await model.next()
    fifth.text("Let me think.\n\nWell")
    await terminal.shows(/Let me think/)
    await terminal.lasts(1_500)
    terminal.mark({ state: "working" })
    terminal.type("\x1b")
    await terminal.shows(/Interrupted/)
    await terminal.settles(1_500)
    terminal.mark({ state: "idle", note: "it was interrupted" })

    terminal.type("\x07")
    await terminal.shows(/^~$/m)
    await terminal.settles()
    terminal.mark({ state: "elsewhere", note: "its prompt is in vim" })
    terminal.type(`i${QUOTED.replaceAll("\n", "\r")}\x1b`)
    await terminal.settles()
    terminal.mark({ state: "elsewhere", note: "its prompt is in vim and looks like a question" })
    terminal.type(":q!\r")
    await terminal.shows(/for shortcuts/)
    await terminal.settles(1_500)
    terminal.mark({ state: "idle" })

    terminal.type("remove it\r")
    const sixth = await model.next()
    sixth.call("Bash", { command: "rm -rf ./made", description: "Remove it" })
    sixth.end()
    await terminal.shows(/Remove it$[\s\S]*Do you want to proceed/m)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "rm -rf ./made" })
    await terminal.crash()
    terminal.mark({ state: "gone", note: "it was killed while it asked" })
    terminal.type("clear; printf '%s' \"$QUOTED\"; sleep 1\r")
    await terminal.settles()
    terminal.mark({ state: "gone", note: "a program prints what looks like a question" })
  },
  ready: /for shortcuts/
}
