/** The Homebrew formula, evaluated by real Ruby against a stand-in for Homebrew's classes. `brew` itself has not run it. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import manifest from "../../package.json" with { type: "json" }
import { root } from "../../packaging/build/root.ts"

const formula = join(root, "packaging/homebrew/agentd.rb")
const ruby = (...args: ReadonlyArray<string>) => spawnSync("ruby", args, { encoding: "utf8" })
const missing = ruby("--version").status !== 0
if (missing) process.stdout.write("There is no ruby here: the Homebrew formula is not evaluated.\n")

describe.skipIf(missing)("the Homebrew formula", () => {
  test("is Ruby without a warning", () => {
    const { status, stderr, stdout } = ruby("-wc", formula)
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: "", stdout: "Syntax OK\n" })
  })

  test("installs this version, with a test and a service", () => {
    const { status, stderr, stdout } = ruby("-w", join(root, "test/packaging/formula.rb"), formula)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    const said = JSON.parse(stdout)
    expect(said).toMatchObject({ license: manifest.license, installs: true, test: true, depends_on: ["node"] })
    expect(said.url).toMatch(new RegExp(`agentd-${manifest.version.replaceAll(".", "\\.")}\\.tgz$`))
    // brew audit: at most 80 characters, without the name, an article or a full stop.
    expect(said.desc).toMatch(/^(?!An? |The )(?!.*agentd)[A-Z].{1,78}[^.]$/)
    expect(said.service).toMatchObject({ run: ["/opt/homebrew/opt/agentd/bin/agentd"], keep_alive: { crashed: true } })
    // A path with a version in it is gone after the next upgrade.
    expect(JSON.stringify(said.service)).not.toMatch(/Cellar|\d+\.\d+\.\d+/)
  })
})
