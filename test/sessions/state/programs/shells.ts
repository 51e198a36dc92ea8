/** Shells: at their prompt, running what says nothing of itself, and running what asks something. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { QUOTED } from "./quoted.ts"
import type { Play, Script } from "./record.ts"

const play = async ({ project, terminal }: Play) => {
  const back = async () => {
    await terminal.shows(/(user@host|host).*[$#%>]$/m)
    await terminal.settles()
    terminal.mark({ state: "idle" })
  }
  const run = async (line: string, shown: RegExp) => {
    terminal.type(`clear; ${line}\r`)
    await terminal.shows(shown)
    await terminal.settles()
  }
  writeFileSync(join(project, "quoted.txt"), QUOTED)
  await terminal.settles(1_500)
  terminal.mark({ state: "idle" })
  terminal.type("echo made")
  await terminal.shows(/echo made/)
  terminal.mark({ state: "idle", note: "somebody types" })
  terminal.type("\r")
  await terminal.settles()
  terminal.mark({ state: "idle" })
  await run("bash -c 'echo begun; sleep 3'", /^begun$/m)
  terminal.mark({ state: "elsewhere", note: "a command runs" })
  await terminal.lasts(3_000)
  await back()
  await run("bash -c 'read -p \"Remove it? [y/N] \"'", /^Remove it\? \[y\/N\]$/m)
  terminal.mark({ state: "waiting-input", asks: "Remove it?" })
  terminal.type("y\r")
  await back()
  await run("bash -c 'read -s -p \"Password for user: \"'", /^Password for user:$/m)
  terminal.mark({ state: "waiting-input", asks: "Password for user" })
  terminal.type("\r")
  await back()
  await run("bash -c 'printf %s \"$QUOTED\"; sleep 3'", /Tab to amend/)
  terminal.mark({ state: "elsewhere", note: "a program prints what looks like a question" })
  await terminal.lasts(3_000)
  await back()
  await run("less quoted.txt", /END/)
  terminal.mark({ state: "elsewhere", note: "a pager shows what looks like a question" })
  terminal.type("q")
  await back()
  await run("vim -u NONE -c 'call cursor(8, 2)' quoted.txt", /^~$/m)
  terminal.mark({
    state: "elsewhere",
    note: "an editor shows what looks like a question, with the cursor on its choice"
  })
  terminal.type(":q\r")
  await back()
}

export const bash: Script = { command: "bash --norc", env: () => ({}), prepare: () => {}, play }
export const zsh: Script = { ...bash, command: "zsh -f" }
export const fish: Script = { ...bash, command: `fish -N -C "function prompt_hostname; echo host; end"` }
