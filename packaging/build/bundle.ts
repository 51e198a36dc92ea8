/**
 * Turns `src/` into what is shipped: `dist/agentd.js`, `dist/agentctl.cjs`, `dist/client/` and the notices of what was bundled.
 *
 * Bundled, because opening several hundred small modules costs more than running them, and because the SQLite driver
 * needs an import rewritten (see `alias`). Native addons stay outside.
 *
 *   node packaging/build/bundle.ts              build
 *   node packaging/build/bundle.ts --if-stale   build only if a source has changed since the last build
 *   node packaging/build/bundle.ts --types      also emit the declarations of `agentd/client`
 */
import { type BuildOptions, build, type Metafile } from "esbuild"
import { agentctlBundle, agentctlHelpBundle, agentctlMcpBundle } from "./agentctl.ts"
import { emitDeclarations } from "./declarations.ts"
import { keepSmall } from "./keepSmall.ts"
import { lazyBuiltins } from "./lazyBuiltins.ts"
import { copyNativeAddon } from "./native.ts"
import { thirdPartyNotices } from "./notices.ts"
import { isFresh, markFresh, replaceOutputs } from "./outputs.ts"
import { root } from "./root.ts"

const wanted = { ifStale: process.argv.includes("--if-stale"), types: process.argv.includes("--types") }

/** Loaded from `node_modules` when they run: native addons, and the terminal emulator, which only the daemon needs. */
const external = ["node-pty", "koffi", "sd-notify", "@xterm/*"]

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  // The lowest Node that package.json admits.
  target: "node24",
  sourcemap: true,
  sourcesContent: false,
  legalComments: "none",
  metafile: true,
  write: false,
  logLevel: "warning",
  external,
  // The newest SQLite driver build still imports `effect/unstable/*`, which effect 4.1 renamed to `effect/*`.
  alias: { "effect/unstable": "effect" },
  define: { "process.env.WS_NO_BUFFER_UTIL": '"1"', "process.env.WS_NO_UTF_8_VALIDATE": '"1"' }
}

/** Bundled CommonJS packages call `require` for Node's own modules; ES modules have none. */
const requireBanner = {
  js: 'import { createRequire as __createRequire } from "node:module";const require = __createRequire(import.meta.url);'
}

/** Each group is built by itself, so that a mistake in one leaves the others usable. */
const groups: Record<string, BuildOptions> = {
  daemon: {
    entryPoints: [
      { in: "src/daemon/Main.ts", out: "agentd" },
      // Loaded by `agentctl run --standalone` into its own process.
      { in: "src/daemon/Standalone.ts", out: "standalone" }
    ],
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    banner: requireBanner,
    plugins: [keepSmall, lazyBuiltins],
    // The source of what runs stays in memory. Names are kept: a stack trace in somebody's log has to tell something.
    minifySyntax: true,
    minifyWhitespace: true
  },
  cli: agentctlBundle,
  help: agentctlHelpBundle,
  mcp: agentctlMcpBundle,
  client: { entryPoints: [{ in: "src/client/index.ts", out: "client/index" }] }
}

if (wanted.ifStale && isFresh()) process.exit(0)

const started = performance.now()
const results = await Promise.all(
  Object.entries(groups).map(async ([name, options]) => {
    try {
      return await build({ outdir: "dist", ...common, ...options })
    } catch {
      // esbuild has printed what is wrong and where.
      process.stderr.write(`bundle: ${name} failed\n`)
      return undefined
    }
  })
)
const built = results.filter((result) => result !== undefined)
const complete = built.length === results.length
replaceOutputs(
  built.flatMap((result) => result.outputFiles ?? []),
  { removeOthers: complete }
)
if (!complete) process.exit(1)

const inputs = built.flatMap((result) => Object.keys((result.metafile as Metafile).inputs))
thirdPartyNotices(inputs)
copyNativeAddon()
if (wanted.types) emitDeclarations()
markFresh()
process.stdout.write(`bundled dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
