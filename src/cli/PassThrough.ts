/**
 * `agentctl run vim -R notes`: whose flag is `-R`? Everything from the first word on that is no flag belongs to the program.
 */
interface FlagShape {
  readonly type: "boolean" | "option"
  readonly char?: string
}

/** Puts `--` before the program's name unless it is there, so that the parser leaves the program's flags alone. */
export const beforeProgram = (
  argv: ReadonlyArray<string>,
  flags: Readonly<Record<string, unknown>>
): ReadonlyArray<string> => {
  const shapes = flags as Readonly<Record<string, FlagShape>>
  const takesValue = (word: string): boolean => {
    if (word.includes("=")) return false
    if (word.startsWith("--")) return shapes[word.slice(2)]?.type === "option"
    // Of short flags put together only the last can wait for a value: -dn NAME.
    const flag = Object.values(shapes).find((shape) => shape.char === word.at(-1))
    const earlier = [...word.slice(1, -1)].some(
      (char) => Object.values(shapes).find((shape) => shape.char === char)?.type === "option"
    )
    return flag?.type === "option" && !earlier
  }
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!
    if (word === "--") return argv
    if (!word.startsWith("-") || word === "-") return [...argv.slice(0, at), "--", ...argv.slice(at)]
    // A flag without its value is an error, not a flag whose value is "--".
    if (takesValue(word) && argv[at + 1] !== "--") at++
  }
  return argv
}
