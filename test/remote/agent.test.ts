/** An SSH agent lent to a session on another machine: a real ssh-agent, a real OpenSSH server. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { AgentRelay } from "../../src/client/remote/AgentRelay.ts"
import { agentctl } from "../cli/support/agentctl.ts"
import { UserTerminal } from "../cli/support/UserTerminal.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { forwardChanges } from "./support/forwardChanges.ts"
import { hasSshServer, SshServer } from "./support/SshServer.ts"

const SSH_AGENT = "/usr/bin/ssh-agent"
const SSH_ADD = "/usr/bin/ssh-add"

const available = hasSshServer && existsSync(SSH_AGENT)
if (!available) console.log("skipped: a forwarded SSH agent (needs /usr/sbin/sshd and /usr/bin/ssh-agent)")

/** Asks the agent once for each line it is given. */
const ASKING = "sh -c 'while read -r word; do ssh-add -l; echo \"$word: $?\"; done'"

describe.skipIf(!available)("an SSH agent", () => {
  let here: Sandbox
  let server: SshServer
  let agent: ChildProcess
  let socket: string
  beforeAll(async () => {
    here = makeSandbox()
    await here.start()
    server = await SshServer.start()
    socket = join(here.root, "user-agent")
    agent = spawn(SSH_AGENT, ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] })
    await once(agent.stdout!, "data")
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "key-of-mine", "-f", join(here.root, "key")])
    execFileSync(SSH_ADD, ["-q", join(here.root, "key")], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
    expect(await agentctl(here, ["connect", "--name", "lab", ...server.options(), "127.0.0.1"])).toMatchObject({
      code: 0
    })
  })
  afterAll(async () => {
    await agentctl(here, ["disconnect", "lab"])
    agent.kill()
    await once(agent, "exit")
    await here[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  const terminal = (words: string) => new UserTerminal({ env: { ...here.env, SSH_AUTH_SOCK: socket } }, words)
  const left = () => readdirSync(server.there.runtime).filter((name) => name.startsWith("agent-"))

  it("is there while a client that lends it is attached, also after the connection was cut, and not a moment longer", {
    timeout: 60_000
  }, async () => {
    {
      await using first = terminal(`run -A --host lab --name far -- ${ASKING}`)
      first.type("x\r")
      await first.shows(/key-of-mine.*x: 0/s)
      using forwards = await forwardChanges(here)
      server.cut()
      await forwards.become("waiting")
      await forwards.become("open")
      first.type("again\r")
      await first.shows(/again: 0/)
      first.type("\x1dd")
      await first.ended()
      expect(first.code).toBe(0)
    }
    expect(left()).toEqual([])
    await agentctl(here, ["send", "--enter", "lab:far", "alone"])
    await agentctl(here, ["wait", "lab:far", "--for", "output=alone: \\d", "--timeout", "20s"])
    expect((await agentctl(here, ["logs", "lab:far", "--text"])).stdout).toMatch(
      /alone\r?\n.*(No such file|connecting to agent|open a connection).*\r?\nalone: 2/i
    )
    {
      await using second = terminal("attach -A lab:far")
      await second.shows(/alone: 2/)
      second.type("back\r")
      await second.shows(/back: 0/)
      second.type("\x1dd")
      await second.ended()
    }
    await agentctl(here, ["stop", "lab:far"])
    // That it may be lent one goes on with it; who lends it is asked anew.
    expect(await agentctl(here, ["resume", "-d", "lab:far"])).toMatchObject({ code: 0 })
    await agentctl(here, ["send", "--enter", "lab:far", "resumed"])
    await agentctl(here, ["wait", "lab:far", "--for", "output=resumed: 2", "--timeout", "20s"])
    {
      await using third = terminal("attach -A lab:far")
      await third.shows(/resumed: 2/)
      third.type("lent\r")
      await third.shows(/lent: 0/)
      third.type("\x1dd")
      await third.ended()
    }
    await agentctl(here, ["stop", "lab:far"])
    {
      await using fourth = terminal("resume -A lab:far")
      fourth.type("at once\r")
      await fourth.shows(/at once: 0/)
      fourth.type("\x1dd")
      await fourth.ended()
    }
    expect(left()).toEqual([])
    await agentctl(here, ["stop", "lab:far"])
  })

  it("is not there for a session that was started without one, which is said, nor without one here", async () => {
    await agentctl(here, ["run", "-d", "--host", "lab", "--name", "plain", "--", "sleep", "1000"])
    {
      await using attached = terminal("attach -A lab:plain")
      await attached.shows(/was started without an SSH agent/)
      attached.type("\x1dd")
      await attached.ended()
    }
    expect(await agentctl(here, ["attach", "-A", "lab:plain"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("SSH_AUTH_SOCK is not set")
    })
    expect(left()).toEqual([])
    await agentctl(here, ["stop", "lab:plain"])
  })
})

describe("the relay to an agent", () => {
  it("answers a person's pace, and not a loop's", async () => {
    const sandbox = makeSandbox()
    const agentSocket = join(sandbox.root, "agent")
    const agent = createServer((asked) => asked.end("answer")).listen(agentSocket)
    await once(agent, "listening")
    const path = join(sandbox.root, "relay")
    const relay = await AgentRelay.listen(path, agentSocket)
    const ask = () =>
      new Promise<string>((resolve) => {
        let said = ""
        const socket = connect(path)
        socket.on("error", () => {})
        socket.on("data", (chunk) => {
          said += chunk
        })
        socket.on("close", () => resolve(said))
      })
    for (let asked = 0; asked < 30; asked++) expect(await ask()).toBe("answer")
    expect(await ask()).toBe("")
    relay.close()
    agent.close()
    await sandbox[Symbol.asyncDispose]()
  })
})
