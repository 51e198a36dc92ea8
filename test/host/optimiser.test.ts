/** What is typed is worth optimising early, a start alone is not. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { root } from "../../packaging/build/root.ts"
import { optimiseSoon } from "../../src/host/self/Optimiser.ts"

describe("the optimiser", () => {
  it("is asked for sooner by a daemon that was started to ask for it late, and left alone by any other", () => {
    const set: Array<string> = []
    optimiseSoon(["--expose-gc"], (flag) => set.push(flag))
    expect(set).toEqual([])
    optimiseSoon(["--expose-gc", "--invocation-count-for-turbofan=6000"], (flag) => set.push(flag))
    expect(set).toEqual(["--invocation-count-for-turbofan=300"])
  })

  it.each(["bin/agentd", "packaging/linux/agentd"])("is asked for late by %s", (launcher) => {
    expect(readFileSync(`${root}/${launcher}`, "utf8")).toContain("--invocation-count-for-turbofan=6000")
  })

  it("takes on, in the middle of a run, what it would not have taken on yet", () => {
    const program = `
      import { optimiseSoon } from ${JSON.stringify(`${root}/src/host/self/Optimiser.ts`)}
      const first = (n) => n * 3 + 1
      const then = (n) => n * 5 + 2
      const call = (what) => { for (let i = 0; i < 2_000; i++) what(i) }
      const optimised = (what) => (%GetOptimizationStatus(what) & 0b1000) !== 0
      call(first)
      optimiseSoon()
      call(then)
      // The optimiser works beside; what it has made is taken at the next call.
      for (let tries = 0; tries < 200 && !optimised(then); tries++) {
        await new Promise((resolve) => setTimeout(resolve, 10))
        then(tries)
      }
      console.log(JSON.stringify([optimised(first), optimised(then)]))
    `
    const late = "--invocation-count-for-turbofan=6000"
    const flags = ["--no-maglev", "--no-sparkplug", "--no-use-osr", late, "--allow-natives-syntax"]
    const out = execFileSync(process.execPath, [...flags, "--input-type=module", "-e", program], { encoding: "utf8" })
    expect(JSON.parse(out)).toEqual([false, true])
  })
})
