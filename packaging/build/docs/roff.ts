/**
 * Manual pages in roff's man macros (groff_man(7)): as much of it as pages with sections, options and examples need.
 */

/** Text as it stands: no request, no escape, and hyphens that can be copied. */
export const literal = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(
      /[^\x00-\x7f]/g,
      (character) => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`
    )
    .replace(/^([.'])/gm, "\\&$1")

/** A paragraph of Markdown: `code` becomes bold, a link its text. */
export const prose = (text: string): string =>
  text
    .replace(/\s+/g, " ")
    .replace(/\[((?:`[^`]*`|[^\]`])*)\]\([^)]*\)/g, "$1")
    .split(/(`` .+? ``|`[^`]+`)/)
    .map((part) => {
      const inside = /^`+ ?(.+?) ?`+$/.exec(part)?.[1]
      return inside === undefined ? literal(part) : bold(inside)
    })
    .join("")
    .trim()
    .replace(/^([.'])/gm, "\\&$1")

export const bold = (text: string): string => `\\fB${literal(text)}\\fR`

export const section = (title: string, ...parts: ReadonlyArray<string>): string => [`.SH ${title}`, ...parts].join("\n")

export const subsection = (title: string, ...parts: ReadonlyArray<string>): string =>
  [`.SS "${literal(title)}"`, ...parts].join("\n")

export const paragraphs = (...texts: ReadonlyArray<string>): string =>
  texts.map((text) => `.PP\n${prose(text)}`).join("\n")

/** A term and what it means; the term is bold where it is in backticks. */
export const item = (term: string, meaning: string): string => `.TP\n${prose(term)}\n${prose(meaning)}`

/** Lines that are typed or shown as they are. */
export const example = (text: string): string =>
  [".PP", ".RS 4", ".EX", literal(text.trimEnd()), ".EE", ".RE"].join("\n")

export const page = (
  head: { readonly name: string; readonly section: number; readonly date: string; readonly version: string },
  about: string,
  ...sections: ReadonlyArray<string>
): string =>
  [
    `.\\" Written by "npm run package" from the sources.`,
    `.TH ${head.name.toUpperCase()} ${head.section} ${head.date} "agentd ${head.version}" "agentd"`,
    ".nh",
    ".ad l",
    section("NAME", `${literal(head.name)} \\- ${literal(about)}`),
    ...sections,
    ""
  ].join("\n")
