/**
 * Reads a file of documented constants (`Limits.ts`, `Frames.ts`): names, values, and the comment above each.
 *
 * From the text, because the comments that give unit and reason are where people who change a value see them.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../root.ts"

export interface Documented {
  readonly name: string
  readonly comment: string
}

/** A doc comment and the line it stands above; a line without a comment of its own shares the one before. */
export const documented = (file: string, declaration: RegExp): ReadonlyArray<Documented> => {
  const found: Array<Documented> = []
  let comment = ""
  const pieces = /^[ \t]*\/\*\*([\s\S]*?)\*\/|^[^\n]+$/gm
  for (const [text, inside] of readFileSync(join(root, file), "utf8").matchAll(pieces)) {
    if (inside !== undefined)
      comment = inside
        .replace(/^\s*\*/gm, "")
        .replace(/\s+/g, " ")
        .trim()
    else {
      const name = declaration.exec(text)?.[1]
      if (name !== undefined) found.push({ name, comment })
    }
  }
  return found
}
