/** A sign-in over a connection to another machine: the page opens here, and its call-back arrives at the program over there. */
import { spawnSync } from "node:child_process"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { agentctl, asked } from "../cli/support/agentctl.ts"
import { UserTerminal } from "../cli/support/UserTerminal.ts"
import { freePort } from "../support/freePort.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { hasSshServer, SshServer } from "./support/SshServer.ts"

const works = (program: string, ...args: ReadonlyArray<string>) => spawnSync(program, args).status === 0
const available = hasSshServer && works("unshare", "--net", "ip", "link", "set", "lo", "up")
if (!available)
  console.log("skipped: a sign-in's call-back (needs /usr/sbin/sshd, ip, and the right to make a network namespace)")

describe.skipIf(!available)("a sign-in", () => {
  let here: Sandbox
  let server: SshServer
  beforeAll(async () => {
    here = makeSandbox()
    await here.start()
    server = await SshServer.start()
    expect(
      await agentctl(here, ["connect", "--name", "lab", ...server.options(), ...server.withOwnPorts(), "127.0.0.1"])
    ).toMatchObject({
      code: 0
    })
  })
  afterAll(async () => {
    await agentctl(here, ["disconnect", "lab"])
    await here[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  it("comes back to the program that waits for it on the other machine, over a forward that goes with it", async () => {
    const port = await freePort()
    const program = join(server.there.root, "sign-in.mjs")
    writeFileSync(
      program,
      `import { spawn } from "node:child_process"
       import { createServer } from "node:http"
       const server = createServer((request, response) => {
         response.end("signed in")
         console.log("came back: " + request.url)
       }).listen(${port}, "127.0.0.1", () => {
         const back = encodeURIComponent("http://localhost:${port}/callback")
         spawn(process.env.BROWSER, ["https://idp.example/authorize?redirect_uri=" + back], { stdio: "inherit" })
       })
       process.stdin.once("data", () => process.exit())`
    )
    // A browser and an identity provider in one: it goes straight to where the page would send it.
    const opener = join(here.root, "opener")
    writeFileSync(
      opener,
      `#!/bin/sh\nexec "${process.execPath}" -e '
        const back = new URL(process.argv[1]).searchParams.get("redirect_uri").replace("localhost", "127.0.0.1")
        fetch(back + "?code=42")' "$1"\n`
    )
    chmodSync(opener, 0o755)
    await using terminal = new UserTerminal(
      { env: { ...here.env, AGENTCTL_OPENER: opener } },
      `run --open-urls --host lab -- "${process.execPath}" "${program}"`
    )
    await terminal.shows(/came back: \/callback\?code=42/)
    expect(await asked(here, ["forwards"])).toMatchObject([{ direction: "local", listen: `127.0.0.1:${port}` }])
    terminal.type("\r")
    await terminal.ended()
    expect(await asked(here, ["forwards"])).toEqual([])
    const events: ReadonlyArray<{ readonly body: { readonly type: string } }> = await asked(here, ["events"])
    expect(events.map(({ body }) => body.type).filter((type) => type.startsWith("forward."))).toEqual([
      "forward.added",
      "forward.removed"
    ])
  })
})
