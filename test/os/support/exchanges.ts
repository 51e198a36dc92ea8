/** An installation on a virtual machine that exchanges messages while its power is cut, each time at a named step of git's. */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { expect } from "vitest"
import { Clone, temporary } from "../../sync/support.ts"
import type { Exchanged, ExchangeReport, Step } from "../programs/vm/exchange.ts"
import type { Vm } from "./Vm.ts"

const PROGRAM = ["/usr/lib/agentd/node", "/usr/local/lib/test/exchange.ts", "/usr/lib/agentd/dist/client/index.js"]

export class Exchanges {
  /** Every message that was acknowledged. */
  readonly said: Array<string> = []
  /** Why exchanges failed after a cut; the next one has to get through. */
  readonly failures: Array<string> = []
  #after: Step | undefined

  /** Sees what there is after the cut before, and then, with a step, exchanges until the power is cut when that is passed a second time. */
  async run(vm: Vm, round: number, step: Step | undefined): Promise<void> {
    const lines = vm.reported.length
    let passed = 0
    const seen = new Promise<Exchanged>((resolve) => {
      let found: Exchanged | undefined
      vm.onReport = (line) => {
        const report = JSON.parse(line) as ExchangeReport
        if (report.is === "found") found = report.found
        if (report.is === "step" && report.step === step) passed++
        if (found === undefined || (step !== undefined && passed < 2)) return
        // At once: what follows the step is not to come about.
        void vm.cutPower()
        resolve(found)
      }
    })
    const found = await Promise.race([seen, exchangeUntilCut(vm, String(round))])
    await vm.cutPower()
    await this.#judge(found)
    for (const line of vm.reported.slice(lines)) {
      // The last one may have been on its way.
      const report = line.endsWith("}") ? (JSON.parse(line) as ExchangeReport) : null
      if (report?.is === "said") this.said.push(report.text)
    }
    this.#after = step
  }

  async #judge({ failures, quarantined, remote, texts, unpublished, wrong }: Exchanged): Promise<void> {
    const when = `after the cut at ${this.#after ?? "none"}, ${failures.join("; ")}`
    expect(
      this.said.filter((text) => !texts.includes(text)),
      `${when}: lost`
    ).toEqual([])
    expect(new Set(texts).size, `${when}: some are there twice`).toBe(texts.length)
    expect({ quarantined, unpublished, wrong }, when).toEqual({ quarantined: 0, unpublished: 0, wrong: "" })
    // It may fail once, to find that its copy is damaged, or take too long; nobody has to help.
    expect(failures.length, when).toBeLessThan(3)
    this.failures.push(...failures)
    const directory = temporary()
    execFileSync("tar", ["--extract", "--gzip", "--no-same-owner", "--directory", directory], {
      input: Buffer.from(remote, "base64")
    })
    const other = await Clone.open("other", join(directory, "remote.git"))
    await other.sync()
    expect((await other.texts()).toSorted(), `${when}: what others have`).toEqual(texts.toSorted())
    await other.stop()
  }
}

/** Answers only when something went wrong. */
const exchangeUntilCut = async (vm: Vm, round: string): Promise<never> => {
  const { stderr, stdout } = await vm.user([...PROGRAM, round], { mayFail: true })
  const journal = await vm.run(["journalctl", "--no-pager", "--lines=40"], { mayFail: true })
  throw new Error(`nothing is exchanged any more: ${stdout}${stderr}\n${journal.stdout}`)
}
