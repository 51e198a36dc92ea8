/** opencode through a whole conversation. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { OPTIONS, QUESTION, QUOTED } from "./quoted.ts"
import type { Script } from "./record.ts"

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
  async play({ terminal, model, project }) {
    await terminal.shows(/Ask anything/)
    await terminal.settles(2_000)
    terminal.mark({ state: "idle" })
    terminal.type("fix the build")
    await terminal.shows(/fix the build/)
    await terminal.settles()
    terminal.mark({ state: "idle", note: "somebody types" })
    terminal.type("\r")

    const first = await model.next()
    await terminal.lasts(1_500)
    terminal.mark({ state: "working", note: "it waits for the model" })
    first.text("I will run the tests.\n\n")
    await terminal.lasts(1_000)
    terminal.mark({ state: "working", note: "the model answers" })
    first.call("bash", { command: "sleep 2; touch made", description: "Run the tests" })
    first.end()
    await terminal.shows(/[Pp]ermission/)
    await terminal.settles(1_000)
    terminal.mark({ state: "needs-permission", asks: "sleep 2; touch made" })
    terminal.type("\r")
    await terminal.lasts(1_200)
    terminal.mark({ state: "working", note: "a tool runs" })
    const second = await model.next()
    await terminal.lasts(1_000)
    terminal.mark({ state: "working", note: "it waits for the model again" })
    second.call("question", { questions: [{ question: QUESTION, header: "Colour", options: OPTIONS }] })
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
    await terminal.lasts(1_000)
    await terminal.settles(1_500)
    terminal.mark({ state: "done", note: "its answer looks like a question" })

    terminal.type("write hello.txt")
    await terminal.settles()
    terminal.type("\r")
    const fourth = await model.next()
    fourth.call("write", { filePath: join(project, "hello.txt"), content: "hello\nworld\n" })
    fourth.end()
    await terminal.shows(/Permission required/)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "hello.txt" })
    terminal.type("\r")

    const fifth = await model.next()
    fifth.text("Let me think.\n\nWell")
    await terminal.shows(/Let me think/)
    await terminal.lasts(1_500)
    terminal.mark({ state: "working" })
    terminal.type("\x1b")
    await terminal.lasts(300)
    terminal.mark({ state: "working", note: "one more Esc would interrupt it" })
    terminal.type("\x1b")
    await terminal.shows(/interrupted/)
    await terminal.settles(1_500)
    terminal.mark({ state: "idle", note: "it was interrupted" })

    terminal.type("remove it")
    await terminal.settles()
    terminal.type("\r")
    const sixth = await model.next()
    sixth.call("bash", { command: "rm -rf ./made", description: "Remove it" })
    sixth.end()
    await terminal.shows(/Permission required/)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "rm -rf ./made" })
    await terminal.crash()
    terminal.mark({ state: "gone", note: "it was killed while it asked" })
  },
  ready: /Ask anything/
}
