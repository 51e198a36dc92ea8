/** The text of a message: words, a file, or standard input, as UTF-8 and nothing else. */
import { readFileSync } from "node:fs"
import { MAX_TEXT_BYTES } from "../../contract/Limits.ts"
import { CommandFailed } from "../AgentctlCommand.ts"
import { usage } from "../Arguments.ts"

/** `words` may be `-` for standard input, or empty when input is no terminal. */
export const readText = async (words: ReadonlyArray<string>, file: string | undefined): Promise<string> => {
  if (file !== undefined && words.length > 0) throw usage("give words or --file, not both")
  if (file !== undefined) return decode(file === "-" ? await standardInput() : fromFile(file))
  const piped = words.length === 0 && process.stdin.isTTY !== true
  if (piped || (words.length === 1 && words[0] === "-")) return decode(await standardInput())
  if (words.length === 0) throw usage("nothing to say: give some words, --file FILE, or - for standard input")
  return words.join(" ")
}

const fromFile = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new CommandFailed(`${file} cannot be read: ${(cause as Error).message}`)
  }
}

const standardInput = async (): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer)
    bytes += (chunk as Buffer).length
    if (bytes > MAX_TEXT_BYTES) throw usage(`a message has at most ${MAX_TEXT_BYTES} bytes; send a file's path instead`)
  }
  return Buffer.concat(chunks)
}

const decode = (bytes: Buffer): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\n$/, "")
  } catch {
    throw usage("the text is not valid UTF-8")
  }
}
