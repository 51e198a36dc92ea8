/** Hosts whose network fails: what people at two terminals see of one session, and what reaches its program. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { isDeepStrictEqual } from "node:util"
import { describe, expect, it } from "vitest"
import { follow } from "../../src/client/remote/Hosts.ts"
import type { TunnelStatus } from "../../src/client/remote/Supervisor.ts"
import { tunnelFiles } from "../../src/client/remote/TunnelFiles.ts"
import { agentctl } from "../cli/support/agentctl.ts"
import { textOf, UserTerminal } from "../cli/support/UserTerminal.ts"
import { hasSshServer, SshServer } from "../remote/support/SshServer.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { Network } from "./support/Network.ts"

/** Milliseconds without network. */
const CUT_MS = 120_000

/** Milliseconds that the network goes and comes, which no timeout of ours notices. */
const MOMENT_MS = 300

const missing = ["/usr/sbin/ip", "/usr/sbin/tc", "/usr/bin/vim"].filter((file) => !existsSync(file))
if (!hasSshServer) missing.push("/usr/sbin/sshd")
if (missing.length > 0) console.log(`skipped: hosts on a failing network (no ${missing.join(", ")})`)

/** Its daemon runs on the host, and so does what it connects with. */
const laptop = async (network: Network<string>, host: string, server: SshServer): Promise<Sandbox> => {
  const sandbox = makeSandbox()
  await sandbox.start({ through: network.through(host) })
  const { code, stderr } = await agentctl(sandbox, ["connect", "--name", "lab", ...server.options(), server.address])
  if (code !== 0) throw new Error(`not connected: ${stderr}`)
  return sandbox
}

/** Resolves once the laptop's connection is as wanted. */
const becomes = async (here: Sandbox, wanted: TunnelStatus["state"]["at"]): Promise<void> => {
  const found = Promise.withResolvers<void>()
  const following = await follow(tunnelFiles("lab", here.env).supervisor, ({ state }) => {
    if (state.at === wanted) found.resolve()
  })
  await found.promise
  following!.stop()
}

const leave = async (here: Sandbox): Promise<void> => {
  await agentctl(here, ["disconnect", "lab"])
  await here[Symbol.asyncDispose]()
}

const letters = (count: number) =>
  Array.from({ length: count }, (_, at) => "abcdefghijklmnopqrstuvwxyz"[at % 26]).join("")
const digits = (count: number) => Array.from({ length: count }, (_, at) => "0123456789"[at % 10]).join("")

describe.skipIf(missing.length > 0)("a session that two hosts share", () => {
  it("is the same for both after one was cut off for two minutes: every key once, one screen", {
    timeout: CUT_MS + 120_000
  }, async () => {
    using network = Network.of("one", "two", "server")
    await using server = await SshServer.start({
      address: network.address("server"),
      through: network.through("server")
    })
    const one = await laptop(network, "one", server)
    const two = await laptop(network, "two", server)
    try {
      const file = join(server.there.root, "shared.txt")
      writeFileSync(file, "")
      const vim = ["vim", "-u", "NONE", "--cmd", "set nocompatible ruler", file]
      await agentctl(one, [
        "run",
        "-d",
        "--host",
        "lab",
        "--name",
        "shared",
        "--cols",
        "80",
        "--rows",
        "24",
        "--",
        ...vim
      ])
      await using first = new UserTerminal(one, "attach lab:shared")
      await using second = new UserTerminal(two, "attach lab:shared")
      await first.shows(/shared\.txt/)
      await second.shows(/shared\.txt/)
      first.type("i")
      await second.shows(/-- INSERT --/)
      first.type(letters(10))
      await second.shows(/abcdefghij/)

      network.cut("one")
      const end = pause(CUT_MS)
      await becomes(one, "waiting")
      // Typed into nothing, while the other goes on and the program answers.
      for (const letter of letters(200).slice(10)) first.type(letter)
      for (const digit of digits(300)) second.type(digit)
      await second.shows(/0123456789/)
      await end
      network.mend("one")
      // Nobody presses a key for it.
      await becomes(one, "up")
      await expect
        .poll(() => textOf(second.screen).replace(/[^a-z]/g, "").length, { timeout: 60_000 })
        .toBeGreaterThan(190)
      second.type("\x1b:w\r")
      await first.shows(/written/)
      await second.shows(/written/)
      const text = readFileSync(file, "utf8")
      expect(text.replace(/[^a-z]/g, "")).toBe(letters(200))
      expect(text.replace(/[^0-9]/g, "")).toBe(digits(300))
      const shown = ({ screen }: UserTerminal) => {
        const { cursorX, cursorY } = screen.buffer.active
        return { text: textOf(screen), cursor: [cursorX, cursorY] }
      }
      await expect.poll(() => isDeepStrictEqual(shown(first), shown(second)), { timeout: 20_000 }).toBe(true)
    } finally {
      await leave(one)
      await leave(two)
    }
  })

  it("loses and doubles nothing over a line that is slow, loses packets and is cut for moments", {
    timeout: 120_000
  }, async () => {
    using network = Network.of("one", "server")
    await using server = await SshServer.start({
      address: network.address("server"),
      through: network.through("server")
    })
    const one = await laptop(network, "one", server)
    try {
      network.narrow("one", "1mbit")
      const count = "for i in $(seq 20000); do echo line $i; done; echo typed: $(head -c 200)"
      await agentctl(one, [
        "run",
        "-d",
        "--host",
        "lab",
        "--name",
        "busy",
        "--",
        "sh",
        "-c",
        `stty -echo -icanon; read go; ${count}`
      ])
      await using terminal = new UserTerminal(one, "attach lab:busy")
      await terminal.shows(() => true)
      terminal.type("\r")
      for (const letter of letters(200)) terminal.type(letter)
      for (let cut = 0; cut < 3; cut++) {
        await pause(MOMENT_MS)
        network.cut("one")
        await pause(MOMENT_MS)
        network.mend("one")
      }
      await terminal.ended()
      expect(network.lost("one")).toBeGreaterThan(0)
      expect(terminal.raw.match(/line \d+/g)).toEqual(Array.from({ length: 20_000 }, (_, at) => `line ${at + 1}`))
      expect(textOf(terminal.screen).replaceAll("\n", "")).toContain(`typed: ${letters(200)}`)
    } finally {
      await leave(one)
    }
  })
})
