/** The text of a message: words, a file, or standard input, as UTF-8 and nothing else. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs"
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
  const text = words.join(" ")
  if (text.includes("\ufffd")) decode(argumentsAsGiven())
  return text
}

/** Bytes read of a file at once. */
const PIECE_BYTES = 64 * 1024

const tooLong = () => usage(`a message has at most ${MAX_TEXT_BYTES} bytes; send a file's path instead`)

/** Piece by piece: what is no message ends early, however long the file is. */
const fromFile = (file: string): Buffer => {
  try {
    const descriptor = openSync(file, "r")
    try {
      const chunks: Array<Buffer> = []
      for (let bytes = 0; ; ) {
        const chunk = Buffer.alloc(PIECE_BYTES)
        const read = readSync(descriptor, chunk)
        if (read === 0) return Buffer.concat(chunks)
        bytes += read
        if (bytes > MAX_TEXT_BYTES) throw tooLong()
        chunks.push(chunk.subarray(0, read))
      }
    } finally {
      closeSync(descriptor)
    }
  } catch (cause) {
    if (cause instanceof CommandFailed) throw cause
    throw new CommandFailed(`${file} cannot be read: ${(cause as Error).message}`)
  }
}

const standardInput = async (): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer)
    bytes += (chunk as Buffer).length
    if (bytes > MAX_TEXT_BYTES) throw tooLong()
  }
  return Buffer.concat(chunks)
}

/** What the kernel was given as arguments: where they are no UTF-8, Node has put other characters in their place. */
const argumentsAsGiven = (): Buffer => {
  try {
    return readFileSync("/proc/self/cmdline")
  } catch {
    return Buffer.alloc(0)
  }
}

const decode = (bytes: Buffer): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\n$/, "")
  } catch {
    throw usage("the text is not valid UTF-8")
  }
}
