/** The pages that people read, and the commands that stand in them, as a shell would take them apart. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../../..", import.meta.url))

export interface Page {
  /** Beginning at the top of the repository. */
  readonly name: string
  readonly path: string
  readonly text: string
}

/** Written by hand; `docs/reference` is derived from what it describes. */
export const pages: ReadonlyArray<Page> = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`)
].map((name) => ({ name, path: join(root, name), text: readFileSync(join(root, name), "utf8") }))

export interface Written {
  readonly page: string
  readonly words: ReadonlyArray<string>
  /** It stands in a block, to be typed as it is; else in a sentence, and may be the beginning of one. */
  readonly whole: boolean
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm

/** Commands of this program, in blocks for a shell and between backquotes. */
export const commandsOf = ({ name, text }: Page, program: string): ReadonlyArray<Written> => {
  const blocks = [...text.matchAll(FENCE)].flatMap(([, language, inside]) => typed(language!, inside!))
  return [
    ...blocks.flatMap((line) => invocations(line, program).map((words) => ({ page: name, words, whole: true }))),
    ...spansOf(text).flatMap((span) => invocations(span, program).map((words) => ({ page: name, words, whole: false })))
  ]
}

/** What stands between backquotes in sentences and tables; one may go on in the next line. */
export const spansOf = (text: string): ReadonlyArray<string> =>
  [...text.replaceAll(FENCE, "").matchAll(/`([^`]+)`/g)].map(([, inside]) =>
    inside!.replaceAll(/\s*\n\s*/g, " ").replaceAll("\\|", "|")
  )

/** The lines of a block that are typed: all of a script, and of a console those after its prompt. */
const typed = (language: string, block: string): ReadonlyArray<string> => {
  const lines = block.replaceAll(/\\\n\s*/g, " ").split("\n")
  if (language === "sh") return lines
  return language === "console" ? lines.flatMap((line) => /^[$#] (.*)$/.exec(line)?.[1] ?? []) : []
}

const invocations = (line: string, program: string): ReadonlyArray<ReadonlyArray<string>> =>
  shellCommands(line).flatMap((words) => {
    const at = words.indexOf(program)
    // Behind another program it is that one's argument: claude mcp add agentd -- agentctl mcp.
    return at < 0 || at === words.length - 1 ? [] : [words.slice(at + 1)]
  })

/** The commands of a line, each as its words; of `$(…)` too, which stands as one word in the command around it. */
export const shellCommands = (line: string): ReadonlyArray<ReadonlyArray<string>> => {
  const commands: Array<ReadonlyArray<string>> = []
  let words: Array<string> = []
  let word: string | undefined
  let quote = ""
  const endWord = () => {
    if (word !== undefined) words.push(word)
    word = undefined
  }
  const endCommand = () => {
    endWord()
    if (words.length > 0) commands.push(words)
    words = []
  }
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!
    if (quote === "'") {
      if (character === "'") quote = ""
      else word += character
    } else if (line.startsWith("$(", at)) {
      const end = line.indexOf(")", at)
      commands.push(...shellCommands(line.slice(at + 2, end)))
      word = `${word ?? ""}0`
      at = end
    } else if (character === quote) quote = ""
    else if (quote === "" && (character === "'" || character === '"')) {
      quote = character
      word ??= ""
    } else if (quote !== "") word += character
    else if (character === "#" && word === undefined) break
    else if (/[\s]/.test(character)) endWord()
    else if (/[|;&]/.test(character)) endCommand()
    else if (/[<>]/.test(character)) {
      // Where it is redirected to is no argument.
      word = undefined
      at += /^[<>&]*\s*[^\s|;&]*/.exec(line.slice(at))![0].length - 1
    } else word = (word ?? "") + character
  }
  endCommand()
  return commands
}
