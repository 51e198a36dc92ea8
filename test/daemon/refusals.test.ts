/** What a daemon will not start on: each refusal leaves what it found as it is, exits with its own code and names a way out. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { expect, test } from "vitest"
import { MAX_SOCKET_PATH_LINUX } from "../../src/contract/Limits.ts"
import { makeSandbox, type Sandbox, type StartOptions } from "../support/Sandbox.ts"

const isRoot = process.getuid!() === 0

/** Its code, and the one line it says. */
const refusal = async (sandbox: Sandbox, options: StartOptions = {}) => {
  const daemon = sandbox.spawn(options)
  const { code } = await daemon.exited
  expect(daemon.stdout).toBe("")
  expect(daemon.stderr).not.toMatch(/\n\s+at /)
  return { code, said: daemon.stderr.trimEnd() }
}

test.each(["runtime", "state"] as const)("a %s directory that is a symbolic link is refused", async (which) => {
  await using sandbox = makeSandbox()
  const elsewhere = join(sandbox.root, "elsewhere")
  mkdirSync(elsewhere, { mode: 0o700 })
  symlinkSync(elsewhere, sandbox[which])
  const { code, said } = await refusal(sandbox)
  expect(code).toBe(78)
  expect(said).toBe(`agentd: ${sandbox[which]}: it is a symbolic link. Remove the link and use a real directory.`)
  expect(readdirSync(elsewhere)).toEqual([])
})

test("a link that leads nowhere is refused too, and nothing made where it points", async () => {
  await using sandbox = makeSandbox()
  const nowhere = join(sandbox.root, "nowhere")
  symlinkSync(nowhere, sandbox.runtime)
  expect(await refusal(sandbox)).toMatchObject({ code: 78, said: expect.stringContaining("symbolic link") })
  expect(existsSync(nowhere)).toBe(false)
})

test.skipIf(!isRoot)("a directory that belongs to somebody else is refused (needs root to give one away)", async () => {
  await using sandbox = makeSandbox()
  mkdirSync(sandbox.runtime, { mode: 0o700 })
  chownSync(sandbox.runtime, 65_534, 65_534)
  const { code, said } = await refusal(sandbox)
  expect(code).toBe(78)
  expect(said).toMatch(/belongs to uid 65534, not to you \(0\)\. Choose another directory/)
})

test.each([0o770, 0o707, 0o722])(
  "a directory others may write to (%o) is refused, with the command that helps",
  async (mode) => {
    await using sandbox = makeSandbox()
    mkdirSync(sandbox.runtime)
    chmodSync(sandbox.runtime, mode)
    const { code, said } = await refusal(sandbox)
    expect(code).toBe(78)
    expect(said).toContain(`others may write to it. Run: chmod 700 ${sandbox.runtime}`)
    chmodSync(sandbox.runtime, 0o700)
    await sandbox.start()
  }
)

test("a file where the directory should be is refused and kept", async () => {
  await using sandbox = makeSandbox()
  writeFileSync(sandbox.state, "a diary")
  const { code, said } = await refusal(sandbox)
  expect(code).toBe(78)
  expect(said).toContain("it is not a directory. Move that file away.")
  expect(readFileSync(sandbox.state, "utf8")).toBe("a diary")
})

test("something else where the socket should be is refused and kept", async () => {
  await using sandbox = makeSandbox()
  mkdirSync(sandbox.runtime, { mode: 0o700 })
  writeFileSync(sandbox.socket, "a diary")
  const { code, said } = await refusal(sandbox)
  expect(code).toBe(78)
  expect(said).toBe(`agentd: Cannot listen on ${sandbox.socket}: something that is no socket lies there. Move it away.`)
  expect(readFileSync(sandbox.socket, "utf8")).toBe("a diary")
})

test("a lock file that is a link is refused, and what it points to left alone", async () => {
  await using sandbox = makeSandbox()
  mkdirSync(sandbox.state, { mode: 0o700 })
  const diary = join(sandbox.root, "diary")
  writeFileSync(diary, "dear diary")
  symlinkSync(diary, join(sandbox.state, "agentd.lock"))
  expect(await refusal(sandbox)).toMatchObject({ code: 78, said: expect.stringContaining("agentd.lock") })
  expect(readFileSync(diary, "utf8")).toBe("dear diary")
})

test("a socket path over the system's limit is refused before anything is made", async () => {
  await using sandbox = makeSandbox()
  const long = join(sandbox.root, "r".repeat(MAX_SOCKET_PATH_LINUX))
  const { code, said } = await refusal(sandbox, { env: { XDG_RUNTIME_DIR: long } })
  expect(code).toBe(78)
  expect(said).toMatch(/may have 107 bytes, this one has \d+\. Set XDG_RUNTIME_DIR or AGENTD_SOCKET to a shorter path/)
  expect(existsSync(long)).toBe(false)
})

test("a socket path of exactly the limit is taken", async () => {
  await using sandbox = makeSandbox()
  const folder = join(sandbox.root, "s".repeat(MAX_SOCKET_PATH_LINUX - sandbox.root.length - "//api.sock".length))
  mkdirSync(folder, { mode: 0o700 })
  const socket = join(folder, "api.sock")
  expect(socket).toHaveLength(MAX_SOCKET_PATH_LINUX)
  const daemon = await sandbox.start({ env: { AGENTD_SOCKET: socket } })
  expect(daemon.stderr).toContain(socket)
})

test("a directory that cannot be made is refused with the reason", async () => {
  await using sandbox = makeSandbox()
  writeFileSync(join(sandbox.root, "file"), "")
  const { code, said } = await refusal(sandbox, { env: { XDG_STATE_HOME: join(sandbox.root, "file", "below") } })
  expect(code).toBe(78)
  expect(said).toMatch(/it cannot be made \(ENOTDIR\)/)
  expect(existsSync(dirname(sandbox.socket)) && existsSync(sandbox.socket)).toBe(false)
})

test("a database that is none is refused with exit 74, kept byte for byte, and can be put right", async () => {
  await using sandbox = makeSandbox()
  mkdirSync(sandbox.state, { mode: 0o700 })
  const garbage = Buffer.alloc(8192, "this is not a database. ")
  writeFileSync(sandbox.database, garbage, { mode: 0o600 })
  const { code, said } = await refusal(sandbox)
  expect(code).toBe(74)
  expect(said).toContain(sandbox.database)
  expect(readFileSync(sandbox.database)).toEqual(garbage)
  expect(existsSync(sandbox.pidFile)).toBe(false)
  expect(existsSync(sandbox.socket)).toBe(false)
})

test("an unknown option or argument is exit 64 with the usage", async () => {
  await using sandbox = makeSandbox()
  for (const args of [["--serve"], ["start"], ["--check-config"]]) {
    const { code, said } = await refusal(sandbox, { args })
    expect(code).toBe(64)
    expect(said).toMatch(/^agentd: .*\n\nUsage: agentd/s)
  }
})
