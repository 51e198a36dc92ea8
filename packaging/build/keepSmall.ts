/**
 * What becomes of our sources on their way into the daemon's bundle, so that it takes little memory.
 *
 * `import { Effect, Schema } from "effect"` becomes an import of each module by itself. Taken from the package's index, a module comes as
 * one object with a getter for everything in it: whatever nobody uses stays in the bundle and in memory, and whatever is used is looked
 * up and called on each access. By itself it dissolves into its functions.
 *
 * A character beyond Latin-1 becomes an escape: a single one, in a regular expression, has V8 keep the whole file at two bytes for each.
 * (Elsewhere the bundler does that itself.)
 *
 * Names that packages do not export become short: the text of all that runs stays in memory, and every name of a scope beside it.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type Plugin, transform } from "esbuild"
import { root } from "./root.ts"

const INDEX = /^import \{([^}]*)\} from "effect((?:\/[a-z]+)?)"$/gm

/** The same statement over as many lines, so that source maps stay right. */
export const importEach = (source: string, isModule: (path: string) => boolean): string =>
  source.replace(INDEX, (statement, list: string, folder: string) => {
    const names = list.split(",").map((name) => name.trim())
    const kept: Array<string> = []
    const modules: Array<string> = []
    for (const name of names) {
      if (name === "" || name.startsWith("type ")) continue
      if (/^\w+$/.test(name) && isModule(`effect${folder}/${name}`)) {
        modules.push(`import * as ${name} from "effect${folder}/${name}"`)
      } else kept.push(name)
    }
    if (kept.length > 0) modules.push(`import { ${kept.join(", ")} } from "effect${folder}"`)
    return modules.join(";") + "\n".repeat(statement.split("\n").length - 1)
  })

/** In strings, templates, regular expressions and comments alike; `String.raw` would see the difference. */
export const escapeWide = (source: string): string =>
  source.replace(/[^\0-\xff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** Names that a module exports stay, and with them most of what a stack trace tells of a package. */
export const shortenNames = async (source: string, path: string): Promise<string> => {
  const options = { minifyIdentifiers: true, target: "esnext", sourcemap: "inline", sourcesContent: false } as const
  return (await transform(source, { ...options, sourcefile: path })).code
}

const isModule = (path: string): boolean =>
  existsSync(join(root, "node_modules", path.replace(/^effect\//, "effect/dist/").concat(".js")))

export const keepSmall: Plugin = {
  name: "keep-small",
  setup: (build) => {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      if (path.includes("/node_modules/")) return undefined
      return { contents: escapeWide(importEach(readFileSync(path, "utf8"), isModule)), loader: "ts" }
    })
    build.onLoad({ filter: /\/node_modules\/.*\.js$/ }, async ({ path }) => ({
      contents: await shortenNames(readFileSync(path, "utf8"), path),
      loader: "js"
    }))
  }
}
