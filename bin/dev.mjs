#!/usr/bin/env node
/**
 * What the npm scripts call: prepares the tree (packages, native addons, bundle), then does the task with the pinned Node.
 *
 * Plain JavaScript without a dependency, because it runs before anything is installed, on whatever Node (18 or newer) is there.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { constants } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { inTree, pinnedNode } from "../packaging/build/pinned.mjs"
import { prepare, SetupError } from "../packaging/build/setup.mjs"

/** Each task: what it does, the scripts it runs with the pinned Node, and whether they run from `dist/`. */
const tasks = {
  start: {
    about: "open a session in a daemon: your shell, or `npm start -- COMMAND`",
    run: ["packaging/build/start.ts"],
    dist: true
  },
  test: {
    about: "run the tests (`npm test -- FILTER` for some)",
    run: ["node_modules/vitest/vitest.mjs", "run"],
    dist: true
  },
  "test:os": { about: "run the tests that need a service manager", run: ["packaging/build/testOs.ts"], dist: true },
  check: {
    about: "types, lint, dead code, layering, generated pages, shell scripts",
    run: ["packaging/build/check.ts"],
    dist: false
  },
  bench: { about: "measure, against peers, and write docs/performance.md", run: ["test/bench/Main.ts"], dist: true },
  docs: { about: "write the generated reference pages", run: ["packaging/build/docs.ts"], dist: false },
  package: { about: "build the .deb, the .rpm and the npm tarball", run: ["packaging/build/package.ts"], dist: true },
  build: { about: "write dist/ anew", run: ["packaging/build/bundle.ts", "--types"], dist: false }
}

const fail = (message) => {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

/** Runs a script of the tree with the pinned Node and that Node first on PATH; returns what a shell would call its exit code. */
const runPinned = (node, args) => {
  const path = [dirname(node), inTree("node_modules", ".bin"), process.env.PATH].filter(Boolean).join(delimiter)
  const options = { cwd: inTree(), stdio: "inherit", env: { ...process.env, PATH: path } }
  const { status, signal, error } = spawnSync(node, args, options)
  if (error !== undefined) fail(`Cannot run ${node}: ${error.message}`)
  return status ?? 128 + constants.signals[signal]
}

if (Number(process.versions.node.split(".")[0]) < 18) {
  fail(
    `Node ${process.versions.node} is too old to begin with: 18 or newer is needed (the tree brings its own afterwards).`
  )
}
const [name, ...rest] = process.argv.slice(2)
const task = Object.hasOwn(tasks, name ?? "") ? tasks[name] : undefined
if (task === undefined) {
  const lines = Object.entries(tasks).map(([key, { about }]) => `  ${key.padEnd(8)} ${about}`)
  fail(`Usage: node bin/dev.mjs TASK [ARGUMENTS]\n\n${lines.join("\n")}`)
}
try {
  await prepare()
} catch (error) {
  if (error instanceof SetupError) fail(`\n${error.message}`)
  throw error
}
// The terminal sends Ctrl-C to the whole foreground group: from here on the task decides what it means.
for (const signal of ["SIGINT", "SIGQUIT"]) process.on(signal, () => {})
const node = pinnedNode()
if (task.dist) {
  const code = runPinned(node, [join("packaging", "build", "bundle.ts"), "--if-stale"])
  if (code !== 0) process.exit(code)
}
const [script, ...fixed] = task.run
if (!existsSync(inTree(script))) fail(`This tree has no ${script}.`)
process.exit(runPinned(node, [script, ...fixed, ...rest]))
