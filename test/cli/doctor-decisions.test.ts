/** What `agentctl doctor` concludes from what it has seen: decisions without I/O. */
import fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { judgeLinger } from "../../src/cli/doctor/Linger.ts"
import { judgeReach } from "../../src/cli/doctor/Reach.ts"
import { judgeControllers, judgeNamespaces, judgeSystemd } from "../../src/cli/doctor/SystemdFeatures.ts"
import { judgeTerminals } from "../../src/cli/doctor/Terminals.ts"
import { compareUnits, type UnitFile } from "../../src/cli/doctor/UnitFiles.ts"
import { judgeFiles, judgeUnits } from "../../src/cli/doctor/Units.ts"
import { judgeVariables } from "../../src/cli/doctor/Variables.ts"
import { compareVersions, judgeNode, judgeVersions } from "../../src/cli/doctor/Versions.ts"
import { parseEnvironment, render } from "../../src/cli/service/EnvironmentFile.ts"
import { MARK } from "../../src/cli/service/OwnFiles.ts"
import { AgentdError } from "../../src/client/AgentdError.ts"

describe("versions", () => {
  const daemon = { version: "0.2.0", node: "v26.0.0", executable: "/usr/lib/agentd/dist/agentd.js", there: true }
  const found = (more: object = {}) => ({
    agentctl: "0.2.0",
    node: "v26.0.0",
    nodePath: "/usr/lib/agentd/node",
    daemon,
    ...more
  })

  test.each([
    ["0.10.0", "0.9.9", 1],
    ["0.2.0", "0.2.0", 0],
    ["1.0.0", "0.99.99", 1],
    ["0.2.0-beta.1", "0.2.0", 0]
  ])("%s against %s", (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign)
    expect(Math.sign(compareVersions(b, a))).toBe(-sign + 0)
  })

  it("a daemon of another version is restarted, a newer one has another agentctl", () => {
    expect(judgeVersions(found())).toMatchObject({ level: "ok" })
    expect(judgeVersions(found({ agentctl: "0.3.0" }))).toMatchObject({
      level: "warning",
      fix: "agentctl daemon restart"
    })
    expect(judgeVersions(found({ agentctl: "0.1.9" }))).toMatchObject({
      level: "warning",
      fix: expect.stringMatching(/^type -a agentctl/)
    })
    expect(judgeVersions(found({ daemon: { ...daemon, there: false } }))).toMatchObject({
      message: expect.stringContaining("is gone")
    })
    expect(judgeVersions(found({ daemon: null }))).toMatchObject({ level: "ok" })
  })

  it("Node is old, or of a manager that will move it", () => {
    expect(judgeNode(found())).toMatchObject({ level: "ok" })
    expect(judgeNode(found({ node: "v20.1.0" }))).toMatchObject({ level: "problem" })
    expect(judgeNode(found({ nodePath: "/home/ada/.nvm/versions/node/v26.0.0/bin/node" }))).toMatchObject({
      level: "warning"
    })
  })
})

describe("units", () => {
  const well = {
    LoadState: "loaded",
    ActiveState: "active",
    SubState: "running",
    UnitFileState: "enabled",
    NeedDaemonReload: "no"
  }
  const program = { path: "/usr/bin/agentd", there: true }
  const judged = (socket: object = {}, service: object = {}, there = program, answers = true) =>
    judgeUnits({ socket: { ...well, ...socket }, service: { ...well, ...service } }, there, answers)

  test.each([
    ["well", judged(), "ok", null],
    ["a daemon nobody has needed yet", judged({}, { ActiveState: "inactive", SubState: "dead" }), "ok", null],
    ["masked", judged({ LoadState: "masked" }), "warning", /unmask/],
    [
      "not installed",
      judged({ LoadState: "not-found" }, { LoadState: "not-found" }),
      "warning",
      /^agentctl service install$/
    ],
    ["failed", judged({}, { ActiveState: "failed", Result: "exit-code" }), "problem", /reset-failed/],
    ["a socket that failed", judged({ ActiveState: "failed", Result: "trigger-limit-hit" }), "problem", /reset-failed/],
    ["a crash loop", judged({}, { ActiveState: "activating", SubState: "auto-restart" }), "problem", /daemon logs/],
    ["a start that never ends", judged({}, { ActiveState: "activating" }, program, false), "problem", /daemon logs/],
    ["a start that may yet end", judged({}, { ActiveState: "activating" }), "ok", null],
    ["no program", judged({}, {}, { path: "/gone/agentd", there: false }), "problem", /service install/],
    ["changed on disk", judged({}, { NeedDaemonReload: "yes" }), "warning", /daemon-reload/],
    ["disabled", judged({ UnitFileState: "disabled" }), "warning", /enable --now agentd\.socket/],
    ["not listening", judged({ ActiveState: "inactive" }), "warning", /start agentd\.socket/]
  ])("%s", (_, finding, level, fix) => {
    expect(finding.level).toBe(level)
    if (fix === null) expect(finding.fix).toBeNull()
    else expect(finding.fix).toMatch(fix)
  })

  const file = (name: string, text: string, path = `/usr/lib/systemd/user/${name}`): UnitFile => ({ name, path, text })
  const shipped = [
    file("agentd.service", "# why\n[Service]\nExecStart=@bindir@/agentd\nRestart=on-failure\n"),
    file("agentd.socket", "[Socket]\nListenStream=%t/agentd/api.sock\n"),
    file("agentd.service.d/10-systemd-254.conf", "[Service]\nType=notify-reload\n")
  ]
  const installed = shipped.map(({ name, text }) =>
    file(name, text.replace("@bindir@", "/opt/a b/bin").replace("# why", "# other words"))
  )

  it("are those of this version wherever the programs are, whatever the comments say", () => {
    expect(compareUnits(shipped, installed, 257)).toEqual({ differences: [], own: [] })
    expect(compareUnits(shipped, installed.slice(0, 2), 252)).toEqual({ differences: [], own: [] })
  })

  it("that were changed are named with the line, and how to have the right ones again", () => {
    const changed = installed.with(0, file("agentd.service", installed[0]!.text.replace("on-failure", "no")))
    const { differences } = compareUnits(shipped, changed, 257)
    expect(differences).toEqual([
      {
        unit: "agentd.service",
        what: '/usr/lib/systemd/user/agentd.service differs ("Restart=no")',
        path: "/usr/lib/systemd/user/agentd.service",
        fix: null
      }
    ])
    expect(judgeFiles(differences, [], "/home/ada", "reinstall")).toMatchObject({ level: "warning", fix: "reinstall" })
    const ours = file(
      "agentd.service",
      `# ${MARK}.\n${changed[0]!.text}`,
      "/home/ada/.config/systemd/user/agentd.service"
    )
    const mine = { ...ours, text: changed[0]!.text }
    const judge = (one: UnitFile) =>
      judgeFiles(compareUnits(shipped, installed.with(0, one), 257).differences, [], "/home/ada", "reinstall").fix
    expect(judge(ours)).toBe("agentctl service install && agentctl service restart")
    expect(judge(mine)).toBe("systemctl --user revert agentd.service && systemctl --user daemon-reload")
  })

  it("that are missing, too new, or the user's own are told apart", () => {
    expect(compareUnits(shipped, installed.slice(0, 2), 257).differences).toMatchObject([
      { what: "agentd.service.d/10-systemd-254.conf is missing" }
    ])
    expect(compareUnits(shipped, installed, 252).differences).toMatchObject([
      { what: expect.stringContaining("is for systemd 254") }
    ])
    const own = file("agentd.service.d/mine.conf", "[Service]\nNice=5\n")
    expect(compareUnits(shipped, [...installed, own], 257)).toEqual({ differences: [], own: [own.path] })
  })
})

test("lingering that is off is a warning with the command, and says what it means", () => {
  expect(judgeLinger(false, "ada")).toMatchObject({
    level: "warning",
    message: expect.stringContaining("last logout"),
    fix: expect.stringMatching(/^loginctl enable-linger ada/)
  })
  expect([judgeLinger(true, "ada").level, judgeLinger(null, "ada").level]).toEqual(["ok", "ok"])
})

test("systemd is judged by its version and by what the unit has of it", () => {
  const full = { LoadState: "loaded", Type: "notify-reload", FileDescriptorStorePreserve: "yes" }
  expect(judgeSystemd(249, {})).toMatchObject({ level: "problem" })
  expect(judgeSystemd(252, { LoadState: "loaded", Type: "notify" })).toMatchObject({
    level: "ok",
    message: expect.stringContaining("not over a stop")
  })
  expect(judgeSystemd(257, full)).toMatchObject({ level: "ok" })
  expect(judgeSystemd(257, { ...full, Type: "notify" })).toMatchObject({
    level: "warning",
    message: expect.stringContaining("notify-reload")
  })
})

test("what the kernel lacks is named with what it costs", () => {
  const all = ["cpu", "io", "memory", "pids"]
  expect(judgeControllers(all, all)).toMatchObject({ level: "ok" })
  expect(judgeControllers(all, ["memory", "pids"])).toMatchObject({
    level: "warning",
    message: expect.stringContaining("manager: cpu."),
    fix: expect.stringContaining("Delegate=")
  })
  expect(judgeControllers(["io"], ["io"])).toMatchObject({
    level: "warning",
    fix: expect.not.stringContaining("Delegate=")
  })
  expect(judgeControllers(null, null)).toMatchObject({
    level: "warning",
    message: expect.stringContaining("cgroup v2")
  })
  expect([judgeNamespaces(true).level, judgeNamespaces(false).level]).toEqual(["ok", "warning"])
})

test("fewer kept terminals than sessions is a problem", () => {
  const store = (kept: number, most = 100) => ({
    NFileDescriptorStore: String(kept),
    FileDescriptorStoreMax: String(most)
  })
  expect(judgeTerminals(5, store(5))).toMatchObject({ level: "ok" })
  expect(judgeTerminals(5, store(4))).toMatchObject({ level: "problem" })
  expect(judgeTerminals(95, store(95))).toMatchObject({ level: "warning" })
  expect(judgeTerminals(5, {})).toMatchObject({ level: "ok" })
})

describe("the environment", () => {
  const shell = {
    PATH: "/home/ada/.local/bin:/usr/bin:/gone",
    LANG: "C.UTF-8",
    HTTPS_PROXY: "http://user:hunter2@proxy"
  }
  const judge = (daemon: Record<string, string>) =>
    judgeVariables(shell, daemon, "captured", "fix", (folder) => folder !== "/gone")

  it("of a session that starts by itself is shown, with what it lacks, and without values", () => {
    const lacking = judge({ PATH: "/usr/bin" })
    expect(lacking).toMatchObject({ level: "warning", fix: "fix" })
    expect(lacking.message).toMatch(
      /PATH=\/usr\/bin\. It lacks .*: \/home\/ada\/\.local\/bin and .*: LANG, HTTPS_PROXY\.$/
    )
    expect(lacking.message).not.toContain("hunter2")
  })

  it("lacks nothing that matters when only words and times differ", () => {
    expect(judge({ PATH: "/usr/bin:/home/ada/.local/bin", HTTPS_PROXY: "x" })).toMatchObject({
      level: "ok",
      message: expect.stringContaining("LANG")
    })
    expect(judge({ ...shell })).toMatchObject({ level: "ok", message: expect.stringContaining("nothing of yours") })
  })

  it("is read back from the file exactly as it was captured", () => {
    const names = fc.stringMatching(/^[A-Z_]{1,12}$/)
    fc.assert(
      fc.property(fc.dictionary(names, fc.string()), (values) => {
        expect(parseEnvironment(render(values))).toEqual({ ...values })
      })
    )
  })
})

test("a daemon that does not answer is told from one that does not run", () => {
  expect(judgeReach("/x", new AgentdError("NoDaemon", "no"))).toMatchObject({ level: "ok" })
  expect(judgeReach("/x", new AgentdError("TimedOut", "no"))).toMatchObject({ level: "problem" })
  expect(judgeReach("/x", new AgentdError("UnsafeSocket", "no", { data: { path: "/a b" } }))).toMatchObject({
    fix: "ls -ld '/a b'"
  })
})
