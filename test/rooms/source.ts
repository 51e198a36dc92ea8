/**
 * One source file as the checker sees it: what it imports, how it begins, and which raw facilities it uses.
 */
import { posix } from "node:path"
import { parseSync } from "oxc-parser"

export interface Import {
  /** The file in `src/` (`host/pty/Pty.ts`) or the package (`effect/sql/SqlClient`, `node:fs`). */
  readonly target: string
  readonly relative: boolean
  /** Erased before it runs. */
  readonly typeOnly: boolean
}

export interface Source {
  /** Path inside `src/`. */
  readonly path: string
  readonly imports: ReadonlyArray<Import>
  readonly opensWithDocComment: boolean
  /** Uses of the clock, the environment and raw promises, by name. */
  readonly raw: ReadonlyArray<string>
}

interface Node {
  readonly type: string
  readonly [key: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"

/** Every node below, itself included. */
function* nodes(node: Node): Generator<Node> {
  yield node
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* nodes(child)
  }
}

const nameOf = (value: unknown): string | undefined => (isNode(value) ? (value.name as string | undefined) : undefined)

const stringOf = (value: unknown): string | undefined =>
  isNode(value) && value.type === "Literal" && typeof value.value === "string" ? value.value : undefined

/** The functions handed straight to `Effect.promise(f)` and `Effect.tryPromise({ try: f })`: a promise that goes no further. */
const wrapped = (node: Node): ReadonlyArray<unknown> => {
  const callee = node.type === "CallExpression" && isNode(node.callee) ? node.callee : undefined
  if (nameOf(callee?.object) !== "Effect" || !/^(promise|tryPromise)$/.test(nameOf(callee?.property) ?? "")) return []
  return (node.arguments as ReadonlyArray<Node>).flatMap((argument) =>
    argument.type === "ObjectExpression"
      ? (argument.properties as ReadonlyArray<Node>).map(({ value }) => value)
      : [argument]
  )
}

const rawUseOf = (node: Node): string | undefined => {
  if (node.type === "MemberExpression") {
    const member = `${nameOf(node.object)}.${nameOf(node.property)}`
    return ["Date.now", "process.env"].includes(member) ? member : undefined
  }
  if (node.type === "NewExpression" && nameOf(node.callee) === "Promise") return "new Promise"
  if (node.type === "NewExpression" && nameOf(node.callee) === "Date" && (node.arguments as []).length === 0)
    return "new Date()"
  return node.async === true ? "async function" : undefined
}

/** `import()` and `require()` of a fixed name, which load at run time. */
const loadedBy = (node: Node): string | undefined => {
  if (node.type === "ImportExpression") return stringOf(node.source)
  if (node.type !== "CallExpression") return undefined
  const callee = isNode(node.callee) && node.callee.type === "MemberExpression" ? node.callee.object : node.callee
  return nameOf(callee) === "require" ? stringOf((node.arguments as ReadonlyArray<unknown>)[0]) : undefined
}

export const readSource = (path: string, text: string): Source => {
  const { module, program, comments, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`)
  const toImport = (specifier: string, typeOnly: boolean): Import => {
    const relative = specifier.startsWith(".")
    return { target: relative ? posix.join(posix.dirname(path), specifier) : specifier, relative, typeOnly }
  }
  const erased = (entries: ReadonlyArray<{ readonly isType: boolean }>): boolean =>
    entries.length > 0 && entries.every((entry) => entry.isType)
  const all = [...nodes(program as unknown as Node)]
  const harmless = new Set(all.flatMap(wrapped))
  const first = comments[0]
  return {
    path,
    imports: [
      ...module.staticImports.map((from) => toImport(from.moduleRequest.value, erased(from.entries))),
      ...module.staticExports.flatMap(({ entries }) =>
        entries
          .filter((entry) => entry.moduleRequest != null)
          .map((entry) => toImport(entry.moduleRequest?.value ?? "", entry.isType))
      ),
      ...all.flatMap((node) => {
        const loaded = loadedBy(node)
        return loaded === undefined ? [] : [toImport(loaded, false)]
      })
    ],
    opensWithDocComment:
      first?.type === "Block" && first.value.startsWith("*") && /^(#!.*\n)?\s*$/.test(text.slice(0, first.start)),
    raw: [
      ...new Set(
        all
          .filter((node) => !harmless.has(node))
          .map(rawUseOf)
          .filter((use) => use !== undefined)
      )
    ]
  }
}
