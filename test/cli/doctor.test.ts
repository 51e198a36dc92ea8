/** `agentctl doctor` as people run it, with and without a daemon. */
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { root } from "../../packaging/build/root.ts"
import type { Finding } from "../../src/contract/Daemon.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl } from "./support/agentctl.ts"

const findings = async (sandbox: Sandbox, env: Readonly<Record<string, string>> = {}) => {
  const { code, stderr, stdout } = await agentctl(sandbox, ["doctor", "--json"], { env })
  expect(stderr).toBe("")
  const all = JSON.parse(Buffer.from(stdout, "latin1").toString()).findings as ReadonlyArray<Finding>
  return {
    code,
    all,
    bad: all.filter(({ level }) => level !== "ok"),
    of: (check: string) => all.find((one) => one.check === check)
  }
}

it("finds nothing wrong in a good home, and starts no daemon to say so", async () => {
  await using sandbox = makeSandbox()
  const without = await findings(sandbox)
  expect(without.code).toBe(0)
  expect(without.all.filter(({ level }) => level === "problem")).toEqual([])
  expect(without.of("daemon")).toMatchObject({ level: "ok", message: expect.stringContaining("None runs") })
  await sandbox.start()
  const withDaemon = await findings(sandbox)
  expect(withDaemon.code).toBe(0)
  expect(withDaemon.of("launcher")).toMatchObject({ message: expect.stringContaining("direct") })
  expect(withDaemon.all.map(({ check }) => check)).toEqual(
    expect.arrayContaining(["store", "permissions", "disk", "versions", "node", "environment"])
  )
})

it("ends with 1 on a problem, and prints the fix below it", async () => {
  await using sandbox = makeSandbox()
  await sandbox.start()
  chmodSync(sandbox.state, 0o755)
  const { code, stdout } = await agentctl(sandbox, ["doctor"])
  expect(code).toBe(1)
  expect(stdout).toMatch(new RegExp(`^problem {2}permissions: .*\\n {9}chmod go-rwx ${sandbox.state}$`, "m"))
})

it("says what is wrong where no daemon can start", async () => {
  await using sandbox = makeSandbox()
  sandbox.configure("[session]\ncols = -1\n")
  const { bad, code } = await findings(sandbox)
  expect(code).toBe(1)
  expect(bad).toMatchObject([
    { check: "configuration", level: "problem", message: expect.stringContaining(`${sandbox.configFile}:2`) }
  ])
})

it("says so when the directory of the socket is open to others", async () => {
  await using sandbox = makeSandbox()
  mkdirSync(sandbox.runtime)
  chmodSync(sandbox.runtime, 0o777)
  const { bad } = await findings(sandbox)
  expect(bad.map(({ check }) => check)).toEqual(["daemon", "configuration", "permissions"])
  expect(bad[0]).toMatchObject({ level: "problem", fix: `ls -ld ${sandbox.runtime}` })
})

it("tells a daemon that is newer than this agentctl", async () => {
  await using sandbox = makeSandbox()
  // The same program under another version: what a package upgrade leaves to an old agentctl on PATH.
  const newer = join(sandbox.root, "newer")
  for (const name of ["bin", "dist"]) cpSync(join(root, name), join(newer, name), { recursive: true })
  symlinkSync(join(root, "node_modules"), join(newer, "node_modules"))
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  writeFileSync(join(newer, "package.json"), JSON.stringify({ ...manifest, version: "99.0.0" }))
  await sandbox.start({ through: ["sh", "-c", `exec "${newer}/bin/agentd"`] })
  expect((await findings(sandbox)).of("versions")).toMatchObject({
    level: "warning",
    message: expect.stringContaining("99.0.0: this agentctl is the older one")
  })
})

it("shows what a session that starts by itself would lack", async () => {
  await using sandbox = makeSandbox()
  await sandbox.start({ env: { PATH: "/usr/bin:/bin" } })
  const tools = join(sandbox.home, "tools")
  mkdirSync(tools)
  const { of } = await findings(sandbox, {
    PATH: `${tools}:${process.env.PATH}`,
    HTTPS_PROXY: "http://me:hunter2@proxy"
  })
  expect(of("environment")).toMatchObject({
    level: "warning",
    message: expect.stringContaining(tools),
    fix: expect.stringMatching(/^agentctl daemon restart --stop/)
  })
  expect(of("environment")!.message).toContain("HTTPS_PROXY")
  expect(JSON.stringify(of("environment"))).not.toContain("hunter2")
})
