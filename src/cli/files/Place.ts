/**
 * Names of files here and elsewhere, as `cp` takes them: `PATH`, `HOST:PATH`, `SESSION:PATH`, `HOST:SESSION:PATH`. As with scp, a
 * colon counts only before the first slash; a file that has one is written `./a:b`.
 */
import { AgentdError } from "../../client/AgentdError.ts"
import { usage } from "../Arguments.ts"

export type Place =
  | { readonly at: "here"; readonly path: string }
  /** `name` is a connection's or a session's; `session` is one over there. */
  | { readonly at: "there"; readonly name: string; readonly session: string | null; readonly path: string }

const NAMED = /^([^:/]+):(?:([^:/]+):)?(.*)$/s

/** @throws for a path on another machine, or in a session, that has `..` in it */
export const parsePlace = (text: string): Place => {
  if (text.includes("\0") || text === "") throw usage("a file's name cannot be empty")
  const [, name, session, rest] = NAMED.exec(text) ?? []
  if (name === undefined || rest === undefined) return { at: "here", path: text }
  const path = rest.replace(/^~(\/|$)/, "")
  if (path.split("/").includes("..")) {
    throw new AgentdError(
      "NotAllowed",
      `"${text}": on the other side of a colon ".." is refused. Write the path whole, or from the directory where it begins.`,
      { data: { path: text } }
    )
  }
  return { at: "there", name, session: session ?? null, path }
}

/** The last part of a path, which is what a copy is called; empty for a directory as such. */
export const lastPart = (path: string): string => {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".")
  return parts.at(-1) ?? ""
}
