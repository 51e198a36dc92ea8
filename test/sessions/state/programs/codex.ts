/** Codex through a whole conversation. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { OPTIONS, QUESTION, QUOTED } from "./quoted.ts"
import type { Script } from "./record.ts"

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
  async play({ terminal, model }) {
    await terminal.shows(/Ask Codex|trust/)
    await terminal.settles(3_000)
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
    const leave = { sandbox_permissions: "require_escalated", justification: "May the tests run?" }
    first.call("exec_command", { cmd: "sleep 2; touch made", ...leave })
    first.end()
    await terminal.shows(/May the tests run/)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "May the tests run?" })
    terminal.type("y")
    await terminal.lasts(1_200)
    terminal.mark({ state: "working", note: "a tool runs" })

    const second = await model.next()
    await terminal.lasts(1_000)
    terminal.mark({ state: "working", note: "it waits for the model again" })
    second.text("They pass.")
    second.end()
    await terminal.shows(/They pass[\s\S]*f2 to view/)
    await terminal.settles(1_500)
    terminal.mark({ state: "done" })

    // It asks questions in its plan mode only.
    terminal.type("\x1b[Z")
    await terminal.settles()
    terminal.type("paint it")
    await terminal.settles()
    terminal.type("\r")
    const asked = await model.next()
    asked.call("request_user_input", {
      questions: [{ id: "colour", header: "Colour", question: QUESTION, options: OPTIONS }]
    })
    asked.end()
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
    await terminal.shows(/Worked for|f2 to view/)
    await terminal.settles(1_500)
    terminal.mark({ state: "done", note: "its answer looks like a question" })

    terminal.type("think")
    await terminal.settles()
    terminal.type("\r")
    const fourth = await model.next()
    fourth.text("Let me think.\n\nWell")
    await terminal.shows(/Let me think/)
    await terminal.lasts(1_500)
    terminal.mark({ state: "working" })
    terminal.type("\x1b")
    await terminal.shows(/interrupted/)
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
    await terminal.shows(/›/)
    await terminal.settles(1_500)
    terminal.mark({ state: "idle" })

    terminal.type("remove it")
    await terminal.settles()
    terminal.type("\r")
    const fifth = await model.next()
    fifth.call("exec_command", { cmd: "rm -rf ./made", ...leave })
    fifth.end()
    await terminal.shows(/rm -rf \.\/made/)
    await terminal.settles()
    terminal.mark({ state: "needs-permission", asks: "May the tests run?" })
    await terminal.crash()
    terminal.mark({ state: "gone", note: "it was killed while it asked" })
  },
  ready: /Ask Codex/
}
