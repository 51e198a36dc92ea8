/**
 * A tar archive (POSIX ustar) of texts, without the name, number and clock of whoever makes it: `tar` would put them into every
 * header, and would need the texts on disk first.
 */
export interface TextFile {
  readonly name: string
  readonly text: string
}

const BLOCK = 512
/** Bytes of a name without a prefix; names in here are short and known. */
const MAX_NAME = 100

export const tar = (files: ReadonlyArray<TextFile>, modified: Date): Buffer =>
  Buffer.concat([...files.flatMap((file) => entry(file, modified)), Buffer.alloc(2 * BLOCK)])

const entry = ({ name, text }: TextFile, modified: Date): ReadonlyArray<Buffer> => {
  const body = Buffer.from(text)
  const padding = Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)
  return [header(name, body.length, modified), body, padding]
}

const header = (name: string, size: number, modified: Date): Buffer => {
  if (Buffer.byteLength(name) > MAX_NAME) throw new Error(`a name of more than ${MAX_NAME} bytes: ${name}`)
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1")
  block.write(name, 0)
  octal(0o600, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(Math.floor(modified.getTime() / 1000), 136, 12)
  // Counted with blanks in the place of the sum itself.
  block.fill(" ", 148, 156)
  block.write("0", 156)
  block.write("ustar\0", 257)
  block.write("00", 263)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1")
  return block
}
