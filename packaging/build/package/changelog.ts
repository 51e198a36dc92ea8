/**
 * CHANGELOG.md in the forms that distributions want: Debian's (deb-changelog(5)) and the one of a spec file.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../root.ts"
import { dateOf, MAINTAINER, type Release } from "./release.ts"

interface Entry {
  readonly version: string
  readonly epoch: number
  readonly changes: ReadonlyArray<string>
}

/** `## 1.2.3 - 2026-01-31` or `## Unreleased`, then a list. What is not released yet belongs to the version being packaged. */
export const parseChangelog = (
  text: string,
  { epoch, version }: Pick<Release, "epoch" | "version">
): ReadonlyArray<Entry> =>
  text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [head = "", ...lines] = section.split("\n")
      const [, number, date] = /^\[?([0-9][^\s\]]*)\]?(?:\s*[-–—]\s*(\d{4}-\d{2}-\d{2}))?/.exec(head) ?? []
      return {
        version: number ?? version,
        epoch: date === undefined ? epoch : Date.parse(date) / 1000,
        changes: lines
          .join("\n")
          .split(/^- /m)
          .slice(1)
          .map((change) => change.replace(/\s+/g, " ").replaceAll("`", "").trim())
      }
    })

const entries = (release: Release) => parseChangelog(readFileSync(join(root, "CHANGELOG.md"), "utf8"), release)

/** Width of a changelog's lines. */
const WIDTH = 78

export const debianChangelog = (release: Release): string =>
  entries(release)
    .map(({ changes, epoch, version }) =>
      [
        `agentd (${version}-${version === release.version ? release.revision : 1}) stable; urgency=medium`,
        "",
        ...changes.map((change) => wrap(change, "  * ", "    ")),
        "",
        ` -- ${MAINTAINER}  ${dateOf(epoch)}`,
        ""
      ].join("\n")
    )
    .join("\n")

export const rpmChangelog = (release: Release): string =>
  entries(release)
    .map(({ changes, epoch, version }) => {
      const [day, date, month, year] = new Date(epoch * 1000).toUTCString().replace(",", "").split(" ")
      const number = `${version}-${version === release.version ? release.revision : 1}`
      return [
        `* ${day} ${month} ${date} ${year} ${MAINTAINER} - ${number}`,
        ...changes.map((change) => wrap(change.replaceAll("%", "%%"), "- ", "  "))
      ].join("\n")
    })
    .join("\n\n")

export const wrap = (text: string, first: string, later: string, width = WIDTH): string => {
  const lines: Array<string> = []
  let line = first
  let empty = true
  for (const word of text.split(" ")) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line)
      line = later
      empty = true
    }
    line += empty ? word : ` ${word}`
    empty = false
  }
  return [...lines, line].join("\n")
}
