/**
 * Node's own modules of which a daemon at rest uses little or nothing, loaded when something of them is first called.
 *
 * An import of `node:zlib` compiles thirty of Node's files and keeps them for life, about a megabyte; one of `node:fs` makes
 * Node fetch all that can be had from there, `fs.promises` too. Sources import them as usual; in the bundle each export
 * becomes a function that fetches the module, or an object that looks its properties up there.
 */
import type { Plugin } from "esbuild"

const LAZY = ["child_process", "crypto", "fs", "fs/promises", "util", "v8", "vm", "zlib"]

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

const wrapped = (name: string, value: unknown): string =>
  typeof value === "function"
    ? // Not an arrow: classes are exports too.
      `export const ${name} = function (...args) { return new.target ? new (load().${name})(...args) : load().${name}(...args) }`
    : `export const ${name} = /* @__PURE__ */ new Proxy({}, { get: (_, key) => load().${name}[key] })`

export const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup: (build) => {
    const filter = new RegExp(`^node:(?:${LAZY.join("|")})$`)
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: "lazy-builtin", sideEffects: false }))
    build.onLoad({ filter: /.*/, namespace: "lazy-builtin" }, ({ path }) => ({
      contents: [
        // Kept: Node checks the name anew each time, which is felt in a function that runs with every keystroke.
        "let loaded",
        `const load = () => (loaded ??= process.getBuiltinModule("${path}"))`,
        "export default /* @__PURE__ */ new Proxy({}, { get: (_, key) => load()[key] })",
        ...Object.entries(process.getBuiltinModule(path) as object)
          .filter(([name]) => IDENTIFIER.test(name) && name !== "default")
          .map(([name, value]) => wrapped(name, value))
      ].join("\n")
    }))
  }
}
