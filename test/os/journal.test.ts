/** What the daemon says to a real journald, and how it is found there. */
import { expect, it } from "vitest"
import { logKinds } from "../../src/contract/Log.ts"
import { onSystems } from "./support/onSystems.ts"
import { ended, type Listed, unitOf } from "./support/sessions.ts"
import type { User } from "./support/User.ts"

type Entry = Readonly<Record<string, string>>

const parse = (text: string): ReadonlyArray<Entry> =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Entry)

/** What a user finds in the journal that is theirs. */
const entries = async (user: User, ...match: ReadonlyArray<string>) => {
  await user.machine.run(["journalctl", "--sync"])
  return parse((await user.run(["journalctl", "--user", "--output=json", ...match])).stdout)
}

onSystems("the journal", ({ machine, user }) => {
  /** systemd lets it be restarted only so often. */
  const restart = (first: string) =>
    machine().run([
      "bash",
      "-c",
      `${first}; systemctl reset-failed systemd-journald; systemctl restart systemd-journald; journalctl --flush`
    ])

  /** Each with a journal of their own to read. */
  const reader = async () => {
    const { code } = await machine().run(["test", "-d", "/var/log/journal"], { mayFail: true })
    if (code !== 0) await restart("mkdir -p /var/log/journal")
    return user()
  }

  it("tells one session's story by its id, over the death of a daemon, and nothing of what it runs", async () => {
    await using somebody = await reader()
    const script = "echo sw0rdfish; until [ -e go ]; do sleep 0.1; done; exit 3"
    const { id } = await somebody.json<Listed>("run", "-d", "--name", "storied", "--", "bash", "-c", script)
    await somebody.json("run", "-d", "--name", "another", "--", "true")
    await somebody.killDaemon()
    await somebody.agentctl("ls")
    await somebody.bash("touch go")
    await ended(somebody, id)
    await somebody.agentctl("rm", id)
    const story = await entries(somebody, `AGENTD_SESSION=${id}`)
    expect(story.map(({ AGENTD_EVENT, PRIORITY }) => [AGENTD_EVENT, PRIORITY])).toEqual([
      ["session.started", "6"],
      ["session.running", "6"],
      ["session.adopted", "6"],
      ["session.ended", "6"],
      ["session.removed", "6"]
    ])
    expect(story[3]).toMatchObject({
      MESSAGE_ID: logKinds["session.ended"].id,
      SYSLOG_IDENTIFIER: "agentd",
      AGENTD_SESSION_NAME: "storied",
      AGENTD_EXIT_CODE: "3",
      AGENTD_ENDED_BY: "program",
      _SYSTEMD_USER_UNIT: "agentd.service",
      _UID: String(somebody.uid),
      _TRANSPORT: "journal"
    })
    expect(JSON.stringify(await entries(somebody, "SYSLOG_IDENTIFIER=agentd"))).not.toMatch(/sw0rdfish/)
  })

  it("explains each kind of line", async () => {
    await using somebody = await reader()
    await somebody.agentctl("ls")
    await machine().run(["journalctl", "--sync"])
    const match = `MESSAGE_ID=${logKinds["daemon.listening"].id}`
    const { stdout } = await somebody.run(["journalctl", "--user", "--catalog", match])
    expect(stdout).toMatch(/^\S+ Subject: agentd is ready\n\S+ Defined-By: agentd$/m)
  })

  it("keeps what a peer says in the one field it belongs to", async () => {
    await using somebody = await reader()
    const reason = "bye\nAGENTD_SESSION=ses_forged\nPRIORITY=0\n\u0000\u001b[2J€"
    await somebody.agentctl("rpc", "daemon.shutdown", JSON.stringify({ reason }))
    await somebody.until("the daemon to be gone", async () => (await somebody.daemon()) === 0)
    const [stopping] = await entries(somebody, `MESSAGE_ID=${logKinds["daemon.stopping"].id}`)
    // journalctl prints what is no plain text as bytes.
    const message = stopping!.MESSAGE as unknown as ReadonlyArray<number>
    expect(Buffer.from(message).toString("utf8")).toBe(`stopping: ${reason}`)
    expect([stopping!.PRIORITY, stopping!.AGENTD_SESSION]).toEqual(["6", undefined])
    expect(await entries(somebody, "AGENTD_SESSION=ses_forged")).toEqual([])
  })

  it("has the reason why a daemon does not start, as an error", async () => {
    await using somebody = await reader()
    await somebody.write(`${somebody.home}/.config/agentd/agentd.toml`, "[daemon]\ndrian = '1s'\n")
    await somebody.run(["agentctl", "ls"], { mayFail: true })
    const failed = await somebody.until("the journal to have it", async () => {
      const [entry] = await entries(somebody, `MESSAGE_ID=${logKinds["daemon.failed"].id}`)
      return entry ?? null
    })
    expect(failed).toMatchObject({ PRIORITY: "3", MESSAGE: expect.stringMatching(/agentd\.toml:2: daemon\.drian/) })
  })

  it("loses no line while it is restarted", async () => {
    await using somebody = await reader()
    await somebody.agentctl("ls")
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`)
    const restarts = machine().run([
      "bash",
      "-c",
      "for i in 1 2 3; do systemctl reset-failed systemd-journald; systemctl restart systemd-journald; done"
    ])
    for (const name of names) await somebody.json("run", "-d", "--name", name, "--", "true")
    await restarts
    const started = await somebody.until("all of them to be there", async () => {
      const found = await entries(somebody, `MESSAGE_ID=${logKinds["session.started"].id}`)
      return found.length >= names.length ? found : null
    })
    expect(started.map(({ AGENTD_SESSION_NAME }) => AGENTD_SESSION_NAME)).toEqual(names)
  })

  it("is what daemon logs reads: the unit's lines, or one session's with systemd's own of it", async () => {
    await using somebody = await reader()
    const { id } = await somebody.json<Listed>("run", "-d", "--name", "watched", "--", "true")
    await ended(somebody, id)
    await machine().run(["journalctl", "--sync"])
    expect((await somebody.agentctl("daemon", "logs")).stdout).toMatch(
      /listens on .*api\.sock[\s\S]*session watched ended/
    )
    const told = parse((await somebody.agentctl("daemon", "logs", "--session", "watched", "--json")).stdout)
    expect(told.map(({ AGENTD_EVENT }) => AGENTD_EVENT)).toContain("session.ended")
    expect(told.every(({ AGENTD_SESSION, USER_UNIT }) => AGENTD_SESSION === id || USER_UNIT === unitOf(id))).toBe(true)
    expect(told.some(({ USER_UNIT }) => USER_UNIT === unitOf(id))).toBe(true)
    const warnings = parse((await somebody.agentctl("daemon", "logs", "--priority", "warn", "--json")).stdout)
    expect(warnings.filter(({ SYSLOG_IDENTIFIER }) => SYSLOG_IDENTIFIER === "agentd")).toEqual([])
  })

  it("that a user may not read is said, with the way out", async () => {
    await using somebody = await user()
    await somebody.agentctl("ls")
    await restart("rm -rf /var/log/journal")
    const { code, stderr } = await somebody.run(["agentctl", "daemon", "logs"], { mayFail: true })
    expect({ code, stderr }).toEqual({
      code: 5,
      stderr: expect.stringContaining(`usermod --append --groups systemd-journal ${somebody.name}`)
    })
  })

  it("is left alone by a daemon whose standard error goes elsewhere", async () => {
    await using somebody = await reader()
    await somebody.dropIn(
      "agentd.service",
      "log",
      "[Service]\nStandardError=append:%h/agentd.log\nExecStartPre=-/bin/true\n"
    )
    await somebody.agentctl("ls")
    expect(await somebody.read(`${somebody.home}/agentd.log`)).toMatch(/^\{"time":.*"event":"daemon\.listening"/m)
    expect(await entries(somebody, "SYSLOG_IDENTIFIER=agentd", "_TRANSPORT=journal")).toEqual([])
  })
})
