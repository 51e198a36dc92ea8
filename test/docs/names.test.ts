/** What a page names is there: other pages and their headings, requests, events, and keys of the configuration. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { settings } from "../../src/contract/config/Config.ts"
import { EventBody } from "../../src/contract/Event.ts"
import { logKinds } from "../../src/contract/Log.ts"
import { methods } from "../../src/contract/Methods.ts"
import { pages, root, spansOf } from "./support/pages.ts"

const eventTypes = EventBody.members.map(({ fields }) => fields.type.literal)
const names = new Set<string>([...Object.keys(methods), ...settings.keys(), ...eventTypes, ...Object.keys(logKinds)])
/** Notifications, and OpenTelemetry's attributes. */
const others = ["event.gap", "rpc.method", "rpc.system"]
const nouns = new Set([...names].map((name) => name.split(".")[0]))

/** Of the tree; a page names a file by as much of its path as says which one it is. */
const files = globSync("{bin,packaging,src,test}/**/*.{ts,mjs}", { cwd: root }).map((path) => `/${path}`)

/** Anchors of a page's headings, as they are made where the pages are shown. */
const anchorsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-")
    )
  )

describe.each(pages)("$name", ({ path, text }) => {
  it("links to what is there", () => {
    const broken = [...text.matchAll(/\]\(([^):\s]*)\)/g)].flatMap(([, target]) => {
      const [file, anchor] = target!.split("#") as [string, string?]
      const there = file === "" ? path : join(dirname(path), file)
      if (!existsSync(there)) return [target]
      return anchor === undefined || anchorsOf(readFileSync(there, "utf8")).has(anchor) ? [] : [target]
    })
    expect(broken).toEqual([])
  })

  it("names files that there are", () => {
    const named = spansOf(text).filter((span) => /^[\w./-]+\.(ts|mjs)$/.test(span))
    expect(named.filter((span) => !files.some((path) => path.endsWith(`/${span}`)))).toEqual([])
  })
})

// The page for people who come from thrum names thrum's, too, and has a test of its own.
describe.each(pages.filter(({ name }) => !name.endsWith("thrum.md")))("$name", ({ text }) => {
  it("names requests, events and keys that there are", () => {
    const named = spansOf(text).filter((span) => /^[a-z]+\.[a-zA-Z_]+$/.test(span) && nouns.has(span.split(".")[0]))
    expect(named.filter((span) => !names.has(span) && !others.includes(span))).toEqual([])
  })
})
