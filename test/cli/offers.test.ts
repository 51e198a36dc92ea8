/** URLs and text that a program in a session hands to whoever is attached: a real session, and real terminals attached to it. */
import { chmodSync, existsSync, readFileSync, watch, writeFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { callbackPort, openable } from "../../src/cli/offers/Url.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl, asked } from "./support/agentctl.ts"
import { UserTerminal } from "./support/UserTerminal.ts"

describe("what a program offers", () => {
  let sandbox: Sandbox
  beforeEach(async () => {
    sandbox = makeSandbox()
    await sandbox.start()
  })
  afterEach(() => sandbox[Symbol.asyncDispose]())

  /** Stands for the browser: keeps what it is given. */
  const opener = () => {
    const file = join(sandbox.root, "opener")
    const opened = join(sandbox.root, "opened")
    writeFileSync(file, `#!/bin/sh\nprintf '%s' "$1" > "${opened}.new"\nmv "${opened}.new" "${opened}"\n`)
    chmodSync(file, 0o755)
    const given = new Promise<string>((resolve) => {
      const folder = watch(sandbox.root, () => {
        if (!existsSync(opened)) return
        folder.close()
        resolve(readFileSync(opened, "utf8"))
      })
    })
    return { env: { AGENTCTL_OPENER: file }, given, opened }
  }

  it("is opened where somebody is attached who takes it, and nothing but web pages is", async () => {
    const { env, given, opened } = opener()
    await using terminal = new UserTerminal(
      { env: { ...sandbox.env, ...env } },
      `run --open-urls --name web -- sh -c 'while read -r line; do eval "$line"; done'`
    )
    terminal.type(`"$BROWSER" 'file:///etc/passwd'; echo "file: $?"\r`)
    await terminal.shows(/only http and https URLs.*\nfile: 5/s)
    terminal.type(`"$BROWSER" "https://example.org/$(printf %010000d 0)"; echo "long: $?"\r`)
    await terminal.shows(/larger than 2048 bytes.*\nlong: 2/s)
    expect(existsSync(opened)).toBe(false)
    const url = "https://user@example.org:8443/a?token=xyzzy&b=$(touch%20x)"
    terminal.type(`"$BROWSER" '${url}'; echo "web: $?"\r`)
    await terminal.shows(/\nweb: 0/)
    expect(await given).toBe(url)
    terminal.type(`for n in 1 2 3 4 5; do "$BROWSER" "https://example.org/$n"; echo "again $n: $?"; done\r`)
    await terminal.shows(/again 4: 0.*at most 5 offers in 30 s.*again 5: 1/s)
    terminal.type("\x1dd")
    await terminal.ended()
    await agentctl(sandbox, ["stop", "web"])
    // Its BROWSER goes on; who takes what it offers says so anew.
    {
      await using resumed = new UserTerminal({ env: { ...sandbox.env, ...env } }, "resume web")
      resumed.type(`"$BROWSER" 'https://example.org/again'; echo "nobody: $?"\r`)
      await resumed.shows(/Nobody who is attached to web takes this.*\nnobody: 6/s)
      resumed.type("\x1dd")
      await resumed.ended()
    }
    {
      await using taking = new UserTerminal({ env: { ...sandbox.env, ...env } }, "attach --open-urls web")
      await taking.shows(/nobody: 6/)
      taking.type(`"$BROWSER" 'https://example.org/again'; echo "taken: $?"\r`)
      await taking.shows(/\ntaken: 0/)
      taking.type("\x1dd")
      await taking.ended()
    }
    await agentctl(sandbox, ["stop", "web"])
    {
      await using opening = new UserTerminal({ env: { ...sandbox.env, ...env } }, "resume --open-urls web")
      opening.type(`"$BROWSER" 'https://example.org/more'; echo "more: $?"\r`)
      await opening.shows(/\nmore: 0/)
      opening.type("\x1dd")
      await opening.ended()
    }
    const events: ReadonlyArray<{ readonly body: Record<string, unknown> }> = await asked(sandbox, ["events"])
    const offered = events.filter(({ body }) => body.type === "session.offered")
    expect(offered).toHaveLength(7)
    expect(offered[0]!.body).toMatchObject({ kind: "url", what: "https://example.org:8443" })
    expect(JSON.stringify(events)).not.toContain("xyzzy")
  })

  it("goes into the clipboard of a terminal that allows it, and of no other", async () => {
    await using first = new UserTerminal(
      sandbox,
      `run --open-urls --name clip -- sh -c 'while read -r line; do eval "$line"; done'`
    )
    first.type(`PATH="\${BROWSER%/*}:$PATH"; agentctl clip hello; echo "nobody: $?"\r`)
    await first.shows(/Attach with --clipboard.*\nnobody: 6/s)
    await using second = new UserTerminal(sandbox, "attach --clipboard clip")
    await second.shows(/nobody: 6/)
    first.type(`printf 'grüße' | agentctl clip; echo "clip: $?"\r`)
    await second.shows(/\nclip: 0/)
    const sequence = `\x1b]52;c;${Buffer.from("grüße").toString("base64")}\x07`
    await second.shows(() => second.raw.includes(sequence))
    expect(first.raw).not.toContain("\x1b]52")
    // The next version of the daemon knows who takes what.
    expect(await agentctl(sandbox, ["daemon", "restart"])).toMatchObject({ code: 0 })
    first.type(`agentctl clip later; echo "later: $?"\r`)
    await first.shows(/\nlater: 0/)
    await second.shows(() => second.raw.includes(`\x1b]52;c;${Buffer.from("later").toString("base64")}\x07`))
    first.type(`head -c 70000 /dev/zero | agentctl clip; echo "large: $?"\r`)
    await first.shows(/65536 bytes at the most.*\nlarge: 2/s)
    first.type("exit\r")
    await first.ended()
    await second.ended()
  })
})

describe("a URL from elsewhere", () => {
  it.each([
    ["file:///etc/passwd"],
    ["javascript:alert(1)"],
    ["--help"],
    ["ssh://host"],
    ["http://a b"],
    ["http://a/\nhttp://b"],
    ["vscode://x"],
    [`http://a/${"x".repeat(2_048)}`],
    [7]
  ])("is not opened: %j", (url) => expect(openable(url)).toBeNull())

  it("is handed on as a web page's, whatever it was made of", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl(),
          fc.string(),
          fc.webUrl().map((url) => ` ${url}`)
        ),
        (text) => {
          const url = openable(text)
          if (url !== null) expect(url.href).toMatch(/^https?:\/\/[^\s]+$/)
        }
      )
    )
  })

  it.each([
    ["https://idp.example/authorize?redirect_uri=http%3A%2F%2Flocalhost%3A1455%2Fcb", 1455],
    ["https://idp.example/authorize?redirect_url=http://127.0.0.1:8085/", 8085],
    ["https://idp.example/authorize?redirect_uri=https://localhost:1455/", null],
    ["https://idp.example/authorize?redirect_uri=http://example.org:1455/", null],
    ["https://idp.example/authorize?redirect_uri=http://localhost:22/", null],
    ["https://idp.example/authorize?redirect_uri=http://localhost/", null],
    ["https://idp.example/authorize", null]
  ])("comes back to: %s %s", (url, port) => expect(callbackPort(new URL(url))).toBe(port))
})
