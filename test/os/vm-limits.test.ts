/**
 * Limits that are enforced: memory, tasks and processor time need a kernel whose control groups nobody else holds, and so a machine of
 * their own.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { buildPackages, packagingTools } from "./support/packages.ts"
import type { Listed } from "./support/sessions.ts"
import { Vm } from "./support/Vm.ts"
import { makeDisk, vmTools } from "./support/VmImage.ts"

/** Milliseconds for all of it: an emulated machine on a busy host is fifty times slower than the host. */
const ALL_MS = 15 * 60_000

const reason = inject("cannotBoot") ?? packagingTools() ?? vmTools()
if (reason !== null) process.stdout.write(`\nNo limit is enforced: ${reason}\n\n`)

interface Inspected extends Listed {
  readonly exit: (NonNullable<Listed["exit"]> & { readonly oomKills?: number; readonly tasksRefused?: number }) | null
  readonly usage: {
    readonly cpuMs: number
    readonly tasks: number
    readonly oomKills?: number
    readonly tasksRefused?: number
  } | null
}

/** A program that takes memory without end. */
const EAT = "my @x; push @x, 'x' x (1 << 20) while 1"

describe.skipIf(reason !== null)("a session's limit", { timeout: ALL_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), "agentd-limits-"))
  let vm: Vm
  const agentctl = (...args: ReadonlyArray<string>) => vm.user(["agentctl", ...args], { mayFail: true })
  const inspect = async (name: string) => JSON.parse((await agentctl("inspect", "--json", name)).stdout) as Inspected
  const start = (name: string, flags: ReadonlyArray<string>, ...program: ReadonlyArray<string>) =>
    vm.until(`${name} to be started`, async () => {
      await agentctl("run", "-d", "--name", name, ...flags, "--", ...program)
      // Its start may take longer than a request may; it is there then all the same.
      return (await inspect(name)).name === name
    })

  beforeAll(async () => {
    const disk = join(folder, "disk")
    await makeDisk(disk, buildPackages(folder, "deb").find((path) => path.endsWith(".deb"))!)
    vm = await Vm.boot(disk)
    await vm.until("the user manager", async () =>
      /running|degraded/.test((await vm.user(["systemctl", "--user", "is-system-running"], { mayFail: true })).stdout)
    )
    await vm.user(["systemctl", "--user", "start", "agentd.service"])
  }, ALL_MS)
  afterAll(async () => {
    await vm?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  it("on memory ends the program that takes more, and that is told as what it was", async () => {
    await start("eater", ["--memory", "64M"], "perl", "-e", EAT)
    const session = await vm.user(["agentctl", "wait", "eater"]).then(() => inspect("eater"))
    expect(session.exit).toMatchObject({ signal: "SIGKILL", by: "oom", oomKills: 1 })
    expect((await agentctl("ls", "--all")).stdout).toContain("SIGKILL (out of memory)")
  })

  it("on memory leaves the session alive that has lost only a process of its own", async () => {
    await start("parent", ["--memory", "64M"], "bash", "-c", `perl -e "${EAT}"; echo went on; sleep 1000`)
    await vm.user(["agentctl", "wait", "parent", "--for", "output=went on"])
    expect((await inspect("parent")).usage?.oomKills).toBe(1)
    expect((await agentctl("inspect", "parent")).stdout).toContain("1 killed because memory ran out")
    await agentctl("stop", "parent")
  })

  it("on tasks refuses the one too many, and counts how often", async () => {
    const fork =
      '$| = 1; for (1 .. 30) { my $p = fork; if (defined $p && !$p) { sleep 1000; exit } } print "forked\\n"; sleep 1000'
    await start("many", ["--tasks", "20"], "perl", "-e", fork)
    await vm.user(["agentctl", "wait", "many", "--for", "output=forked"])
    const { usage } = await inspect("many")
    expect(usage).toMatchObject({ tasks: 20, tasksRefused: 11 })
    expect((await agentctl("inspect", "many")).stdout).toContain("11 more refused by the limit on tasks")
    await agentctl("stop", "many")
  })

  it("on processor time holds a busy program to its share", async () => {
    await start("busy", ["--cpu", "10%"], "bash", "-c", "while :; do :; done")
    const look = async () => ({ cpu: (await inspect("busy")).usage!.cpuMs, at: Date.now() })
    const before = await look()
    await vm.until("five seconds to pass", async () => Date.now() - before.at > 5_000)
    const after = await look()
    // A tenth; twice that, because the two clocks are read at different moments.
    expect((after.cpu - before.cpu) / (after.at - before.at)).toBeLessThan(0.2)
    await agentctl("stop", "busy")
  })

  it("on input and output is refused while nobody delegates the controller, with the way out", async () => {
    const { code, stderr } = await agentctl("run", "-d", "--io-weight", "50", "--", "true")
    expect(code).not.toBe(0)
    expect(stderr).toContain('the control group controller "io" is not delegated to your service manager')
    expect(stderr).toContain("systemctl edit user@.service")
  })
})
