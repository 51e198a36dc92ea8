/** What is run for a line somebody typed: a program and its words, or a shell where there is anything in it that only a shell understands. */

/** Words that mean themselves to every shell. */
const PLAIN = /^[\w@%+:,./=-]+$/

/** Null: nothing was typed, so a shell. */
export const commandOf = (line: string): ReadonlyArray<string> | null => {
  const words = line.trim().split(/\s+/)
  if (words[0] === "") return null
  // A first word with an equals sign is an assignment.
  return words.every((word) => PLAIN.test(word)) && !words[0]!.includes("=") ? words : ["/bin/sh", "-c", line.trim()]
}
