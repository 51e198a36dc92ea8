/**
 * Runs on the virtual machine whose power will be cut: has its installation exchange messages through a bare repository on the same disk.
 *
 *     node exchange.ts CLIENT_MODULE ROUND
 *
 * Reports outward, through a port that keeps nothing back, first what there is after the last cut and an exchange that got through; then
 * each message that was acknowledged, and each step of git's as it sees it happen.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, openSync, readdirSync, rmSync, watch, writeSync } from "node:fs"
import { join } from "node:path"
import type { Client as AgentdClient } from "../../../../src/client/index.ts"

/**
 * What an exchange has come to: `committed`: git has made a commit; `receiving`: the remote gets its objects; `pushed`: it has the branch;
 * `fetched`: that has come back. The daemon's database knows nothing of either yet.
 */
export type Step = "committed" | "receiving" | "pushed" | "fetched"

export type ExchangeReport =
  | { readonly is: "found"; readonly found: Exchanged }
  | { readonly is: "said"; readonly text: string }
  | { readonly is: "step"; readonly step: Step }

export interface Exchanged {
  readonly texts: ReadonlyArray<string>
  /** Why an exchange failed, one after the other, until one did not. */
  readonly failures: ReadonlyArray<string>
  /** Lines of the branch that were left aside, and what of this installation others cannot have. */
  readonly quarantined: number
  readonly unpublished: number
  /** What git finds wrong with the remote. */
  readonly wrong: string
  /** The remote, as a tar archive in base64: somebody else exchanges with it outside. */
  readonly remote: string
}

/** Times an exchange is tried: a copy that is damaged is told of once, and a slow machine may take too long. */
const TRIES = 3

const [module, round] = process.argv.slice(2)
const { Client } = (await import(module!)) as { Client: typeof AgentdClient }
const port = openSync("/dev/vport0p2", "w")
const report = (what: ExchangeReport) => writeSync(port, `${JSON.stringify(what)}\n`)
const patience = { timeoutMs: 300_000 }
const client = new Client()

const home = process.env.HOME!
const remote = join(home, "remote.git")
const directory = join(home, "clone")

/** Why it failed, if it did. */
const exchange = (): Promise<string | null> =>
  client.call("sync.force", { directory }, patience).then(
    () => null,
    (cause: Error) => cause.message
  )

/** What the daemon did not manage in its time is no acknowledgement, and no failure of this test either. */
const say = async (text: string): Promise<void> => {
  try {
    await client.call("message.send", { to: ["@ant"], text, directory }, patience)
    report({ is: "said", text })
  } catch (cause) {
    if ((cause as { tag?: string }).tag !== "DeadlineExceeded") throw cause
  }
}

const texts = async (): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  const list = { box: "all", peek: true, oldest: true, limit: 100, directory } as const
  for (let after: string | undefined; ; ) {
    const page = await client.call("message.list", after === undefined ? list : { ...list, after }, patience)
    found.push(...page.messages.map(({ text }) => text))
    if (page.next === null) return found
    after = page.next
  }
}

if (!existsSync(remote)) {
  execFileSync("git", ["init", "--quiet", "--bare", remote])
  execFileSync("git", ["clone", "--quiet", remote, directory], { stdio: "ignore" })
  // What is made here is not what is tried.
  execFileSync("sync")
  await client.call("agent.register", { name: "ant", directory, move: true }, patience)
  const plan = await client.call("sync.enable", { directory }, patience)
  await client.call("sync.enable", { directory, confirm: plan.remote }, patience)
}

const failures: Array<string> = []
for (let attempt = 0; attempt < TRIES; attempt++) {
  const reason = await exchange()
  if (reason === null) break
  failures.push(reason)
  // The way out that it names: git leaves the lock of a reference behind, and never removes it.
  const [, lock] = /locked by (\S+\.lock)/.exec(reason) ?? []
  if (lock !== undefined) rmSync(join(remote, "refs/heads/agentd-sync.lock"))
}
const [status] = (await client.call("sync.status", { directory }, patience)).workspaces
const fsck = spawnSync("git", ["-C", remote, "fsck", "--no-dangling", "--no-progress"], { encoding: "utf8" })
const archive = spawnSync("tar", ["--create", "--gzip", "--directory", home, "remote.git"])
report({
  is: "found",
  found: {
    texts: await texts(),
    failures,
    quarantined: status!.quarantineCount,
    unpublished: status!.unpublished,
    wrong: fsck.status === 0 ? "" : `${fsck.stdout}${fsck.stderr}`,
    remote: archive.stdout.toString("base64")
  }
})

const notice = (path: string, names: RegExp, step: Step) =>
  watch(path, (_, name) => {
    // Not that it has gone again.
    if (name !== null && names.test(name) && existsSync(join(path, name))) report({ is: "step", step })
  })
const copies = join((await client.call("daemon.status", {}, patience)).stateDirectory, "sync")
const copy = join(copies, readdirSync(copies)[0]!)
notice(join(copy, "refs/agentd"), /^next$/, "committed")
notice(join(remote, "objects"), /^tmp_objdir-incoming/, "receiving")
notice(join(remote, "refs/heads"), /^agentd-sync$/, "pushed")
notice(join(copy, "refs/agentd/remote"), /^agentd-sync$/, "fetched")
for (let count = 1; ; count++) {
  await say(`round ${round}: ${count}`)
  await exchange()
}
