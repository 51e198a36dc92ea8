/** A session's environment is the session's alone: it is found in no file of ours, no log, no answer, no list of processes. */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { zstdDecompressSync } from "node:zlib"
import { expect, test } from "vitest"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { startShell } from "../support/sessions.ts"

const SECRET = "correct-horse-battery-staple"

/** Every file below the sandbox, as bytes; archives unpacked. */
const files = (sandbox: Sandbox): ReadonlyArray<{ readonly name: string; readonly text: string }> =>
  readdirSync(sandbox.root, { recursive: true, encoding: "utf8" }).flatMap((name) => {
    const path = join(sandbox.root, name)
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return []
    const bytes = contentOf(path)
    return [{ name, text: (name.endsWith(".zst") ? zstdDecompressSync(bytes) : bytes).toString("latin1") }]
  })

const commandLines = () =>
  readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [contentOf(`/proc/${name}/cmdline`).toString()] : []))

/** Nothing, where it has gone in the meantime. */
const contentOf = (path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.alloc(0)
  }
}

test("a secret in the environment reaches the program and nothing else", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ config: '[daemon]\nlog_level = "debug"\n' })
  const client = await daemon.connect()
  const env = { PATH: process.env.PATH, TOKEN: SECRET }
  // It has it (its length is told, not its text), and is looked at while it runs and after it has ended.
  const script = `echo "length \${#TOKEN}"; read answer; echo "\${TOKEN%%-*} again"`
  const session = await startShell(client, script, { env })
  const { match } = await client.result("session.wait", { session: session.id, for: "output", pattern: "length \\d+" })
  expect(match).toBe(`length ${SECRET.length}`)
  const piped = await startShell(client, "cat; exit 3", { env, stdin: "pipe" })
  const failed = await client.call("session.start", { argv: ["no-such-program"], env })
  const refused = await client.call("session.start", { argv: ["true"], env: { ...env, BAD: `${SECRET}\0` } })

  const answers = async () => [
    failed,
    refused,
    await client.call("session.list", { all: true }),
    await client.call("session.get", { session: session.id }),
    await client.call("event.list"),
    await client.call("config.show"),
    await client.call("daemon.status"),
    await client.call("daemon.doctor")
  ]
  const look = async (when: string) => {
    for (const answer of await answers()) expect(JSON.stringify(answer), when).not.toContain(SECRET)
    for (const { name, text } of files(sandbox)) expect(text.includes(SECRET), `${name} ${when}`).toBe(false)
    for (const line of commandLines()) expect(line.includes(SECRET), `a command line ${when}`).toBe(false)
    expect(daemon.stderr, when).not.toContain(SECRET)
  }
  await look("while it runs")
  await client.result("session.input", { session: session.id, text: "\n" })
  await client.result("session.wait", { session: session.id, for: "exit" })
  await client.result("session.stop", { session: piped.id })
  const again = await client.result("session.resume", { session: session.id, env })
  await client.result("session.stop", { session: again.id, graceMs: 0 })
  await look("after it has ended")
  await daemon.stop()
  for (const { name, text } of files(sandbox)) expect(text.includes(SECRET), `${name} at the end`).toBe(false)
  // The test would find it: what the program itself printed is recorded.
  expect(files(sandbox).some(({ text }) => text.includes("correct again"))).toBe(true)
})
