/** Messages through a git remote, exchanged by a daemon whose own sandbox has no network: real systemd, real sockets. */
import { expect, it } from "vitest"
import { onSystems } from "./support/onSystems.ts"
import type { User } from "./support/User.ts"

/** A git daemon on loopback: a remote that only a network reaches, and outside of the user's home. */
const serveGit = async (user: User) => {
  const script = `
    set -e
    mkdir -p ~/served && git init --quiet --bare ~/served/remote.git
    git -C ~/served/remote.git config daemon.receivepack true
    systemd-run --user --quiet --unit=git-remote -- git daemon --reuseaddr --listen=127.0.0.1 --port=9418 --export-all --base-path=$HOME/served
    git clone --quiet ~/served/remote.git ~/clone
    git -C ~/clone remote set-url origin git://127.0.0.1/remote.git`
  await user.bash(script)
  await user.until("git to be served", async () => {
    const { code } = await user.bash("git ls-remote git://127.0.0.1/remote.git", { mayFail: true })
    return code === 0
  })
}

interface Status {
  readonly mode: string
  readonly error: string | null
  readonly unpublished: number
}

onSystems("sync", ({ user }) => {
  it("reaches the network through services of its own, beside a daemon that has none", async () => {
    await using somebody = await user()
    await serveGit(somebody)
    const ctl = (...args: ReadonlyArray<string>) =>
      somebody.run(["agentctl", ...args], { cwd: `${somebody.home}/clone` })
    await ctl("run", "-d", "--agent", "ant", "--", "sleep", "1000")
    await ctl("msg", "@ant", "through the sandbox")
    const open = await somebody.run(["agentctl", "sync", "enable", "--yes"], {
      cwd: `${somebody.home}/clone`,
      mayFail: true
    })
    expect(open.stderr).toContain("Anybody can read")
    await ctl("sync", "enable", "--yes", "--public")
    await ctl("sync", "now")
    const [status] = JSON.parse((await ctl("sync", "status", "--json")).stdout) as ReadonlyArray<Status>
    expect(status).toMatchObject({ mode: "on", error: null, unpublished: 0 })
    const { stdout } = await somebody.bash("git -C ~/served/remote.git grep -h hash agentd-sync")
    expect(stdout).toContain("through the sandbox")
    // The daemon itself still has none.
    const { RestrictAddressFamilies } = await somebody.show("agentd.service", "RestrictAddressFamilies")
    expect(RestrictAddressFamilies).toBe("AF_UNIX")
  })
})
