/** A yes/no question to a person at a terminal, answered no unless they say yes; loaded by the few commands that ask. */
import { createInterface } from "node:readline/promises"

/** Null: nobody is there to be asked. */
export const agreed = async (question: string): Promise<boolean | null> => {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}
