/** Gemini CLI through a whole conversation. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { OPTIONS, QUESTION, QUOTED } from "./quoted.ts"
import type { Script } from "./record.ts"

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
  async play({ terminal, model, project }) {
    await terminal.shows(/trust/i)
    await terminal.settles(1_000)
    terminal.mark({ state: "needs-permission", asks: "trust" })
    terminal.type("\r")
    await terminal.shows(/Type your message/)
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
    first.call("run_shell_command", { command: "sleep 2; touch made", description: "Run the tests" })
    first.end()
    await terminal.shows(/Allow execution/)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "sleep 2; touch made" })
    terminal.type("\r")
    await terminal.lasts(1_200)
    terminal.mark({ state: "working", note: "a tool runs" })
    const second = await model.next()
    await terminal.lasts(1_000)
    terminal.mark({ state: "working", note: "it waits for the model again" })
    second.call("ask_user", {
      questions: [{ question: QUESTION, header: "Colour", type: "choice", options: OPTIONS, multiSelect: false }]
    })
    second.end()
    await terminal.shows(/Which colour/)
    await terminal.settles(1_000)
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
    fourth.call("write_file", { file_path: join(project, "hello.txt"), content: "hello\nworld\n" })
    fourth.end()
    await terminal.shows(/Apply this change/)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "hello.txt" })
    terminal.type("\x1b")
    await terminal.shows(/Request cancelled/)
    await terminal.settles(1_500)
    terminal.mark({ state: "idle", note: "it was refused" })

    terminal.type("think")
    await terminal.settles()
    terminal.type("\r")
    const fifth = await model.next()
    fifth.text("Let me think.\n\nWell")
    await terminal.shows(/Let me think/)
    await terminal.lasts(1_500)
    terminal.mark({ state: "working" })
    terminal.type("\x1b")
    await terminal.shows(/think[\s\S]*Request cancelled/)
    await terminal.settles(1_500)
    terminal.mark({ state: "idle", note: "it was interrupted" })

    terminal.type("remove it")
    await terminal.settles()
    terminal.type("\r")
    const sixth = await model.next()
    sixth.call("run_shell_command", { command: "rm -rf ./made", description: "Remove it" })
    sixth.end()
    await terminal.shows(/rm -rf \.\/made[\s\S]*Allow execution/)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "rm -rf ./made" })
    await terminal.crash()
    terminal.mark({ state: "gone", note: "it was killed while it asked" })
    terminal.type("clear; printf '%s' \"$QUOTED\"; sleep 1\r")
    await terminal.lasts(500)
    terminal.mark({ state: "gone", note: "a program prints what looks like a question" })
  },
  ready: /Type your message/
}
