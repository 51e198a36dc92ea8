/** `stop` and `rm` of several sessions: what cannot be done is said, and keeps nothing else from being done. */
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { exitCodeOfAll } from "../../src/cli/several/eachSession.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl, asked, program } from "./support/agentctl.ts"
import { UserTerminal } from "./support/UserTerminal.ts"

let sandbox: Sandbox
beforeEach(async () => {
  sandbox = makeSandbox()
  await sandbox.start()
})
afterEach(() => sandbox[Symbol.asyncDispose]())

const live = async (...names: ReadonlyArray<string>) => {
  for (const name of names) await agentctl(sandbox, ["run", "-d", "--name", name, "--", "sleep", "1000"])
}
const names = async (...flags: ReadonlyArray<string>) =>
  (await asked(sandbox, ["ls", ...flags])).map(({ name }: { readonly name: string }) => name).sort()
const lines = (text: string) => text.split("\n").filter(Boolean).sort()

describe("several sessions", () => {
  it("are stopped and removed by name, by id and by a prefix of one", async () => {
    await live("one", "two", "three", "four")
    const { id } = await asked(sandbox, ["inspect", "two"])
    const stopped = await agentctl(sandbox, ["stop", "one", id, "three", "one"])
    expect(stopped).toMatchObject({ code: 0, stderr: "" })
    expect(lines(stopped.stdout)).toEqual([
      expect.stringMatching(/^one: .*\(stopped\)$/),
      expect.stringMatching(/^three: .*\(stopped\)$/),
      expect.stringMatching(/^two: .*\(stopped\)$/)
    ])
    expect(await names()).toEqual(["four"])
    const removed = await agentctl(sandbox, ["rm", "one", id.slice(0, -1), "three"])
    expect(removed).toMatchObject({ code: 0, stderr: "" })
    expect(lines(removed.stdout)).toHaveLength(3)
    expect(await names("--all")).toEqual(["four"])
  })

  it("are done though one of them cannot be, which is named, with its exit code", async () => {
    await live("one", "two")
    expect(await agentctl(sandbox, ["stop", "one", "nobody", "two"])).toMatchObject({
      code: 4,
      stdout: expect.stringMatching(/^one: /m),
      stderr: expect.stringMatching(/^agentctl: nobody: .*nobody.*\n$/)
    })
    expect(await names()).toEqual([])
    await live("three")
    expect(await agentctl(sandbox, ["rm", "one", "three", "two"])).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/^agentctl: three: Session three is still running\..*\n$/)
    })
    expect(await names("--all")).toEqual(["three"])
    // They failed in different ways: no code speaks of both.
    expect(await agentctl(sandbox, ["rm", "nobody", "three"])).toMatchObject({ code: 1 })
    expect(await agentctl(sandbox, ["rm", "--force", "nobody", "three"])).toMatchObject({ code: 4 })
    expect(await names("--all")).toEqual([])
  })

  it("are told apart in JSON, and nothing else is printed", async () => {
    await live("one", "two")
    const { code, stderr, stdout } = await agentctl(sandbox, ["stop", "one", "nobody", "two", "--json"])
    expect({ code, stderr }).toEqual({ code: 4, stderr: "" })
    expect(JSON.parse(stdout)).toMatchObject({
      stopped: [{ name: "one", status: "exited" }, { name: "two" }],
      failed: [{ session: "nobody", error: { tag: "SessionNotFound" } }]
    })
    expect(await asked(sandbox, ["rm", "one", "two"])).toMatchObject({ removed: [{}, {}], failed: [] })
    await live("three")
    expect(await asked(sandbox, ["stop", "three"])).toMatchObject({ name: "three", exit: { by: "stop" } })
  })

  it("are of one machine, or each says of which", async () => {
    await live("one")
    for (const words of [
      ["stop", "gpu:one", "one"],
      ["rm", "--force", "one", "gpu:one"],
      ["stop", "gpu:one", "tpu:one"]
    ]) {
      expect(await agentctl(sandbox, words)).toMatchObject({ code: 2, stderr: expect.stringMatching(/machine/) })
    }
    expect(await names()).toEqual(["one"])
  })

  it("are offered by completion, each once", async () => {
    await live("one", "two", "three")
    const complete = async (...words: ReadonlyArray<string>) => {
      const { stdout } = await agentctl(sandbox, ["__complete", "--", ...words])
      return stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split("\t")[0])
        .sort()
    }
    expect(await complete("stop", "")).toEqual(["one", "three", "two"])
    expect(await complete("stop", "one", "t")).toEqual(["three", "two"])
    expect(await complete("rm", "one", "two", "")).toEqual(["three"])
    expect(await complete("attach", "one", "")).toEqual([])
  })

  it("give their exit code where they agree on one, else 1", () => {
    expect([[], [4], [4, 4], [4, 6]].map(exitCodeOfAll)).toEqual([0, 4, 4, 1])
  })
})

describe("stop --all", () => {
  it("wants a yes, and without somebody to ask does nothing", async () => {
    await live("one", "two")
    expect(await agentctl(sandbox, ["stop", "--all"])).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/^agentctl: This stops 2 sessions: (one, two|two, one)\. Give --yes/)
    })
    await using hesitating = new UserTerminal(sandbox, "stop --all")
    await hesitating.shows(/This stops 2 sessions: .*\. Go on\? \[y\/N\]/)
    hesitating.type("\r")
    await hesitating.ended()
    expect(hesitating.code).toBe(1)
    expect(await names()).toEqual(["one", "two"])
    await using sure = new UserTerminal(sandbox, "stop --all")
    await sure.shows(/\[y\/N\]/)
    sure.type("y\r")
    await sure.ended()
    expect(sure.code).toBe(0)
    expect(await names()).toEqual([])
    expect(await agentctl(sandbox, ["stop", "--all"])).toMatchObject({ code: 0, stdout: "No session lives.\n" })
  })

  it("goes with no names, and names or --all must be given", async () => {
    await live("one")
    for (const words of [["stop"], ["stop", "one", "--all", "--yes"], ["stop", "one", "--yes"], ["rm"]]) {
      expect(await agentctl(sandbox, words)).toMatchObject({ code: 2 })
    }
    expect(await names()).toEqual(["one"])
  })

  it("ends the session it runs in as the last one", async () => {
    await live("one", "two")
    await agentctl(sandbox, [
      "run",
      "-d",
      "--name",
      "own",
      "--access",
      "all",
      "--",
      "sh",
      "-c",
      `${program} stop -ay; read x`
    ])
    await agentctl(sandbox, ["wait", "own"])
    expect(await names()).toEqual([])
    const ended = await asked(sandbox, ["ls", "--all"])
    const at = Object.fromEntries(
      ended.map(({ exit, name }: { readonly exit: { readonly at: number }; readonly name: string }) => [name, exit.at])
    )
    expect(at.own).toBeGreaterThanOrEqual(Math.max(at.one, at.two))
  })
})
