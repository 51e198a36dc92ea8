/** Sessions as one page (HTML) that needs nothing else: no script, no font, no picture, and a policy that lets none be loaded. */
import type { Session } from "../../contract/session/Session.ts"
import type { StyledLine, StyledRun } from "../../contract/session/Styled.ts"
import { commandLine, printable } from "../Paint.ts"
import { describeExit } from "../words/SessionTable.ts"
import { escaped } from "./markup.ts"
import { BACKGROUND, drawn, FOREGROUND } from "./palette.ts"

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

const STYLE = `
:root { color-scheme: dark }
body { margin: 0 auto; padding: 1.5rem; max-width: max-content; background: ${BACKGROUND}; color: ${FOREGROUND};
  font: 14px/1.35 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace }
h1 { font-size: 1.2rem; margin: 0 }
p { margin: .25rem 0; opacity: .7 }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: 1rem 0 2rem; tab-size: 8 }
`

export const pageBegin = (title: string): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
`

export const pageEnd = "</body>\n</html>\n"

const time = (at: number): string => {
  const text = new Date(at).toISOString()
  return `<time datetime="${text}">${text.replace("T", " ").replace(/\.\d+Z$/, " UTC")}</time>`
}

/** What is known of a session, and the beginning of its lines, as wide as its terminal. */
export const sessionBegin = (session: Session): string => {
  const end = session.exit === null ? "" : `, ended ${time(session.exit.at)}: ${escaped(describeExit(session.exit))}`
  return `<section>
<h1>${escaped(printable(session.name))}</h1>
<p>${escaped(commandLine(session.argv))}</p>
<p>in ${escaped(printable(session.cwd))}, started ${time(session.createdAt)}${end}</p>
<pre style="max-width:${session.cols}ch">`
}

export const sessionEnd = "</pre>\n</section>\n"

export const lineOf = (line: StyledLine): string => `${line.map(runOf).join("")}\n`

const runOf = (run: StyledRun): string => {
  const { bg, fg, has } = drawn(run)
  const lines = [
    ...(has("underline") ? ["underline"] : []),
    ...(has("strike") ? ["line-through"] : []),
    ...(has("overline") ? ["overline"] : [])
  ]
  const looks = [
    ...(fg === FOREGROUND ? [] : [`color:${fg}`]),
    ...(bg === null ? [] : [`background:${bg}`]),
    ...(has("bold") ? ["font-weight:bold"] : []),
    ...(has("italic") ? ["font-style:italic"] : []),
    ...(has("dim") ? ["opacity:.6"] : []),
    ...(has("invisible") ? ["visibility:hidden"] : []),
    ...(lines.length === 0 ? [] : [`text-decoration:${lines.join(" ")}`])
  ]
  const text = escaped(run.text)
  return looks.length === 0 ? text : `<span style="${looks.join(";")}">${text}</span>`
}
