/**
 * `npm run check`: everything that can be known without running agentd, a line each; the output of those that fail below.
 */
import { execFileSync, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./root.ts"

interface Check {
  readonly name: string
  readonly command: ReadonlyArray<string>
}

const bin = (name: string): string => join(root, "node_modules/.bin", name)

const firstLine = (path: string): string => readFileSync(join(root, path), "utf8").split("\n", 1)[0] ?? ""

/** Tracked scripts, each with the shell that its first line names. */
const shellScripts = (): ReadonlyArray<Check> =>
  execFileSync("git", ["ls-files", "-z", "--stage", "bin", "packaging", ".ci", "test", "bench"], {
    cwd: root,
    encoding: "utf8"
  })
    .split("\0")
    // Regular executable files: git's mode 100755.
    .flatMap((entry) => (entry.startsWith("100755 ") ? [entry.slice(entry.indexOf("\t") + 1)] : []))
    .flatMap((path) => {
      const shell = firstLine(path).match(/^#!.*\b(sh|bash)\b/)?.[1]
      return shell === undefined ? [] : [{ name: `shell syntax of ${path}`, command: [shell, "-n", path] }]
    })

const checks: ReadonlyArray<Check> = [
  { name: "types", command: [bin("tsc"), "-p", "."] },
  { name: "lint and format", command: [bin("biome"), "check", "--error-on-warnings", "--max-diagnostics=10", "."] },
  { name: "dead files, exports and dependencies", command: [bin("knip"), "--no-progress"] },
  { name: "who may import whom", command: [bin("vitest"), "run", "test/rooms"] },
  { name: "generated pages are up to date", command: [process.execPath, "packaging/build/docs.ts", "--check"] },
  {
    name: "package-lock.json fits package.json",
    command: ["npm", "ci", "--dry-run", "--ignore-scripts", "--loglevel=error"]
  },
  ...shellScripts()
]

interface Outcome {
  readonly check: Check
  readonly passed: boolean
  readonly output: string
}

const run = (check: Check): Promise<Outcome> =>
  new Promise((resolve) => {
    const started = performance.now()
    const [command = "", ...args] = check.command
    const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined }
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env })
    let output = ""
    child.stdout.on("data", (chunk: Buffer) => (output += chunk))
    child.stderr.on("data", (chunk: Buffer) => (output += chunk))
    child.on("error", (cause) => (output += cause.message))
    child.on("close", (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      process.stdout.write(`${code === 0 ? "ok    " : "FAILED"}  ${check.name} (${seconds} s)\n`)
      resolve({ check, passed: code === 0, output })
    })
  })

// All at once: each is short, and most of them use one processor.
const outcomes = await Promise.all(checks.map(run))
const failed = outcomes.filter((outcome) => !outcome.passed)
for (const { check, output } of failed) {
  process.stdout.write(`\n── ${check.name}: ${check.command.join(" ").replaceAll(root, "")}\n${output.trimEnd()}\n`)
}
process.stdout.write(`\n${outcomes.length - failed.length} passed, ${failed.length} failed\n`)
process.exitCode = failed.length === 0 ? 0 : 1
