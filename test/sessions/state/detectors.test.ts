/** Who reads a session's screen, and what a screen drawn by anything at all can make of a detector. */
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { snapshot } from "../../../src/sessions/screen/Snapshot.ts"
import { type Snapshot, snapshotOf } from "../../../src/sessions/state/Detector.ts"
import { detectorFor } from "../../../src/sessions/state/Detectors.ts"
import { emulate } from "../screen-support.ts"

const shownBy = (output: string, size = { cols: 80, rows: 24 }): Promise<Snapshot> =>
  Effect.runPromise(Effect.map(emulate(output, size), (emulator) => snapshotOf(snapshot(emulator, 0, "text"))))

const nameOf = (...argv: ReadonlyArray<string>) => detectorFor(argv)?.name

describe("the detector of a command line", () => {
  it("is that of its shell", () => {
    expect(nameOf("bash")).toBe("shell")
    expect(nameOf("-zsh")).toBe("shell")
    expect(nameOf("/usr/bin/fish", "--login")).toBe("shell")
    expect(nameOf("env", "-u", "X", "A=1", "bash", "--rcfile", "/x/rc", "-i")).toBe("shell")
    expect(nameOf("sh", "-c", "cd /project && exec bash -l")).toBe("shell")
    expect(nameOf("sh", "-c", 'exec "$@"', "sh", "nice", "zsh")).toBe("shell")
  })

  it("is that of its agent, whatever starts it", () => {
    expect(nameOf("claude", "--continue")).toBe("claude")
    expect(nameOf("env", "X=1", "claude")).toBe("claude")
    expect(nameOf("npx", "-y", "@anthropic-ai/claude-code@latest", "hi")).toBe("claude")
    expect(nameOf("node", "/opt/node_modules/@anthropic-ai/claude-code/cli.js")).toBe("claude")
    expect(nameOf("sh", "-c", "exec claude")).toBe("claude")
    expect(nameOf("bash", "-lc", "cd ~/project && X=1 exec /opt/bin/claude --model 'a b'; ")).toBe("claude")
    expect(nameOf("/usr/bin/env", "sh", "-c", "npx @openai/codex")).toBe("codex")
    expect(nameOf("/opt/codex", "resume", "--last")).toBe("codex")
    expect(nameOf("bunx", "opencode-ai")).toBe("opencode")
    expect(nameOf("node_modules/.bin/gemini")).toBe("gemini")
    expect(nameOf("/home/user/.local/bin/aider", "--model", "x")).toBe("aider")
  })

  it("is none where something else, or more than one program, is on the screen", () => {
    expect(nameOf()).toBeUndefined()
    expect(nameOf("bash", "build.sh")).toBeUndefined()
    expect(nameOf("sh", "-c", "make; exec bash")).toBeUndefined()
    expect(nameOf("sh", "-c", "make | bash")).toBeUndefined()
    expect(nameOf("sh", "-c", "bash > log")).toBeUndefined()
    expect(nameOf("sh", "-c")).toBeUndefined()
    expect(nameOf("vim", "bash")).toBeUndefined()
  })

  it("can be asked about any words", () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom("sh", "-c", "env", "constructor", "npx", "exec sh", "'", '"$@"', "bash -c bash")
    )
    fc.assert(fc.property(fc.array(word), (argv) => detectorFor(argv) === detectorFor([...argv])))
  })
})

describe("a shell's screen", () => {
  const detect = async (output: string) => detectorFor(["bash"])!.detect(await shownBy(output))

  it.each([
    "user@host:~/project$ ",
    "\x1b[1;32muser@host\x1b[m:~$ ls -l",
    "[user@host project]# ",
    "user@host ~/project> ",
    "(venv) bash-5.2$ ",
    "$ ",
    "❯ "
  ])("is idle behind the prompt %j", async (prompt) => {
    expect(await detect(`earlier output\r\n${prompt}`)).toMatchObject({ state: "idle" })
  })

  it.each([
    "[sudo] password for user: ",
    "Enter passphrase for key '/x/id': ",
    "Continue? [Y/n] ",
    "Overwrite (yes/no)? "
  ])("waits for input behind %j", async (asked) => {
    expect(await detect(`earlier\r\n${asked}`)).toMatchObject({ state: "waiting-input", question: asked.trim() })
  })

  it.each([
    ["a program's output", "user@host:~$ make\r\ncompiling\r\n"],
    ["progress", "user@host:~$ get\r\n 50% "],
    ["a second prompt for the rest of a command", "user@host:~$ echo '\r\n> "],
    ["a full-screen program", "\x1b[?1049huser@host:~$ "],
    ["something below the cursor", "user@host:~$ \r\nmore\x1b[A"],
    ["an empty screen", ""]
  ])("tells nothing from %s", async (_, output) => {
    expect(await detect(output)).toBeUndefined()
  })
})

/** By hand, from its source: aider could not be had where this was written. */
describe("aider's screen", () => {
  const LINE = "─".repeat(80)
  const detect = async (output: string) => detectorFor(["aider"])!.detect(await shownBy(output))

  it.each(["> ", "> fix the bu", "README.md src/main.py\r\nask> ", "architect multi> "])(
    "is idle at %j",
    async (prompt) => {
      expect(await detect(`Aider v0.86.1\r\n${LINE}\r\n${prompt}`)).toMatchObject({ state: "idle" })
    }
  )

  it("is done where an answer has ended", async () => {
    const answer = `${LINE}\r\n> fix it\r\n\r\nDone.\r\n\r\nTokens: 2.1k sent, 30 received.`
    expect(await detect(`${answer}\r\n${LINE}\r\n> `)).toMatchObject({ state: "done" })
    expect(await detect(`${answer}\r\n${LINE}\r\n> /clear\r\n\r\n${LINE}\r\n> `)).toMatchObject({ state: "idle" })
  })

  it.each([
    ["Run shell command? (Y)es/(N)o/(D)on't ask again [Yes]: ", "Run shell command?"],
    [
      "Add src/a-file-with-a-long-name.py to the chat? (Y)es/(N)o/(A)ll/(S)kip all/(D)on't ask again [Yes]: y",
      "Add src"
    ],
    ["Create new file? (Y)es/(N)o [No]: ", "Create new file?"]
  ])("asks for leave: %s", async (asked, question) => {
    const sighting = await detect(`make test\r\n${asked}`)
    expect(sighting).toMatchObject({ state: "needs-permission" })
    expect(sighting?.question).toContain(question)
  })

  it.each(["░█         Waiting for a/model", "   #=      Waiting for a/model"])("works while %j moves", async (row) => {
    expect(await detect(`> fix it\r\n\r\n\x1b[?25l${row}\r`)).toMatchObject({ state: "working" })
  })

  it.each([
    ["an answer with such a question in it", "Run shell command? (Y)es/(N)o [Yes]: \r\nis what it asks.\r\n"],
    ["a shell it was ended to", `${LINE}\r\n> /exit\r\nuser@host:~$ `],
    ["a pager", "\x1b[?1049hRun shell command? (Y)es/(N)o [Yes]: "],
    ["a prompt without its line", "> "]
  ])("tells nothing from %s", async (_, output) => {
    expect(await detect(output)).toBeUndefined()
  })
})
