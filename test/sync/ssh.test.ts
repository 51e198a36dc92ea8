/** The same over ssh, with a real server, and with one that does not let us in. */
import { userInfo } from "node:os"
import { describe, expect, it, onTestFinished } from "vitest"
import { hasSshServer, SshServer } from "../remote/support/SshServer.ts"
import { bareRemote, Clone, settle } from "./support.ts"

if (!hasSshServer) process.stderr.write("not tried: there is no /usr/sbin/sshd here\n")

const sshAs = (server: SshServer, key?: "stranger" | "locked") => {
  const before = process.env.GIT_SSH_COMMAND
  process.env.GIT_SSH_COMMAND = `ssh ${server.options(key).join(" ")}`
  onTestFinished(() => {
    if (before === undefined) delete process.env.GIT_SSH_COMMAND
    else process.env.GIT_SSH_COMMAND = before
  })
}

describe.skipIf(!hasSshServer)("over ssh", () => {
  it("messages are exchanged, and who may not log in is told so, without being asked for anything", async () => {
    await using server = await SshServer.start()
    const remote = bareRemote()
    const url = `ssh://${userInfo().username}@127.0.0.1${remote}`
    sshAs(server)
    const ada = await Clone.open("ada", url)
    const bob = await Clone.open("bob", url)
    await ada.send("over ssh")
    await settle(ada, bob)
    expect(await bob.texts()).toEqual(["over ssh"])
    sshAs(server, "stranger")
    await expect(bob.sync()).rejects.toThrow(/Permission denied/)
    sshAs(server, "locked")
    await expect(bob.sync()).rejects.toThrow(/Permission denied/)
    server.trust("other-host")
    await expect(bob.sync()).rejects.toThrow(/Host key verification/)
  })
})
