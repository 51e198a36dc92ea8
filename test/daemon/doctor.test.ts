/** The daemon's half of `agentctl doctor`, in homes that are broken in one way each. */
import { spawnSync } from "node:child_process"
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { Finding } from "../../src/contract/Daemon.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"

const MiB = 1024 * 1024

const running = async (sandbox: Sandbox): Promise<ReadonlyArray<Finding>> => {
  const client = await sandbox.connect()
  return (await client.result("daemon.doctor")).findings
}

const offline = async (sandbox: Sandbox, env: Readonly<Record<string, string>> = {}) => {
  const agentd = sandbox.spawn({ args: ["--doctor", "--json"], env })
  const { code } = await agentd.exited
  return { code, findings: JSON.parse(agentd.stdout).findings as ReadonlyArray<Finding> }
}

const bad = (findings: ReadonlyArray<Finding>) => findings.filter(({ level }) => level !== "ok")

test("a home in good order has no finding but ok", async () => {
  await using sandbox = makeSandbox()
  await sandbox.start()
  expect(bad(await running(sandbox))).toEqual([])
})

test("an open directory and a file with a wide mode are named with the command that closes them", async () => {
  await using sandbox = makeSandbox()
  await sandbox.start()
  chmodSync(sandbox.database, 0o644)
  expect(bad(await running(sandbox))).toMatchObject([
    { check: "permissions", level: "warning", fix: `chmod go-rwx ${sandbox.database}` }
  ])
  chmodSync(sandbox.state, 0o755)
  const [found] = bad(await running(sandbox))
  expect(found).toMatchObject({ check: "permissions", level: "problem", fix: `chmod go-rwx ${sandbox.state}` })
  // What is printed can be pasted.
  expect(spawnSync("sh", ["-c", found!.fix!]).status).toBe(0)
  chmodSync(sandbox.database, 0o600)
  expect(bad(await running(sandbox))).toEqual([])
})

test.skipIf(process.getuid?.() !== 0)(
  "a file of somebody else's is a problem (as root: only root can give one away)",
  async () => {
    await using sandbox = makeSandbox()
    await sandbox.start()
    const lock = join(sandbox.state, "agentd.lock")
    chownSync(lock, 12_345, 12_345)
    expect(bad(await running(sandbox))).toMatchObject([
      { check: "permissions", level: "problem", message: `Not yours: ${lock}.` }
    ])
    chownSync(lock, 0, 0)
  }
)

test("a configuration that has become wrong, or other, since it was read", async () => {
  await using sandbox = makeSandbox()
  await sandbox.start({ config: "[session]\ncols = 90\n" })
  sandbox.configure("[session]\ncols = 91\n")
  expect(bad(await running(sandbox))).toMatchObject([
    { level: "warning", message: expect.stringContaining("session.cols") }
  ])
  sandbox.configure("[session]\n\ncols = -1\n")
  expect(bad(await running(sandbox))).toMatchObject([
    {
      check: "configuration",
      level: "problem",
      message: expect.stringContaining(`${sandbox.configFile}:3: session.cols`)
    }
  ])
})

test("a clock that was stepped back", async () => {
  await using sandbox = makeSandbox()
  const planted = join(sandbox.root, "later.cjs")
  writeFileSync(planted, "const now = Date.now; Date.now = () => now() + 3_600_000")
  await (await sandbox.start({ env: { NODE_OPTIONS: `--require=${planted}` } })).stop()
  await sandbox.start()
  expect(bad(await running(sandbox))).toMatchObject([{ check: "clock", level: "warning" }])
})

test("without a daemon: what would keep one from starting is found as well", async () => {
  await using sandbox = makeSandbox()
  sandbox.configure("[session]\ncols = -1\n")
  const config = await offline(sandbox)
  expect(config.code).toBe(1)
  expect(bad(config.findings)).toMatchObject([
    { check: "configuration", level: "problem", message: expect.stringContaining(`${sandbox.configFile}:2`) }
  ])
  sandbox.configure("")
  mkdirSync(sandbox.state, { recursive: true })
  writeFileSync(sandbox.database, "this is no database", { mode: 0o600 })
  chmodSync(sandbox.state, 0o777)
  const open = await offline(sandbox)
  expect(bad(open.findings)).toMatchObject([
    { check: "configuration", message: expect.stringContaining("others may write") },
    { check: "permissions", level: "problem", fix: `chmod go-rwx ${sandbox.state}` }
  ])
  chmodSync(sandbox.state, 0o700)
  const damaged = await offline(sandbox)
  expect(bad(damaged.findings)).toMatchObject([
    { check: "store", level: "problem", message: expect.stringContaining("cannot be read") }
  ])
})

/** Why no small file system can be mounted here; null where it can. */
const mount = (folder: string): string | null => {
  const { error, status, stderr } = spawnSync("mount", [
    "-t",
    "tmpfs",
    "-o",
    `size=${4 * MiB},mode=700`,
    "tmpfs",
    folder
  ])
  return status === 0 ? null : (error?.message ?? stderr.toString().trim())
}

test("a disk with little room, by its bytes", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "agentd-small-"))
  const reason = mount(folder)
  if (reason !== null) {
    rmSync(folder, { recursive: true })
    context.skip(`no small file system can be mounted here (${reason})`)
  }
  try {
    await using sandbox = makeSandbox(folder)
    await sandbox.start()
    expect(statfsSync(folder).bavail).toBeGreaterThan(0)
    expect(bad(await running(sandbox))).toMatchObject([
      { check: "disk", level: "problem", message: expect.stringMatching(/^Only \d MiB and \d+ inodes free under/) },
      { check: "disk (runtime)", level: "problem" }
    ])
  } finally {
    expect(spawnSync("umount", [folder]).status).toBe(0)
    rmSync(folder, { recursive: true })
  }
})
