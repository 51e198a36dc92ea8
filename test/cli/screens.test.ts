import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { makeSandbox } from "../support/Sandbox.ts"
import { agentctl } from "./support/agentctl.ts"
import { type Emulator, UserTerminal } from "./support/UserTerminal.ts"

/** Every cell of the screen with its colours, and the cursor. */
const picture = (screen: Emulator) => {
  const { active } = screen.buffer
  const lines = Array.from({ length: screen.rows }, (_, y) => {
    const line = active.getLine(active.baseY + y)!
    return Array.from({ length: screen.cols }, (_, x) => {
      const cell = line.getCell(x)!
      return `${cell.getChars() || " "}${cell.getFgColor()}/${cell.getBgColor()}/${cell.isBold()}${cell.isInverse()}${cell.isUnderline()}`
    }).join("|")
  })
  return { lines, cursor: [active.cursorX, active.cursorY], alternate: active.type === "alternate" }
}

const colours = String.raw`awk 'BEGIN { for (y = 1; y <= 20; y++) { for (x = 0; x < 200; x++) printf "\033[38;5;%d;48;5;%dm%c", (x + y) % 256, (x * y) % 256, 65 + x % 26; print "\033[0m" } }'; printf done; exec sleep 1000`

it.each([
  ["vim", ["vim", "-u", "NONE", "--cmd", "syntax on", "FILE"], /line 20/],
  ["less", ["less", "-N", "FILE"], /line 20/],
  // Long enough between two pictures that they are the same one.
  ["htop", ["htop", "-d", "1000"], /F10\s*Quit/],
  ["a colour program of 200 columns", ["sh", "-c", colours], /done/]
])("%s has the same screen after detaching and attaching again", async (_, [name, ...args], ready) => {
  if (spawnSync(name!, ["--version"]).error !== undefined) {
    console.warn(`not tried: ${name} is not installed here`)
    return
  }
  await using sandbox = makeSandbox()
  const file = join(sandbox.root, "file.txt")
  writeFileSync(file, Array.from({ length: 200 }, (_, index) => `line ${index} with\ta tab and ümläuts ☃\n`).join(""))
  await sandbox.start()
  const program = [name!, ...args.map((arg) => (arg === "FILE" ? file : arg))]
  await agentctl(sandbox, [
    "run",
    "-d",
    "--name",
    "full",
    "--cols",
    "80",
    "--rows",
    "24",
    "-e",
    "TERM=xterm-256color",
    "--",
    ...program
  ])
  await using one = new UserTerminal(sandbox, "attach full")
  await one.shows(ready)
  await agentctl(sandbox, ["wait", "full", "--for", "idle", "--idle", "300ms"])
  const before = picture(one.screen)
  one.type("\x1dd")
  await one.ended()
  await using two = new UserTerminal(sandbox, "attach full")
  await two.shows(ready)
  await expect.poll(() => picture(two.screen)).toEqual(before)
  two.type("\x1dd")
  await two.ended()
})
