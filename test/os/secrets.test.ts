/**
 * A secret that is named by its place reaches the session's program, and nobody else sees it: not in a command line, not in a unit,
 * not in the journal, not on disk.
 */
import { expect, it } from "vitest"
import { onSystems } from "./support/onSystems.ts"
import { type Listed, said, unitOf } from "./support/sessions.ts"
import type { User } from "./support/User.ts"

const SECRET = "hunter2-9876543210-battery-staple"

/** Says how long they are, so that they are seen to be there and are not printed. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: for a shell
const TELL = 'echo "variable ${#TOKEN}, file $(stat -c %a "$KEY_FILE") $(wc -c <"$KEY_FILE")"; sleep 1000'
const TOLD = `variable ${SECRET.length}, file [46]00 ${SECRET.length + 1}`

onSystems("a session's secrets", ({ machine, user }) => {
  /** Every place where the secret is found, as root: files below these directories, command lines, units, the journal. */
  const places = async (somebody: User, id: string): Promise<ReadonlyArray<string>> => {
    // Written so that the command that looks does not find itself.
    const pattern = SECRET.replace("2", "[2]")
    const { stdout } = await machine().run([
      "bash",
      "-c",
      `grep -la '${pattern}' /proc/[0-9]*/cmdline
       grep -rla '${pattern}' /run/user /run/systemd /run/credentials /tmp /var/tmp /var/lib/systemd ${somebody.home}
       journalctl --sync; journalctl --no-pager -o export | grep -a '${pattern}'; true`
    ])
    const { stdout: properties } = await somebody.systemctl("show", unitOf(id), "agentd.service")
    expect(properties).toContain(id)
    return [...stdout.split("\n").filter((line) => line !== ""), ...(properties.includes(SECRET) ? ["a property"] : [])]
  }

  it("come from a file of the user's, and are nowhere else while it runs and after it has ended", async () => {
    await using somebody = await user()
    const file = `${somebody.home}/token`
    await somebody.write(file, `${SECRET}\n`)
    const start = (...more: ReadonlyArray<string>) => [
      ...["agentctl", "run", "--json", "-d", "--secret", "TOKEN=token", "--secret-file", "KEY_FILE=token"],
      ...[...more, "--", "bash", "-c", TELL]
    ]
    const refused = await somebody.run(start(), { mayFail: true })
    expect(refused.code).toBe(5)
    expect(refused.stdout + refused.stderr).toContain(`chmod 600 ${file}`)
    expect(refused.stdout + refused.stderr).not.toContain(SECRET)
    await somebody.run(["chmod", "600", file])

    const { id } = JSON.parse((await somebody.run(start("--name", "one"))).stdout) as Listed
    await said(somebody, "one", TOLD)
    await somebody.killDaemon()
    await somebody.agentctl("ls")
    // The user's own file, and the copy that the session was given.
    const own = `${somebody.runtime}/credentials/${unitOf(id)}/KEY_FILE`
    expect((await places(somebody, id)).filter((place) => place !== own)).toEqual([file])
    await somebody.agentctl("stop", "one")
    expect(await places(somebody, id)).toEqual([file])

    await somebody.agentctl("resume", "-d", "one")
    await said(somebody, "one", TOLD)
  })

  it("come from a credential that systemd gave the daemon, also into a sandbox", async () => {
    await using somebody = await user()
    await machine().run(["bash", "-c", `mkdir -p /etc/vault && echo ${SECRET} >/etc/vault/${somebody.name}`])
    await machine().run(["chown", somebody.name, `/etc/vault/${somebody.name}`])
    await machine().run(["chmod", "400", `/etc/vault/${somebody.name}`])
    const start = (...more: ReadonlyArray<string>) => [
      ...["agentctl", "run", "-d", "--secret", "TOKEN=credential:token", "--secret-file", "KEY_FILE=credential:token"],
      ...[...more, "--", "bash", "-c", TELL]
    ]
    const refused = await somebody.run(start(), { mayFail: true })
    expect(refused.stderr).toContain("LoadCredential=token:")
    await somebody.dropIn("agentd.service", "token", `[Service]\nLoadCredential=token:/etc/vault/${somebody.name}\n`)
    await somebody.systemctl("restart", "agentd.service")
    await somebody.run(start("--name", "one"))
    await said(somebody, "one", TOLD)
    await somebody.bash("mkdir work && cd work && git init -q . 2>/dev/null || true")
    await somebody.run(start("--name", "shut-in", "--sandbox", "workspace"), { cwd: `${somebody.home}/work` })
    await said(somebody, "shut-in", TOLD)
  })
})
