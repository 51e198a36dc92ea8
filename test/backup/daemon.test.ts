/** Backups of a daemon that works, as people ask for them: made, put back here and elsewhere, refused. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { agentctl, program } from "../cli/support/agentctl.ts"
import type { RawClient } from "../support/RawClient.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { startShell } from "../support/sessions.ts"

let sandbox: Sandbox
beforeEach(() => {
  sandbox = makeSandbox()
})
afterEach(() => sandbox[Symbol.asyncDispose]())

const vaultOf = ({ state }: Sandbox) => join(state, "backups", "full")
const restore = (into: Sandbox, ...args: ReadonlyArray<string>) =>
  agentctl(into, ["backup", "restore", "--yes", ...args])

const sessionsOf = async (client: RawClient) => (await client.result("session.list", { all: true })).sessions
const outputOf = async (client: RawClient, session: string) => {
  const { data } = await client.result("session.output", { session })
  return Buffer.from(data, "base64").toString()
}
const run = async (client: RawClient, script: string, name: string) => {
  const { id } = await startShell(client, script, { name })
  await client.result("session.wait", { session: id, for: "exit" })
  return id as string
}
/** The daemon that a command has started belongs to no test's list. */
const stopped = async (client: RawClient) => {
  await client.result("daemon.shutdown", { reason: "the test is over" })
  await client.ended
}
const findingOf = async (client: RawClient) =>
  (await client.result("daemon.doctor")).findings.find(({ check }: { check: string }) => check === "backup")
const script = (path: string, text: string) => {
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o700 })
  return path
}

it("restored into an empty home it is what was there: sessions, output, events, configuration", async () => {
  const client = await (await sandbox.start({ config: '[session]\nterm = "xterm"\n' })).connect()
  const ended = await run(client, "seq 1 5000", "ended")
  const live = await startShell(client, "echo so far; cat", { name: "live", restart: "on-boot" })
  await client.result("session.wait", { session: live.id, for: "output", pattern: "so far" })
  const output = await outputOf(client, ended)
  const { id } = await client.result("backup.create")
  expect((await client.result("session.get", { session: live.id })).status).toBe("running")

  await using home = makeSandbox()
  const { code, stdout } = await restore(home, id, "--from", vaultOf(sandbox))
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(id) })
  const there = await home.connect()
  expect(await sessionsOf(there)).toMatchObject([
    { name: "ended", status: "exited" },
    // What was to be started again after a reboot is for somebody to decide now.
    { name: "live", status: "interrupted", restart: "never", resumedBy: null }
  ])
  expect(existsSync(join(home.state, "resume-on-boot"))).toBe(false)
  expect(await outputOf(there, ended)).toBe(output)
  expect(await outputOf(there, live.id)).toContain("so far")
  expect(readFileSync(home.configFile, "utf8")).toBe('[session]\nterm = "xterm"\n')
  const { events } = await there.result("event.list")
  const told = events.find(({ body }: { body: { type: string } }) => body.type === "backup.restored")
  expect(told.body).toMatchObject({ backup: id, saved: null, aside: null })
  await stopped(there)
})

it("is not put back while a session lives; afterwards it is, and what was there before can be, too", async () => {
  // Whoever looks for the right one by putting back one after the other loses none by it.
  const config = "[backup]\nkeep_last = 1\nkeep_daily = 1\nkeep_weekly = 1\nkeep_monthly = 1\n"
  const client = await (await sandbox.start({ config })).connect()
  await run(client, "true", "first")
  const { id } = await client.result("backup.create")
  const live = await startShell(client, "cat", { name: "at-work" })
  expect(await restore(sandbox, "latest")).toMatchObject({
    code: 6,
    stderr: expect.stringMatching(/sessions that live: at-work.*agentctl stop/)
  })
  expect((await client.result("session.get", { session: live.id })).status).toBe("running")
  await client.result("session.stop", { session: live.id })
  expect(await restore(sandbox, "latest")).toMatchObject({ code: 0, stdout: expect.stringContaining(`back: ${id}`) })
  await sandbox.stopped()

  const second = await sandbox.connect()
  expect(await sessionsOf(second)).toMatchObject([{ name: "first" }])
  const { backups } = await second.result("backup.list")
  expect(backups).toMatchObject([{ id, reason: "request" }, { reason: "restore" }])
  const [, saved] = backups
  expect(await agentctl(sandbox, ["backup", "verify", "latest"])).toMatchObject({
    stdout: expect.stringContaining(`${id}: whole`)
  })
  expect(await restore(sandbox, saved.id)).toMatchObject({ code: 0 })
  await second.ended
  const third = await sandbox.connect()
  expect(await sessionsOf(third)).toMatchObject([{ name: "first" }, { name: "at-work" }])
  await stopped(third)
})

it("brings a damaged store back without a daemon, and puts aside what could not be backed up", async () => {
  const daemon = await sandbox.start()
  const client = await daemon.connect()
  await run(client, "true", "kept")
  const { id } = await client.result("backup.create")
  await daemon.stop()
  writeFileSync(sandbox.database, "no database at all".repeat(1_000))
  const ask = (...args: ReadonlyArray<string>) => agentctl(sandbox, args)
  // Nothing works any more, and whoever reads why finds the way from there.
  expect((await ask("ls")).stderr).toMatch(/"agentctl backup list".*"agentctl backup restore latest"/)
  expect(await ask("backup", "list")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(id),
    stderr: expect.stringContaining("read without one")
  })
  expect(await ask("backup", "verify", id)).toMatchObject({ code: 0, stdout: expect.stringContaining(`${id}: whole`) })
  expect(await ask("backup", "verify", "--from", sandbox.root)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("There is no backup in")
  })
  const { code, stdout } = await restore(sandbox, "latest")
  expect(code).toBe(0)
  const aside = /lies in (.*)$/m.exec(stdout)![1]!
  expect(readFileSync(join(aside, "agentd.db"), "utf8")).toContain("no database at all")
  const next = await sandbox.connect()
  expect(await sessionsOf(next)).toMatchObject([{ name: "kept" }])
  await stopped(next)
})

it("is refused by the name of its damaged part, and nothing is changed then", async () => {
  const client = await (await sandbox.start()).connect()
  await run(client, "seq 1 1000", "one")
  const { id } = await client.result("backup.create")
  const list = join(vaultOf(sandbox), `${id}.jsonl`)
  const { path, sha256 } = JSON.parse(readFileSync(list, "utf8").split("\n")[2]!)
  rmSync(join(vaultOf(sandbox), "objects", sha256.slice(0, 2), sha256))
  expect(await agentctl(sandbox, ["backup", "verify"])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`  ${path} is missing`)
  })
  expect(await restore(sandbox, id)).toMatchObject({ code: 1, stderr: expect.stringContaining(`${path} is missing`) })
  expect(await client.call("backup.restore", { backup: `bak_${"0".repeat(26)}` })).toMatchObject({
    error: { data: { tag: "BackupNotFound" } }
  })
  // What was looked for in the wrong place is not whole.
  expect(await agentctl(sandbox, ["backup", "verify", "--from", sandbox.root])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining(`There is no backup in ${sandbox.root}`)
  })
  expect(await client.call("backup.restore", { backup: "../../etc" })).toMatchObject({
    error: { data: { tag: "InvalidParams" } }
  })
  expect(await sessionsOf(client)).toMatchObject([{ name: "one" }])
})

it("is replaced by no program in a session, wherever that says that its backups are", async () => {
  const client = await (await sandbox.start()).connect()
  await client.result("backup.create")
  const inside = `${program} backup restore --yes latest; ${program} backup list --from /tmp; ${program} backup list --json`
  const { id } = await startShell(client, inside, { env: { ...sandbox.env }, name: "inside" })
  await client.result("session.wait", { session: id, for: "exit" })
  const { data } = await client.result("session.output", { session: id, format: "text" })
  expect(data.match(/only a person does this/g)).toHaveLength(2)
  expect(data).toContain('"backups": [')
})

it("takes what a script adds, tells another where it is, and reports those that fail", async () => {
  const seen = join(sandbox.root, "seen")
  const before = script(join(sandbox.root, "before"), 'echo dump > "$AGENTD_BACKUP_EXTRA/dump"')
  const after = script(
    join(sandbox.root, "after"),
    `test -e "$AGENTD_BACKUP_DIRECTORY/$AGENTD_BACKUP.jsonl" && echo "$AGENTD_BACKUP" > ${seen}`
  )
  const config = (rest: string) => `[backup]\nbefore = "${before}"\n${rest}\n`
  const client = await (await sandbox.start({ config: config(`after = "${after}"`) })).connect()
  expect(await findingOf(client)).toMatchObject({ level: "ok" })
  const { id } = await client.result("backup.create")
  expect(readFileSync(seen, "utf8")).toBe(`${id}\n`)
  expect(readFileSync(join(vaultOf(sandbox), `${id}.jsonl`), "utf8")).toContain('"path":"extra/dump"')
  expect(await findingOf(client)).toMatchObject({ level: "ok" })
  const { text } = await client.result("daemon.metrics")
  expect(text).toMatch(/^agentd_backup_last_success_timestamp_seconds 1[\d.]+$/m)

  script(after, "exit 3")
  expect(await client.call("backup.create")).toMatchObject({
    error: { message: expect.stringMatching(/was made, but .*after ended with exit code 3/) }
  })
  expect((await client.result("backup.list")).backups.length).toBe(2)
  expect(await findingOf(client)).toMatchObject({ level: "problem", message: expect.stringContaining("exit code 3") })

  // What it has started is not left behind.
  const pid = join(sandbox.root, "pid")
  script(before, `sleep 1000 & echo $! > ${pid}; wait`)
  sandbox.configure(config('script_timeout = "1s"'))
  await client.result("daemon.reload")
  expect(await client.call("backup.create")).toMatchObject({
    error: { message: expect.stringContaining("took longer than 1000 ms") }
  })
  expect((await client.result("backup.list")).backups.length).toBe(2)
  expect(sandbox.processes().map(({ pid }) => pid)).not.toContain(Number(readFileSync(pid, "utf8")))
})
