/** Three homes with a daemon each, and nothing between them but a git remote: real processes, the real command line. */
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it, onTestFinished } from "vitest"
import { program } from "../cli/support/agentctl.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { bareRemote, git, temporary } from "./support.ts"

const run = promisify(execFile)

class Home {
  readonly sandbox: Sandbox = makeSandbox()
  readonly clone: string
  readonly env = { AGENTD_SYNC_INTERVAL: "1s" }

  constructor(remote: string) {
    this.clone = join(temporary(), "clone")
    git("/", "clone", "--quiet", remote, this.clone)
    onTestFinished(() => this.sandbox[Symbol.asyncDispose]())
  }

  async ctl(...args: ReadonlyArray<string>): Promise<string> {
    return (await run(program, args, { cwd: this.clone, env: { ...this.sandbox.env, ...this.env } })).stdout
  }

  async json<A>(...args: ReadonlyArray<string>): Promise<A> {
    return JSON.parse(await this.ctl(...args, "--json")) as A
  }

  /** What an agent's session prints at its end. */
  as(agent: string, script: string): Promise<string> {
    return this.ctl("run", "--agent", agent, "--", "sh", "-c", script.replaceAll("agentctl", program))
  }

  texts(): Promise<ReadonlyArray<string>> {
    return this.json<{ messages: ReadonlyArray<{ text: string }> }>("inbox", "--all", "--peek", "--oldest").then(
      ({ messages }) => messages.map(({ text }) => text)
    )
  }
}

const refused = (promise: Promise<unknown>) =>
  promise.then(
    () => Promise.reject(new Error("it was not refused")),
    (error: { code: number; stderr: string }) => error
  )

it("what is said on one machine is heard on the others, whichever daemon is killed in between", async () => {
  const remote = bareRemote()
  const homes = [new Home(remote), new Home(remote), new Home(remote)] as const
  const [a, b, c] = homes
  const daemons = await Promise.all(homes.map(({ env, sandbox }) => sandbox.start({ env })))

  // Nothing leaves before a person has seen what, and agreed.
  await a.as("ant", "true")
  await a.ctl("run", "-d", "--agent", "bug", "--", "sleep", "1000")
  await a.ctl("msg", "@bug", "said before anybody listened")
  expect(await a.ctl("sync", "status")).toContain("local-only")
  expect((await refused(a.ctl("sync", "now"))).stderr).toContain("agentctl sync enable")
  expect((await refused(a.ctl("sync", "enable"))).stderr).toContain("--yes")
  expect(git(remote, "for-each-ref")).toBe("")
  expect(await refused(a.as("ant", "agentctl sync enable --yes"))).toMatchObject({ code: 5 })
  expect(await a.ctl("sync", "enable", "--yes")).toMatch(/1 {2}message.sent[\s\S]*said before anybody listened/)
  await b.ctl("sync", "enable", "--yes")
  await c.ctl("sync", "enable", "--yes")
  await b.as("bee", "true")
  for (const home of [a, b, a]) await home.ctl("sync", "now")

  const heard = b.as("bee", "agentctl message wait --timeout 60s")
  await a.as("ant", "agentctl msg @bee 'are you there?'")
  expect(await heard).toContain("are you there?")

  await daemons[1]!.kill()
  await a.as("ant", "agentctl msg @bee 'while you were dead'")
  await a.ctl("sync", "now")
  await b.sandbox.start({ env: b.env })
  expect(await b.as("bee", "agentctl message wait --timeout 60s")).toContain("while you were dead")
  await b.as("bee", "agentctl msg @ant 'all received'")
  for (const home of [b, a, c]) await home.ctl("sync", "now")

  const texts = ["said before anybody listened", "are you there?", "while you were dead", "all received"]
  expect(await a.texts()).toEqual(texts)
  expect(await b.texts()).toEqual(texts)
  expect(await c.texts()).toEqual(texts)
  // The repository itself has not been touched.
  expect(git(a.clone, "for-each-ref")).toBe("")
  const [status] = await c.json<ReadonlyArray<{ peers: ReadonlyArray<object>; error: string | null }>>("sync", "status")
  expect(status).toMatchObject({ mode: "on", error: null, unpublished: 0, quarantineCount: 0 })
  expect(status!.peers).toHaveLength(2)
})

it("a message that looks as if it held a secret stays until a person lets it go", async () => {
  const remote = bareRemote()
  const home = new Home(remote)
  await home.sandbox.start({ env: home.env })
  await home.ctl("run", "-d", "--agent", "ant", "--", "sleep", "1000")
  await home.ctl("sync", "enable", "--yes")
  const secret = `ghp_${"a1".repeat(18)}`
  const { id } = await home.json<{ id: string }>("msg", "@ant", `use ${secret} for it`)
  await home.ctl("msg", "@ant", "and this one is harmless")
  await home.ctl("sync", "now")
  const branch = () => git(remote, "grep", "-h", "hash", "agentd-sync")
  expect(branch()).toContain("harmless")
  expect(branch()).not.toContain(secret)
  expect(await home.ctl("sync", "status")).toMatch(new RegExp(`1 event held back[\\s\\S]*${id} {2}token`))
  await home.ctl("sync", "release", id, "--redacted")
  await home.ctl("sync", "now")
  expect(branch()).toContain("use [redacted:token] for it")
  expect(branch()).not.toContain(secret)
  expect((await refused(home.ctl("sync", "release", id))).stderr).toContain("already")
})

it("a failure is told with its reason, nothing is lost by it, and the configuration has the last word", async () => {
  const remote = bareRemote()
  const home = new Home(remote)
  const daemon = await home.sandbox.start({ env: home.env })
  await home.ctl("run", "-d", "--agent", "ant", "--", "sleep", "1000")
  await home.ctl("msg", "@ant", "one")
  await home.ctl("sync", "enable", "--yes")
  await home.ctl("sync", "now")
  git("/", "-C", home.clone, "remote", "set-url", "origin", `${remote}.elsewhere`)
  expect((await refused(home.ctl("sync", "now"))).stderr).toContain("agrees to the new one")
  await home.ctl("sync", "enable", "--yes")
  const { stderr } = await refused(home.ctl("sync", "now"))
  expect(stderr).toMatch(/does not appear to be a git repository|could not read/i)
  const [status] = await home.json<ReadonlyArray<{ unpublished: number; error: string }>>("sync", "status")
  expect(status!.unpublished).toBeGreaterThan(0)
  expect(status!.error).toBeTruthy()
  expect(await home.ctl("sync", "log")).toContain("failed")
  await home.ctl("sync", "disable")
  expect(await home.ctl("sync", "status")).toContain("local-only")

  await daemon.stop()
  await home.sandbox.start({ env: home.env, args: ["--local-only"] })
  expect(await refused(home.ctl("sync", "enable", "--yes"))).toMatchObject({ code: 5 })
})
