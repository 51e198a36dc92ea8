// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are for shells and for systemd, and must be left as they are
/**
 * What a program started as a service of its own gets, and what its end looks like: as if it had been typed into a terminal.
 */
import { expect, it } from "vitest"
import { onSystems } from "./support/onSystems.ts"
import { ended, type Listed, said, unitOf } from "./support/sessions.ts"

/** What systemd, a shell or a line-oriented file would take for something else. */
const HOSTILE = [
  "",
  " ",
  "$HOME ${HOME} $$ $",
  "%h %% %n %",
  `a "b" 'c'`,
  "line one\nline two\n",
  "back\\slash \\n \\",
  "`id` $(id)",
  "\ttab  two spaces ",
  "# ; comment",
  "✓ é \u{1f600}",
  "\x01\x1b[31m\x7f",
  "-",
  "--",
  "@",
  "x".repeat(50_000)
]

const hex = (text: string) => Buffer.from(text).toString("hex")

onSystems("a program in a session", ({ machine, user }) => {
  it("gets every argument exactly", async () => {
    await using somebody = await user()
    const printer = 'print map { unpack("H*", $_) . "\\n" } @ARGV'
    const { stdout } = await somebody.agentctl("run", "--", "perl", "-e", printer, "--", ...HOSTILE)
    expect(stdout.split(/\r?\n/).slice(0, -1)).toEqual(HOSTILE.map(hex))
  })

  it("gets every variable exactly, and starts in a directory of any name", async () => {
    await using somebody = await user()
    const env = Object.fromEntries(HOSTILE.map((value, at) => [`HOSTILE_${at}`, value]))
    const directory = `${somebody.home}/a b %h $x "q" 'r' \\`
    await somebody.run(["mkdir", directory])
    const printer = `print unpack("H*", $ENV{"HOSTILE_$_"}) . "\\n" for 0 .. ${HOSTILE.length - 1}; use Cwd; print getcwd`
    const { stdout } = await somebody.run(["agentctl", "run", "--", "perl", "-e", printer], { env, cwd: directory })
    expect(stdout.split(/\r?\n/)).toEqual([...HOSTILE.map(hex), directory])
  })

  it("has its secrets from its environment, and nobody else sees them anywhere", async () => {
    await using somebody = await user()
    const secret = "hunter2-0123456789-correct-horse"
    const { id } = JSON.parse(
      (
        await somebody.run(
          ["agentctl", "run", "--json", "-d", "--name", "one", "--", "bash", "-c", "echo ${#TOKEN}; sleep 1000"],
          {
            env: { TOKEN: secret }
          }
        )
      ).stdout
    ) as Listed
    await said(somebody, "one", String(secret.length))
    await somebody.killDaemon()
    await somebody.agentctl("ls")
    // Written so that the command that looks does not find itself.
    const pattern = secret.replace("2", "[2]")
    const { stdout } = await machine().run([
      "bash",
      "-c",
      `grep -la '${pattern}' /proc/[0-9]*/cmdline; grep -rla '${pattern}' /run/user /run/systemd ${somebody.home} /var/lib/systemd
       journalctl --sync; journalctl --no-pager -o export | grep -ac '${pattern}'; true`
    ])
    expect(stdout.trim()).toBe("0")
    const { stdout: properties } = await somebody.systemctl("show", unitOf(id), "agentd.service")
    expect(properties).not.toContain(secret)
    expect(properties).toContain(id)
  })

  it("ends with its exit code, or with the signal that ended it", async () => {
    await using somebody = await user()
    const codes = [0, 1, 33, 127, 255]
    for (const code of codes) {
      const done = await somebody.run(["agentctl", "run", "--", "bash", "-c", `exit ${code}`], { mayFail: true })
      expect(done.code).toBe(code)
    }
    for (const [signal, number] of Object.entries({ TERM: 15, KILL: 9, HUP: 1, SEGV: 11, USR1: 10 })) {
      const name = `by-${signal.toLowerCase()}`
      const argv = ["agentctl", "run", "--name", name, "--", "bash", "-c", `kill -${signal} $$`]
      expect((await somebody.run(argv, { mayFail: true })).code).toBe(128 + number)
      expect(await ended(somebody, name)).toMatchObject({ code: null, signal: `SIG${signal}`, by: "program" })
    }
  })

  it("is stopped with everything it started, gently where that is enough", async () => {
    await using somebody = await user()
    await somebody.agentctl("run", "-d", "--name", "mild", "--", "bash", "-c", "setsid sleep 1111 & sleep 1111")
    const deaf = 'trap "" TERM HUP; echo deaf; (trap "" TERM HUP; setsid sleep 2222) & while :; do sleep 2222; done'
    await somebody.agentctl("run", "-d", "--name", "deaf", "--", "bash", "-c", deaf)
    await said(somebody, "deaf", "deaf")
    await somebody.agentctl("stop", "mild")
    expect(await ended(somebody, "mild")).toMatchObject({ by: "stop", took: "term" })
    await somebody.agentctl("stop", "deaf", "--grace", "500ms")
    expect(await ended(somebody, "deaf")).toMatchObject({ by: "stop", took: "kill" })
    expect((await somebody.processes()).filter((one) => /1111|2222/.test(one))).toEqual([])
  })

  it("is stopped when its time is up, also by the daemon after the one that started it", async () => {
    await using somebody = await user()
    await somebody.agentctl("run", "-d", "--name", "short", "--ttl", "2s", "--", "sleep", "1000")
    await somebody.killDaemon()
    expect(await ended(somebody, "short")).toMatchObject({ by: "ttl" })
  })

  it("may be killed or stopped behind our back", async () => {
    await using somebody = await user()
    const killed = await somebody.json<Listed>("run", "-d", "--name", "killed", "--", "sleep", "1000")
    const stopped = await somebody.json<Listed>("run", "-d", "--name", "stopped", "--", "sleep", "1000")
    await somebody.systemctl("kill", "--signal=KILL", unitOf(killed.id))
    await somebody.systemctl("stop", unitOf(stopped.id))
    expect(await ended(somebody, "killed")).toMatchObject({ code: null, signal: "SIGKILL" })
    const end = await ended(somebody, "stopped")
    expect(["SIGTERM", "SIGHUP"]).toContain(end?.signal)
  })

  it("reads its input from a pipe and its terminal's size from the terminal", async () => {
    await using somebody = await user()
    const sorted = await somebody.run(["agentctl", "run", "--", "sort"], { input: "b\na\nc\n" })
    expect(sorted.stdout.split(/\r?\n/)).toEqual(["a", "b", "c", ""])
    await somebody.agentctl(
      "run",
      "-d",
      "--name",
      "wide",
      "--cols",
      "132",
      "--rows",
      "43",
      "--",
      "bash",
      "-c",
      "stty size </dev/tty; sleep 1000"
    )
    await said(somebody, "wide", "43 132")
  })

  it("is refused, and said why, when systemd would not keep its terminal", async () => {
    await using somebody = await user()
    await somebody.dropIn("agentd.service", "few", "[Service]\nFileDescriptorStoreMax=3\n")
    for (const name of ["one", "two", "three"])
      await somebody.agentctl("run", "-d", "--name", name, "--", "sleep", "1000")
    const fourth = await somebody.run(["agentctl", "run", "-d", "--name", "four", "--", "sleep", "4444"], {
      mayFail: true
    })
    expect(fourth.code).not.toBe(0)
    expect(fourth.stderr).toContain("systemd keeps 3 terminals for this daemon and no more")
    expect(fourth.stderr).toContain("FileDescriptorStoreMax= of agentd.service")
    await somebody.until(
      "the refused program to be gone",
      async () => !(await somebody.processes()).some((one) => /4444/.test(one))
    )
    await somebody.killDaemon()
    const { length } = await somebody.json<ReadonlyArray<Listed>>("ls")
    expect(length).toBe(3)
    await somebody.agentctl("stop", "one")
    await somebody.agentctl("run", "-d", "--name", "four", "--", "sleep", "1000")
  })
})
