/**
 * `dist/THIRD-PARTY-NOTICES`: name, version and licence text of every package whose code is inside the bundles.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./root.ts"

/** `node_modules/@scope/name` (or nested) out of a file's path inside it. */
const packageOf = (file: string): string | undefined => file.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1]

const licenceOf = (folder: string): string | undefined => {
  const name = readdirSync(folder).find((file) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(file))
  return name === undefined ? undefined : readFileSync(join(folder, name), "utf8").trim()
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
  writeFileSync(join(root, "dist/THIRD-PARTY-NOTICES"), [head, ...entries].join(`\n${"-".repeat(78)}\n\n`))
}
