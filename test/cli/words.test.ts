import { Writable } from "node:stream"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { duration } from "../../src/cli/Arguments.ts"
import { findCommand } from "../../src/cli/CommandTable.ts"
import { asFlag } from "../../src/cli/commands/tag.ts"
import { lastLines } from "../../src/cli/output/followOutput.ts"
import { age, bytes, commandLine, paint, printable, table } from "../../src/cli/Paint.ts"
import { beforeProgram } from "../../src/cli/PassThrough.ts"
import { commandTable } from "../../src/cli/Table.ts"
import { programExitCode } from "../../src/cli/terminal/ProgramEnd.ts"
import { parseError } from "../../src/cli/words/parseError.ts"

const flags = {
  detach: { type: "boolean", char: "d" },
  name: { type: "option", char: "n" },
  env: { type: "option", char: "e" }
}

describe("a wrong command line", () => {
  it("is explained without what is not so here", () => {
    const note = "\n\nNote: --also, --ref allow multiple values. Because of this …\nAlternatively, …"
    expect(parseError(`Missing 1 required arg:\nto  @name${note}\nSee more help with --help`)).toBe(
      "Missing 1 required arg:\nto  @name\nSee more help with --help"
    )
    expect(parseError('Parsing --timeout \n\t"x" is no duration')).toBe('--timeout: "x" is no duration')
    expect(parseError("Nobody.\nNote: nothing")).toBe("Nobody.\nNote: nothing")
  })
})

describe("the words of a program", () => {
  it.each([
    ["vim -R notes", "-- vim -R notes"],
    ["-d --name x vim -d", "-d --name x -- vim -d"],
    ["-dn x vim", "-dn x -- vim"],
    ["-nx vim", "-nx -- vim"],
    ["--name=x ls --name y", "--name=x -- ls --name y"],
    ["-d -- -strange", "-d -- -strange"],
    ["-d", "-d"],
    ["-e A=b -e B=c env", "-e A=b -e B=c -- env"]
  ])("in %j are its own", (given, result) => {
    expect(beforeProgram(given.split(" "), flags).join(" ")).toBe(result)
  })

  it("are never changed, only set apart", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("-d", "-n", "--name", "--name=v", "x", "--", "-x", "-", "a b", "")),
        (argv) => {
          const result = beforeProgram(argv, flags)
          const at = result.findIndex((word, index) => word === "--" && argv[index] !== "--")
          expect(at < 0 ? result : result.toSpliced(at, 1)).toEqual(argv)
        }
      )
    )
  })
})

describe("the command line", () => {
  it("finds the longest command", () => {
    expect(findCommand(commandTable, ["daemon", "status", "x"])).toEqual({ id: "daemon:status", argv: ["x"] })
    expect(findCommand(commandTable, ["ls", "daemon"])).toEqual({ id: "ls", argv: ["daemon"] })
    expect(findCommand(commandTable, ["daemon:status"])).toBeUndefined()
    expect(findCommand(commandTable, ["constructor"])).toBeUndefined()
    expect(findCommand(commandTable, [])).toBeUndefined()
  })

  it("takes durations as people write them", async () => {
    expect(await Promise.all(["90", "1.5m", "500ms", "2h", "1d"].map(duration))).toEqual([
      90_000, 90_000, 500, 7_200_000, 86_400_000
    ])
    await expect(duration("soon")).rejects.toThrow(/no duration/)
  })

  it("takes +TAG and -TAG after the session", () => {
    expect(["build", "+ci", "-draft", "--json"].map(asFlag)).toEqual(["build", "--add=ci", "--remove=draft", "--json"])
    expect(["-", "+ci"].map(asFlag)).toEqual(["-", "--add=ci"])
  })
})

describe("the end of a program", () => {
  it("is its exit code, or 128 and the number of its signal", () => {
    expect(programExitCode({ code: 7, signal: null })).toBe(7)
    expect(programExitCode({ code: null, signal: "SIGKILL" })).toBe(137)
    expect(programExitCode({ code: null, signal: null })).toBe(1)
  })
})

describe("text for people", () => {
  it("cannot steer the terminal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/)
      })
    )
    expect(printable("a\x1b]0;owned\x07b")).toBe("a\\u{1b}]0;owned\\u{7}b")
    expect(commandLine(["echo", "it's", "a b", "\x1b[2J"])).toBe("echo 'it'\\''s' 'a b' '\\u{1b}[2J'")
  })

  it("is cut to the terminal's width in the last column only", () => {
    const rows = [{ name: "build", command: "make a very long command line" }]
    const columns = [
      { title: "NAME", value: (row: { name: string }) => row.name },
      { title: "COMMAND", value: (row: { command: string }) => row.command }
    ]
    const plain = { isTTY: false, columns: 20 } as never
    expect(table(rows, columns, plain)).toBe("NAME   COMMAND\nbuild  make a very long command line")
    process.env.NO_COLOR = "1"
    expect(table(rows, columns, { isTTY: true, columns: 20 } as never)).toBe("NAME   COMMAND\nbuild  make a very …")
    delete process.env.NO_COLOR
  })

  it("has colour only on a terminal whose user wants it", () => {
    const stream = Object.assign(new Writable(), { isTTY: true })
    process.env.TERM = "xterm"
    delete process.env.NO_COLOR
    expect(paint(stream, "red", "x")).toBe("\x1b[31mx\x1b[0m")
    process.env.NO_COLOR = "1"
    expect(paint(stream, "red", "x")).toBe("x")
    delete process.env.NO_COLOR
    expect(paint({ isTTY: false }, "red", "x")).toBe("x")
  })

  it("says ages and sizes in one unit", () => {
    expect([0, 59_000, 61_000, 7_300_000, 200_000_000].map((ms) => age(0, ms))).toEqual(["0s", "59s", "1m", "2h", "2d"])
    expect([0, 1023, 1536, 5 * 1024 ** 3].map(bytes)).toEqual(["0 B", "1023 B", "1.5 KiB", "5.0 GiB"])
  })
})

describe("the last lines", () => {
  it("are what tail(1) prints", () => {
    const text = fc.array(fc.constantFrom("a", "\n", "bc", "\n\n")).map((parts) => parts.join(""))
    fc.assert(
      fc.property(text, fc.nat(6), (all, count) => {
        const lines = all.split("\n")
        const complete =
          lines.at(-1) === ""
            ? lines.slice(0, -1).map((line) => `${line}\n`)
            : [...lines.slice(0, -1).map((line) => `${line}\n`), lines.at(-1)!]
        const expected = count === 0 ? "" : complete.slice(-count).join("")
        expect(lastLines(Buffer.from(all), count).toString()).toBe(expected)
      })
    )
  })
})
