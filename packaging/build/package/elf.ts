/** Which version of a library a set of programs needs: the newest versioned symbol that they import. */
import { run } from "./command.ts"

export const newestSymbol = (programs: ReadonlyArray<string>, library: "GLIBC" | "GLIBCXX"): string => {
  const versions = programs.flatMap((program) =>
    [...run("objdump", ["-T", program]).matchAll(new RegExp(`\\*UND\\*.*\\b${library}_([0-9.]+)`, "g"))].map(
      (match) => match[1]!
    )
  )
  return versions.reduce((newest, version) => (compare(version, newest) > 0 ? version : newest), "0")
}

const compare = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true })
