/**
 * `dist/THIRD-PARTY-NOTICES`: name, version and licence text of every package whose code is inside the bundles.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./root.ts"

/** `node_modules/@scope/name` (or nested) out of a file's path inside it. */
const packageOf = (file: string): string | undefined => file.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1]

export const licenceOf = (folder: string): string | undefined => {
  const name = readdirSync(folder).find((file) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(file))
  return name === undefined ? undefined : readFileSync(join(folder, name), "utf8").trim()
}

const file = join(root, "dist/THIRD-PARTY-NOTICES")
const SEPARATOR = `\n${"-".repeat(78)}\n\n`

export interface Notice {
  readonly name: string
  readonly version: string
  readonly license: string
  /** The licence's text; none where the package carries no licence file. */
  readonly text: string | undefined
}

export const thirdPartyNotices = (inputs: ReadonlyArray<string>): void => {
  // The last two are inside the terminal addon, which is compiled and not bundled.
  const files = [...inputs, "node_modules/node-pty/src", "node_modules/node-addon-api/napi.h"]
  const folders = new Set(files.map(packageOf).filter((folder) => folder !== undefined))
  const entries = [...folders].sort().map((folder) => {
    const path = join(root, folder)
    const { name, version, license } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"))
    const text = licenceOf(path)
    return `${name} ${version} (${license})\n\n${text ?? `Licensed under ${license}; the package carries no licence file.`}\n`
  })
  const head = "agentd contains code of the following packages, under the licences given with each.\n"
  writeFileSync(file, [head, ...entries].join(SEPARATOR))
}

/** What the last build wrote, for packages that want it in another form. */
export const readNotices = (): ReadonlyArray<Notice> =>
  readFileSync(file, "utf8")
    .split(SEPARATOR)
    .slice(1)
    .map((entry) => {
      const [, name = "", version = "", license = "", text = ""] =
        /^(\S+) (\S+) \((.*)\)\n\n([\s\S]*)$/.exec(entry) ?? []
      return { name, version, license, text: text.trim() }
    })
