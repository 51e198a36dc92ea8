import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Ajv } from "ajv"
import { Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { configurationPage, configurationSchema } from "../../packaging/build/docs/configuration.ts"
import { documented } from "../../packaging/build/docs/constants.ts"
import { sentence, table, typeOf } from "../../packaging/build/docs/markdown.ts"
import { eventsPage, protocolPage } from "../../packaging/build/docs/protocol.ts"
import { settings } from "../../src/contract/config/Config.ts"
import { errorCodes } from "../../src/contract/errors/ErrorCodes.ts"
import { FrameType } from "../../src/contract/Frames.ts"
import { methods } from "../../src/contract/Methods.ts"
import { openRpcDocument } from "../../src/doors/OpenRpc.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const protocol = protocolPage(openRpcDocument("1.2.3"))

describe("the protocol reference", () => {
  it("has every method, error, frame and parameter", () => {
    for (const [name, { params }] of Object.entries(methods)) {
      const part = protocol.split(`\n### ${name}\n`)[1]!.split("\n### ")[0]
      for (const field of Object.keys(params.fields)) expect(part, name).toContain(`| \`${field}\` |`)
    }
    for (const [tag, { code, exit }] of Object.entries(errorCodes)) {
      expect(protocol).toContain(`| ${tag} | ${code} | ${exit} |`)
    }
    for (const [name, type] of Object.entries(FrameType)) {
      expect(protocol).toMatch(new RegExp(`^\\| \`0x0?${type.toString(16)}\` \\| ${name} \\| .+ \\|$`, "m"))
    }
    expect(protocol).toContain("| `MAX_LINE_BYTES` | 1048576 | Bytes of one JSON-RPC line")
  })

  it("is the same however often it is written, and says nothing of the machine it was written on", () => {
    expect(protocolPage(openRpcDocument("1.2.3"))).toBe(protocol)
    expect(protocol + eventsPage() + configurationPage()).not.toContain(root)
  })

  it("has tables whose rows all have as many cells as the head", () => {
    const cells = (line: string) => line.replaceAll("\\|", "").split("|").length
    for (const text of [protocol, eventsPage(), configurationPage()]) {
      for (const block of text.split("\n\n").filter((part) => part.startsWith("|"))) {
        const lines = block.trimEnd().split("\n")
        for (const line of lines) expect(cells(line), line).toBe(cells(lines[0]!))
      }
    }
  })
})

describe("the JSON Schema of agentd.toml", () => {
  const validate = new Ajv({ strict: true }).compile(configurationSchema())
  const setting = (key: string, value: unknown) => {
    const [section, name] = key.split(".") as [string, string]
    return { [section]: { [name]: value } }
  }

  it("takes the defaults and refuses what does not exist", () => {
    expect(validate({})).toBe(true)
    for (const [key, { default: value }] of settings) {
      if (value !== null) expect(validate(setting(key, value)), key).toBe(true)
    }
    expect(validate({ lock: { keys: ["transcript.keep_for"] } })).toBe(true)
    for (const wrong of [
      { sesion: {} },
      { session: { columns: 1 } },
      { lock: { keys: ["nothing"] } },
      { session: 1 }
    ]) {
      expect(validate(wrong)).toBe(false)
    }
  })

  it("never refuses what the daemon takes, and knows types and choices", () => {
    const values = fc.oneof(
      fc.constantFrom(
        "5s",
        "1d",
        "8MiB",
        "0B",
        "hold",
        "warn",
        "ctrl-a",
        "/bin/sh",
        "vt100",
        "nonsense",
        24,
        0,
        1.5,
        true
      ),
      fc.string(),
      fc.integer()
    )
    fc.assert(
      fc.property(fc.constantFrom(...settings), values, ([key, { schema }], value) => {
        if (Schema.decodeUnknownOption(schema)(value)._tag === "Some") expect(validate(setting(key, value))).toBe(true)
      })
    )
    expect(validate(setting("session.cols", "80"))).toBe(false)
    expect(validate(setting("daemon.drain", 5))).toBe(false)
    expect(validate(setting("daemon.drain", "5 s"))).toBe(false)
    expect(validate(setting("transcript.on_disk_full", "wait"))).toBe(false)
  })

  it("describes every key", () => {
    const text = JSON.stringify(configurationSchema())
    for (const { description } of settings.values()) expect(text).toContain(JSON.stringify(description).slice(1, -1))
  })
})

const pagesIn = (folder: string) =>
  readdirSync(join(root, folder)).flatMap((name) => (name.endsWith(".md") ? [`${folder}/${name}`] : []))

describe("the guides", () => {
  const pages = ["README.md", ...["docs", "docs/reference"].flatMap(pagesIn)]
  const anchorOf = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/g, "")
      .replaceAll(" ", "-")

  it.each(pages)("%s links only to pages and headings that exist", (page) => {
    const text = readFileSync(join(root, page), "utf8")
    for (const [, target] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target!)) continue
      const [path, anchor] = target!.split("#") as [string, string?]
      const file = path === "" ? join(root, page) : join(root, dirname(page), path)
      expect(existsSync(file), target).toBe(true)
      if (anchor === undefined) continue
      const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!))
      expect(headings, page).toContain(anchor)
    }
  })

  it("name only methods, errors, keys and frames that exist", () => {
    const text = readFileSync(join(root, "docs/protocol.md"), "utf8")
    for (const [, name] of text.matchAll(/"method":"([^"]+)"/g)) {
      expect([...Object.keys(methods), "event", "event.gap"]).toContain(name)
    }
    for (const [, tag] of text.matchAll(/"tag":"([^"]+)"/g)) expect(Object.keys(errorCodes)).toContain(tag)
    const configuration = readFileSync(join(root, "docs/configuration.md"), "utf8")
    for (const [, keys] of configuration.matchAll(/^keys = \[(.+)\]$/gm)) {
      for (const [, key] of keys!.matchAll(/"([^"]+)"/g)) expect([...settings.keys()]).toContain(key)
    }
  })
})

describe("writing Markdown", () => {
  it("keeps a vertical bar inside its cell", () => {
    expect(table(["a"], [["x|y"]])).toBe("| a |\n| --- |\n| x\\|y |")
  })

  it("ends a sentence once", () => {
    expect(["One", "Two.", "Three?", " four\n five "].map(sentence)).toEqual(["One.", "Two.", "Three?", "four five."])
  })

  it("says types in words", () => {
    expect(typeOf({ anyOf: [{ type: "string" }, { type: "null" }] })).toBe("string or null")
    expect(typeOf({ type: "array", items: { type: "integer", minimum: 0 }, maxItems: 3 })).toBe(
      "list of integer (at least 0) (at most 3)"
    )
    expect(typeOf({ type: "integer", exclusiveMinimum: 0 })).toBe("integer (at least 1)")
    expect(typeOf({ type: "object", additionalProperties: { type: "string" } })).toBe("map of string to string")
    expect(typeOf({ enum: ["a", "b"] })).toBe('`"a"` or `"b"`')
  })

  it("finds a constant's own comment, also one of several lines, and not the file's", () => {
    const frames = documented("src/contract/Frames.ts", /^ {2}(\w+): 0x/)
    expect(frames.map(({ name }) => name)).toEqual(Object.keys(FrameType))
    for (const { comment, name } of frames) expect(comment, name).toMatch(/^(client|server|either)/)
  })
})
