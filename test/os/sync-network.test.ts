/** Three hosts that have nothing in common but a git repository on a fourth, while daemons are killed and lines are cut. */
import { execFile } from "node:child_process"
import { randomInt } from "node:crypto"
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { promisify } from "node:util"
import { expect, it } from "vitest"
import { program } from "../cli/support/agentctl.ts"
import { hasSshServer, SshServer } from "../remote/support/SshServer.ts"
import { Dice } from "../support/Dice.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { Network } from "./support/Network.ts"

const run = promisify(execFile)

const missing = ["/usr/sbin/ip", "/usr/sbin/tc"].filter((file) => !existsSync(file))
if (!hasSshServer) missing.push("/usr/sbin/sshd")
if (missing.length > 0) console.log(`skipped: three hosts and a git remote (no ${missing.join(", ")})`)

const seed = Number(process.env.AGENTD_TEST_SEED ?? randomInt(2 ** 31))
/** What each host says. */
const MESSAGES = 8
/** Milliseconds that a line stays cut. */
const CUT_MS = 2_000

const dice = new Dice(seed)

const HOSTS = ["ada", "bob", "cyd"] as const
type Host = (typeof HOSTS)[number] | "server"

interface Message {
  readonly id: string
  readonly text: string
  readonly thread: string | null
  readonly author: { readonly name: string }
}

/** A host's only agent has its name. */
class Home implements AsyncDisposable {
  readonly sandbox: Sandbox = makeSandbox()
  readonly name: Host
  readonly #network: Network<Host>
  readonly #url: string
  readonly #clone: string
  readonly #env: Readonly<Record<string, string>>

  constructor(name: Host, network: Network<Host>, server: SshServer, url: string) {
    this.name = name
    this.#network = network
    this.#url = url
    this.#clone = join(this.sandbox.root, "clone")
    this.#env = { AGENTD_SYNC_INTERVAL: "1s", GIT_SSH_COMMAND: `ssh ${server.options().join(" ")}` }
  }

  async open(): Promise<void> {
    await this.#run("git", "clone", "--quiet", this.#url, this.#clone)
    await this.ctl("daemon", "start")
    await this.as("true")
    await this.ctl("sync", "enable", "--yes")
  }

  /** `kill -9`, and the next one, which whoever asks meanwhile starts too. */
  async restart(): Promise<void> {
    const { pid } = JSON.parse(readFileSync(this.sandbox.pidFile, "utf8")) as { readonly pid: number }
    process.kill(pid, "SIGKILL")
    await this.ctl("daemon", "start")
  }

  ctl(...args: ReadonlyArray<string>): Promise<string> {
    return this.#run(program, ...args)
  }

  async #run(...words: ReadonlyArray<string>): Promise<string> {
    const [file, ...args] = [...this.#network.through(this.name), ...words]
    const cwd = existsSync(this.#clone) ? this.#clone : "/"
    return (await run(file!, args, { cwd, env: { ...this.sandbox.env, ...this.#env } })).stdout
  }

  /** What the host's agent runs in a session. */
  as(command: string): Promise<string> {
    return this.ctl("run", "--agent", this.name, "--", "sh", "-c", command.replaceAll("agentctl", program))
  }

  /** Says it until that is acknowledged; the key keeps it from being said twice. */
  async say(how: string, text: string): Promise<void> {
    for (;;) {
      try {
        await this.as(`agentctl ${how} --key ${text} ${text}`)
        return
      } catch {
        // Its daemon was killed.
      }
    }
  }

  async messages(): Promise<ReadonlyArray<Message>> {
    const words = ["inbox", "--all", "--peek", "--oldest", "--limit", "100", "--json"]
    return (JSON.parse(await this.ctl(...words)) as { readonly messages: ReadonlyArray<Message> }).messages
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ctl("daemon", "stop", "--yes").catch(() => {})
    await this.sandbox[Symbol.asyncDispose]()
  }
}

it.skipIf(missing.length > 0)(
  "three hosts end up with the same threads, each message once",
  { timeout: 300_000 },
  async () => {
    process.stdout.write(`seed ${seed}\n`)
    using network = Network.of<Host>("ada", "bob", "cyd", "server")
    await using server = await SshServer.start({
      address: network.address("server"),
      through: network.through("server")
    })
    const remote = join(server.there.root, "remote.git")
    mkdirSync(remote)
    await run("git", ["init", "--quiet", "--bare", remote])
    const url = `ssh://${server.address}${remote}`
    await using ada = new Home("ada", network, server, url)
    await using bob = new Home("bob", network, server, url)
    await using cyd = new Home("cyd", network, server, url)
    const homes = [ada, bob, cyd]
    for (const home of homes) await home.open()
    for (const home of [...homes, ada, bob]) await home.ctl("sync", "now")

    // A question to everybody, which the three then discuss.
    await ada.say("msg @bob --also @cyd", "question")
    const question = await (async () => {
      for (const home of [ada, bob, cyd]) await home.ctl("sync", "now")
      return (await cyd.messages())[0]!
    })()
    expect(question.text).toBe("question")

    const said = ["question"]
    let talking = true
    const talk = async (home: Home) => {
      for (let n = 1; n <= MESSAGES; n++) {
        const text = `${home.name}-${n}`
        const others = HOSTS.filter((name) => name !== home.name)
        await home.say(dice.happens(0.5) ? `reply ${question.id} --all` : `msg @${others[n % 2]}`, text)
        said.push(text)
      }
    }
    const trouble = async () => {
      while (talking) {
        const home = dice.of(homes)
        await pause(dice.below(1000))
        if (dice.happens(0.5)) await home.restart()
        else {
          network.cut(home.name)
          await pause(dice.below(CUT_MS))
          network.mend(home.name)
        }
      }
    }
    const troubled = trouble()
    await Promise.all(homes.map(talk))
    talking = false
    await troubled

    // Whatever the first round brings, the second carries everywhere.
    for (const home of [...homes, ...homes]) await home.ctl("sync", "now")
    const heard = await Promise.all(homes.map((home) => home.messages()))
    for (const messages of heard) expect(messages.map(({ text }) => text).toSorted()).toEqual(said.toSorted())
    const told = heard.map((messages) =>
      messages.map(({ author, id, text, thread }) => [id, author.name, thread, text])
    )
    expect(told[1]).toEqual(told[0])
    expect(told[2]).toEqual(told[0])
    for (const home of homes) {
      const [status] = JSON.parse(await home.ctl("sync", "status", "--json"))
      expect(status).toMatchObject({ error: null, unpublished: 0, quarantineCount: 0 })
    }
  }
)
