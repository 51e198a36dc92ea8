/**
 * `copyright`, readable by machines (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/): ours, Node's, and that of
 * every package whose code is inside.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { licenceOf, type Notice, readNotices } from "../notices.ts"
import { root } from "../root.ts"
import { MAINTAINER } from "./release.ts"

/** Packages that lie in the package as they are, rather than inside a bundle. */
export const carried = (folders: ReadonlyArray<string>): ReadonlyArray<Notice> =>
  folders.map((folder) => {
    const path = join(root, "node_modules", folder)
    const { license, name, version } = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Notice
    return { name, version, license, text: licenceOf(path) }
  })

/** The licence's full text, which a distribution has in a place of its own and does not want again. */
const APACHE = /^.*Apache License\s+Version 2\.0, January 2004[\s\S]*?END OF TERMS AND CONDITIONS.*$/gm

/** `apache` is where the full text of the Apache License lies on the machine. */
export const copyright = (folders: ReadonlyArray<string>, nodeFolder: string, apache: string): string => {
  const inside = [...readNotices(), ...carried(folders)].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const indent = (text: string) =>
    indented(text.replace(APACHE, `The Apache License, Version 2.0; its text is in ${apache}.`))
  return [
    [
      "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
      "Upstream-Name: agentd",
      `Upstream-Contact: ${MAINTAINER}`,
      "Comment: The bundles in /usr/lib/agentd/dist contain the packages named below, each with its own paragraph."
    ].join("\n"),
    [
      "Files: *",
      "Copyright: The agentd authors",
      "License: Apache-2.0",
      indent(`The text of the Apache License, Version 2.0, is in ${apache}.`)
    ].join("\n"),
    [
      "Files: usr/lib/agentd/node",
      "Copyright: Node.js contributors, and those named in the licence text",
      "License: Node.js",
      indent(readFileSync(join(root, "node_modules", nodeFolder, "LICENSE"), "utf8"))
    ].join("\n"),
    ...inside.map((notice) =>
      [
        `Files: ${filesOf(notice)}`,
        `Copyright: ${holders(notice)}`,
        `License: ${shortName(notice)}`,
        indent(notice.text ?? `Licensed under ${notice.license}; the package carries no licence file.`),
        `Comment: ${notice.name} ${notice.version}`
      ].join("\n")
    )
  ]
    .join("\n\n")
    .concat("\n")
}

const indented = (text: string): string =>
  text
    .replace(/[\f\r]/g, "")
    .trimEnd()
    .split("\n")
    .map((line) => (line.trim() === "" ? " ." : ` ${line.trimEnd()}`))
    .join("\n")

/** A package inside a bundle has no file of its own: the pattern names where its code went. */
const filesOf = ({ name }: Notice) => `usr/lib/agentd/*/${name}/*`

/** Each text differs in its copyright lines, so each licence gets a name of its own. */
const shortName = ({ license, name }: Notice) =>
  `${license.replace(/[^A-Za-z0-9.+-]/g, "-")}_${name.replace(/[^a-z0-9.-]/g, "-")}`

const holders = ({ name, text }: Notice): string => {
  const lines = (text ?? "")
    .split("\n")
    .flatMap((line) => /^\s*(?:\(c\)|copyright)\s+((?:\(c\)|©)?.*\d{4}.*)$/i.exec(line)?.[1] ?? [])
  return lines.length === 0 ? `The authors of ${name}` : lines.map((line) => line.trim()).join("\n ")
}
