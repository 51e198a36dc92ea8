/** `export`, `screen --svg` and `logs --since`, of real sessions. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl, asked } from "./support/agentctl.ts"

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = makeSandbox()
  await sandbox.start()
})
afterAll(() => sandbox[Symbol.asyncDispose]())

const utf8 = (latin1: string) => Buffer.from(latin1, "latin1").toString("utf8")

/** Prints, and has ended. */
const printed = async (name: string, script: string) => {
  await agentctl(sandbox, ["run", "-d", "--name", name, "--cols", "80", "--rows", "24", "--", "sh", "-c", script])
  await agentctl(sandbox, ["wait", name])
}

it("a session becomes a page, a text or a recording, by flag or by the file's ending", async () => {
  await printed(
    "many",
    `printf '\\033]2;<b>title</b>\\007\\033[1;32mgreen & <bold>\\033[0m\\n'; seq 3000; printf '漢字\\n'`
  )
  const folder = join(sandbox.root, "exports")
  mkdirSync(folder)
  const numbers = Array.from({ length: 3000 }, (_, at) => String(at + 1))
  const file = (name: string) => join(folder, name)

  expect(await agentctl(sandbox, ["export", "many", "-o", file("page.html")])).toMatchObject({ code: 0, stdout: "" })
  const page = readFileSync(file("page.html"), "utf8")
  expect(page).toMatch(/^<!doctype html>[\s\S]*<h1>many<\/h1>[\s\S]*<\/html>\n$/)
  expect(page).toContain('<span style="color:#98c379;font-weight:bold">green &amp; &lt;bold&gt;</span>\n1\n2\n')
  expect(page).toContain("\n2999\n3000\n漢字\n</pre>")
  expect(statSync(file("page.html")).mode & 0o777).toBe(0o600)

  writeFileSync(file("lines.txt"), "what was there before")
  expect(await agentctl(sandbox, ["export", "many", "-o", file("lines.txt")])).toMatchObject({ code: 0 })
  expect(readFileSync(file("lines.txt"), "utf8").split("\n")).toEqual(["green & <bold>", ...numbers, "漢字", ""])

  const cast = await agentctl(sandbox, ["export", "many", "--cast"])
  expect(cast.stdout).toBe((await agentctl(sandbox, ["logs", "many", "--cast"])).stdout)
  expect(await agentctl(sandbox, ["export", "many", "-o", file("recording.cast")])).toMatchObject({ code: 0 })
  expect(readFileSync(file("recording.cast"), "latin1")).toBe(cast.stdout)
  expect(readdirSync(folder).sort()).toEqual(["lines.txt", "page.html", "recording.cast"])
})

it("a file that cannot be written, or a session that is not there, leaves what was there", async () => {
  const path = join(sandbox.root, "kept.html")
  writeFileSync(path, "kept")
  expect(await agentctl(sandbox, ["export", "nobody", "-o", path])).toMatchObject({ code: 4 })
  expect(readFileSync(path, "utf8")).toBe("kept")
  expect(readdirSync(sandbox.root).filter((name) => name.endsWith(".part"))).toEqual([])
  await printed("one", "echo one")
  expect(await agentctl(sandbox, ["export", "one", "-o", join(sandbox.root, "no/such.html")])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/cannot write .*no\/such\.html/)
  })
  expect(await agentctl(sandbox, ["export", "one"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--cast, --html or --text/)
  })
})

it("what a full-screen program left on its screen is in the text as it was to be seen", async () => {
  await printed("drawn", `printf 'before\\n\\033[?1049h\\033[Hmenu\\033[3;5Hchoice\\033[1;1HM'`)
  expect((await agentctl(sandbox, ["export", "drawn", "--text"])).stdout).toBe("before\nMenu\n\n    choice\n")
})

it("a screen becomes a picture with its title, colours and cursor, the same each time", async () => {
  const script = `printf '\\033]2;my <title>\\007\\033[31mred \\033[7mturned\\033[0m\\n漢字'; exec sleep 1000`
  await agentctl(sandbox, ["run", "-d", "--name", "shown", "--cols", "40", "--rows", "5", "--", "sh", "-c", script])
  await agentctl(sandbox, ["wait", "shown", "--for", "output=字"])
  const { code, stdout } = await agentctl(sandbox, ["screen", "shown", "--svg"])
  expect(code).toBe(0)
  const picture = utf8(stdout)
  expect(picture).toMatch(/^<svg [^>]*>\n<title>my &lt;title&gt;<\/title>[\s\S]*<\/svg>\n$/)
  expect(picture).toMatch(/fill="#e06c75">red <\/text>/)
  expect(picture).toMatch(/fill="#e06c75"\/><text[^>]*fill="#1e222a">turned<\/text>/)
  expect(picture).toMatch(/textLength="33.6"[^>]*>漢字<\/text>\n<rect x="49.6"[^>]*stroke=/)
  expect((await agentctl(sandbox, ["screen", "shown", "--svg"])).stdout).toBe(stdout)
  expect(await asked(sandbox, ["screen", "shown"])).not.toHaveProperty("styled")
})

it("logs since a moment are what was printed from then on, of a live session and of one that has ended", async () => {
  await agentctl(sandbox, ["run", "-d", "--name", "timed", "--", "sh", "-c", "echo early; read -r word; echo $word"])
  await agentctl(sandbox, ["wait", "timed", "--for", "output=early"])
  // The next millisecond: what has been printed by now was printed before it.
  const since = Date.now() + 1
  while (Date.now() < since);
  const moment = new Date(since).toISOString()
  expect(await agentctl(sandbox, ["logs", "timed", "--since", moment])).toMatchObject({ code: 0, stdout: "" })
  await agentctl(sandbox, ["send", "timed", "late", "--enter"])
  await agentctl(sandbox, ["wait", "timed"])
  expect((await agentctl(sandbox, ["logs", "timed", "--since", moment])).stdout).toBe("late\nlate\n")
  expect((await agentctl(sandbox, ["logs", "timed", "--since", moment, "--grep", "early"])).stdout).toBe("")
  expect((await agentctl(sandbox, ["logs", "timed", "--since", "2h"])).stdout).toMatch(/^early/)
  expect((await agentctl(sandbox, ["logs", "timed", "--since", "2h", "--tail", "1"])).stdout).toBe("late\n")
  expect(await agentctl(sandbox, ["logs", "timed", "--since", "soon"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/"soon" is no time/)
  })
})
