/** `agentctl daemon logs`: the right place, the right lines. */
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { journalArguments } from "../../src/cli/logs/Filter.ts"
import { refusal } from "../../src/cli/logs/readJournal.ts"
import { parseSince } from "../../src/cli/logs/since.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl, start } from "./support/agentctl.ts"

const at = (minute: number) => new Date(Date.UTC(2026, 2, 1, 12, minute)).toISOString()
const line = (minute: number, level: string, message: string, more: object = {}) =>
  `${JSON.stringify({ time: at(minute), level, message, ...more })}\n`

describe("the log file of a daemon that nobody supervises", () => {
  let sandbox: Sandbox
  let file: string
  beforeEach(() => {
    sandbox = makeSandbox()
    file = join(sandbox.state, "agentd.log")
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(
      file,
      line(1, "info", "agentd listens") +
        line(2, "info", "session a runs", { session: "ses_00000000000000000000000001", name: "a" }) +
        line(3, "warn", "session b \x1b[2J is odd", { session: "ses_00000000000000000000000002", name: "b" }) +
        "agentd: last words\n" +
        line(4, "error", "it broke", { cause: "Error: why\n  at here" })
    )
  })
  afterEach(() => sandbox[Symbol.asyncDispose]())
  const logs = async (...flags: ReadonlyArray<string>) => {
    const { code, stderr, stdout } = await agentctl(sandbox, ["daemon", "logs", ...flags])
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    return stdout.trimEnd().split("\n")
  }

  it("is shown readably, and nothing in it steers the terminal", async () => {
    const shown = await logs()
    expect(shown).toHaveLength(7)
    expect(shown[0]).toMatch(/^2026-03-01 \d\d:01:00 info {2}agentd listens$/)
    expect(shown[2]).toMatch(/ warn {2}session b \\u\{1b\}\[2J is odd$/)
    expect(shown.slice(3)).toEqual([
      "agentd: last words",
      expect.stringMatching(/ error it broke$/),
      "Error: why",
      "  at here"
    ])
  })

  it("can be asked for the last lines, by importance, by time, by session", async () => {
    expect(await logs("-n", "1")).toHaveLength(3)
    expect(await logs("--priority", "warn", "--json", "-n", "2")).toEqual([
      "agentd: last words",
      expect.stringContaining('"it broke"')
    ])
    expect(await logs("--since", at(3))).toHaveLength(5)
    expect(await logs("--session", "a")).toEqual([expect.stringMatching(/session a runs$/)])
    expect(await logs("--session", "ses_00000000000000000000000001")).toEqual([
      expect.stringMatching(/session a runs$/)
    ])
  })

  it("is followed as it grows, and into the one that replaces it", async () => {
    const following = start(sandbox, ["daemon", "logs", "-f", "--priority", "info"])
    await following.printed(/at here/)
    appendFileSync(file, line(5, "debug", "too quiet") + line(6, "info", "and on"))
    await following.printed(/and on\n/)
    renameSync(file, `${file}.1`)
    writeFileSync(file, line(7, "info", "anew"))
    await following.printed(/anew\n/)
    following.child.kill("SIGINT")
    expect((await following.ended).stdout).not.toMatch(/too quiet/)
  })

  it("refuses a time that is none, with the ones it takes", async () => {
    const { code, stderr } = await agentctl(sandbox, ["daemon", "logs", "--since", "lately"])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/"lately" is no time. Write 10m/) })
  })
})

describe("the journal", () => {
  const asked = { manager: "user", unit: "agentd.service", lines: 50, follow: false, json: false } as const
  it("is asked for the unit, or for one session's story, systemd's part included", () => {
    expect(journalArguments(asked)).toEqual(["--user", "--unit", "agentd.service", "--lines", "50"])
    expect(journalArguments({ ...asked, session: { id: "ses_1" }, level: "warn", since: 1_500, follow: true })).toEqual(
      [
        "--user",
        "--since=@1.500",
        "--priority",
        "warning",
        "--follow",
        "AGENTD_SESSION=ses_1",
        "+",
        "USER_UNIT=agentd-session-ses_1.service"
      ]
    )
    expect(journalArguments({ ...asked, manager: "system", unit: "agentd@7.service", session: { name: "x" } })).toEqual(
      ["--lines", "50", "AGENTD_SESSION_NAME=x"]
    )
  })

  it("that this user may not read is named, with the way out", () => {
    expect(refusal("No journal files were opened due to insufficient permissions.\n", "ada")).toMatch(
      /you \(ada\) may not read .* usermod --append --groups systemd-journal ada/
    )
    expect(refusal("Hint: You are currently not seeing messages from other users and the system.\n")).toBe(null)
  })
})

describe("a moment in the past", () => {
  const now = new Date(2026, 2, 1, 12, 30).getTime()
  it.each([
    ["10m", now - 600_000],
    ["2h ago", now - 7_200_000],
    ["today", new Date(2026, 2, 1).getTime()],
    ["yesterday", new Date(2026, 1, 28).getTime()],
    ["2026-02-28", new Date(2026, 1, 28).getTime()],
    ["2026-02-28 14:00", new Date(2026, 1, 28, 14).getTime()],
    ["2026-02-28T14:00:00Z", Date.UTC(2026, 1, 28, 14)]
  ])("%s", (text, expected) => expect(parseSince(text, now)).toBe(expected))
  it.each(["", "soon", "10", "10 m", "2026-13-45", "@5", "-5m"])('"%s" is none', (text) =>
    expect(parseSince(text, now)).toBe(null)
  )
})
