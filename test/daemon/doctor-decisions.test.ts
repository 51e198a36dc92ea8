/** What the doctor concludes from what it has seen: decisions without I/O. */
import { expect, test } from "vitest"
import { judgeClock } from "../../src/daemon/doctor/Clock.ts"
import { judgeConfiguration } from "../../src/daemon/doctor/Configuration.ts"
import { judgeDescriptors } from "../../src/daemon/doctor/Descriptors.ts"
import { judgeRoom } from "../../src/daemon/doctor/Disk.ts"
import { judgeLauncher } from "../../src/daemon/doctor/Launching.ts"
import { conclude, type Entry, judge, type Tree } from "../../src/daemon/doctor/Permissions.ts"
import { whyUnavailable } from "../../src/host/service/FdStore.ts"

const state: Tree = { root: "/home/ada/state", holds: "private" }
const config: Tree = { root: "/home/ada/config", holds: "settings" }
const entry = (path: string, mode: number, more: Partial<Entry> = {}): Entry => ({
  path,
  kind: "file",
  uid: 7,
  mode,
  ...more
})

test.each([
  ["a closed directory", entry(state.root, 0o700, { kind: "directory" }), state, null],
  ["one that others may read", entry(state.root, 0o750, { kind: "directory" }), state, "open"],
  ["one that is a link", entry(state.root, 0o777, { kind: "link" }), state, "link"],
  ["a link inside of it", entry(`${state.root}/x`, 0o777, { kind: "link" }), state, null],
  ["somebody else's file", entry(`${state.root}/x`, 0o600, { uid: 8 }), state, "owner"],
  ["a file with a wide mode behind a closed door", entry(`${state.root}/x`, 0o644), state, "mode"],
  ["settings that others may read", entry(`${config.root}/agentd.toml`, 0o644), config, null],
  ["settings that others may write", entry(`${config.root}/agentd.toml`, 0o664), config, "open"],
  ["settings of root's", entry(`${config.root}/agentd.toml`, 0o644, { uid: 0 }), config, null],
  ["captured variables that others may read", entry(`${config.root}/service.env`, 0o644), config, "open"]
])("%s is judged by who may do what", (_, found, tree, expected) => {
  expect(judge(found, tree, 7)).toBe(expected)
})

test("a few wrong paths are named in the command, many are reached by their tree", () => {
  const files = (count: number) => Array.from({ length: count }, (_, at) => entry(`${state.root}/it's ${at}`, 0o644))
  const few = conclude([{ tree: state, entries: files(2) }], 7)
  expect(few).toMatchObject({
    level: "warning",
    fix: `chmod go-rwx '${state.root}/it'\\''s 0' '${state.root}/it'\\''s 1'`
  })
  expect(conclude([{ tree: state, entries: files(9) }], 7)).toMatchObject({
    message: expect.stringContaining("and 5 more"),
    fix: `chmod go-rwx -R ${state.root}`
  })
})

test("room is judged by bytes and by inodes", () => {
  const low = { bytes: 100, files: 10 }
  const out = { bytes: 10, files: 1 }
  const level = (bytes: number, files: number | null) => judgeRoom("disk", { path: "/x", bytes, files }, low, out).level
  expect([level(100, 10), level(99, 10), level(100, 9), level(9, 10), level(100, 0)]).toEqual([
    "ok",
    "warning",
    "warning",
    "problem",
    "problem"
  ])
  expect(level(100, null)).toBe("ok")
})

test("descriptors are judged by the limit and by how many of them are taken", () => {
  expect(judgeDescriptors(65536, 40, true)).toMatchObject({ level: "ok" })
  expect(judgeDescriptors(1024, 40, false)).toMatchObject({
    level: "warning",
    fix: expect.stringContaining("ulimit -n 4096")
  })
  expect(judgeDescriptors(65536, 60_000, true)).toMatchObject({ level: "problem" })
  expect(judgeDescriptors(null, null, true)).toMatchObject({ level: "ok" })
})

test("an event of the future says that the clock was stepped back", () => {
  expect(judgeClock(1_000, 900)).toMatchObject({ level: "ok" })
  expect(judgeClock(3_600_000, 0)).toMatchObject({ level: "warning", message: expect.stringContaining("3600 s") })
})

test("configuration says what is wrong before what is new", () => {
  const wrong = { file: "/etc/agentd/agentd.toml", message: "/etc/agentd/agentd.toml:3: session.cols: no." }
  const none = { problems: [], changed: [], restart: [] }
  expect(judgeConfiguration([], { ...none, problems: [wrong], changed: ["session.rows"] })).toMatchObject({
    level: "problem",
    message: expect.stringContaining(wrong.message),
    fix: "agentctl config check /etc/agentd/agentd.toml"
  })
  expect(judgeConfiguration([], { ...none, changed: ["session.rows"] })).toMatchObject({
    fix: "agentctl rpc daemon.reload"
  })
  expect(judgeConfiguration([], { ...none, changed: ["a", "b"], restart: ["b"] })).toMatchObject({
    message: expect.stringMatching(/: b\.$/),
    fix: "agentctl daemon restart"
  })
  expect(judgeConfiguration(["/x"], none)).toMatchObject({ level: "ok", message: "Read from /x." })
})

test("the launcher is named with the reason for it", () => {
  const unit = "0::/user.slice/user-7.slice/user@7.service/app.slice/agentd.service\n"
  expect(whyUnavailable("linux", true, unit)).toBeNull()
  expect(whyUnavailable("darwin", true, unit)).toMatch(/no systemd/)
  expect(whyUnavailable("linux", true, "0::/system.slice/system-agentd.slice/agentd@7.service\n")).toMatch(
    /user manager/
  )
  const reason = whyUnavailable("linux", false, unit)
  expect(judgeLauncher("direct", reason, false).message).toMatch(/own children, because no service manager started/)
  expect(judgeLauncher("systemd", null, false).message).toMatch(/not a stop/)
  expect(judgeLauncher("systemd", null, true).message).not.toMatch(/not a stop/)
})
