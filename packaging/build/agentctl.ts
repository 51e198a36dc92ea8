/**
 * How `agentctl` is bundled, so that `agentctl ls` costs little more than starting Node: one CommonJS file (the loader of
 * ES modules alone takes 2 ms) and one for its help, in which a module runs only when something of it is first used. What
 * `agentctl mcp` needs is a third.
 */
import { readFileSync } from "node:fs"
import type { BuildOptions, Plugin } from "esbuild"

const OCLIF = /node_modules\/@oclif\/core\/lib\/.*\.js$/
const IMPORT = /^(?:const|var) (\w+) = (?:(__importDefault|__importStar)\()?require\("([^"]+)"\)\)?;$/gm

/**
 * oclif's modules are CommonJS made by TypeScript and load everything at their top: help, spinners, plugin discovery. Each
 * `const x = require("…")` becomes a function that loads once, each use of `x` a call of it. For `ls --json` that is
 * 48 ms before and 30 after, where an empty Node takes 22.
 */
export const lazily = (source: string): string => {
  const names: Array<string> = []
  const lazy = source.replace(IMPORT, (_, name: string, wrap: string | undefined, from: string) => {
    names.push(name)
    const load = wrap === undefined ? `require("${from}")` : `${wrap}(require("${from}"))`
    return `let ${name}$; const ${name} = () => ${name}$ ??= ${load};`
  })
  return names.reduce(
    (text, name) => text.replace(new RegExp(`(?<!const )\\b${name}\\b(?!\\$| = \\(\\) =>)`, "g"), `(${name}())`),
    lazy
  )
}

/** Sets up the stream for standard output while loading; `src/cli/print.ts` handles a reader that leaves. */
const STDOUT_ERRORS = /^process\.stdout\.on\('error', \(err\) => \{\n.*?^\}\);\n/ms

/** Discovery of plugins with its globbing and TypeScript loader (`Table.ts` takes its place), and spinners: never reached. */
const UNUSED = /(@oclif\/core\/lib\/config\/(index|ts-path)\.js|cli-spinners\/spinners\.json)$/

/** Help with its templates, reached from elsewhere in oclif only by features that no command here uses (deprecated flags). */
const HELP = /@oclif\/core\/lib\/help\/(index|util)\.js$/

const oclif = (options: { readonly help: boolean }): Plugin => ({
  name: "lazy-oclif",
  setup: (build) => {
    const empty = () => ({ contents: "module.exports = {}", loader: "js" as const })
    build.onLoad({ filter: UNUSED }, empty)
    if (!options.help) {
      build.onLoad({ filter: HELP }, empty)
      build.onResolve({ filter: /\/showHelp\.ts$/ }, () => ({ path: "./agentctl-help.cjs", external: true }))
    }
    build.onResolve({ filter: /\/mcp\/serve\.ts$/ }, () => ({ path: "./agentctl-mcp.cjs", external: true }))
    build.onLoad({ filter: OCLIF }, ({ path }) => ({
      contents: lazily(readFileSync(path, "utf8")).replace(STDOUT_ERRORS, ""),
      loader: "js"
    }))
  }
})

const common: BuildOptions = {
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  // CommonJS has no import.meta.
  define: { "import.meta.url": "__moduleUrl" },
  banner: { js: 'const __moduleUrl = "file://" + encodeURI(__filename);' },
  sourcemap: false,
  minify: true
}

/** `dist/agentctl.cjs`. */
export const agentctlBundle: BuildOptions = {
  ...common,
  entryPoints: [{ in: "src/cli/Main.ts", out: "agentctl" }],
  plugins: [oclif({ help: false })]
}

/** `dist/agentctl-help.cjs`: a fifth of the code, which every other command would read for nothing (1 ms). */
export const agentctlHelpBundle: BuildOptions = {
  ...common,
  entryPoints: [{ in: "src/cli/showHelp.ts", out: "agentctl-help" }],
  plugins: [oclif({ help: true })]
}

/** `dist/agentctl-mcp.cjs`: the Model Context Protocol's library, larger than everything else `agentctl` loads. */
export const agentctlMcpBundle: BuildOptions = {
  ...common,
  entryPoints: [{ in: "src/cli/mcp/serve.ts", out: "agentctl-mcp" }],
  // The library brings packages of others within its own files, with their licences in comments.
  legalComments: "eof"
}
