/** A session's environment is the session's alone: it is found in no file of ours, no log, no answer, no list of processes. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { zstdDecompressSync } from "node:zlib"
import { expect, onTestFinished, test } from "vitest"
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

test("a secret from a file reaches the program as a variable or as a file, and nothing else; what is recorded is its place", async () => {
  await using sandbox = makeSandbox()
  const daemon = await sandbox.start({ config: '[daemon]\nlog_level = "debug"\n' })
  const client = await daemon.connect()
  // Outside of what is searched.
  const keep = mkdtempSync(join(tmpdir(), "agentd-secret-"))
  onTestFinished(() => rmSync(keep, { recursive: true, force: true }))
  const file = join(keep, "token")
  writeFileSync(file, `${SECRET}\n`, { mode: 0o600 })
  const secrets = [
    { variable: "TOKEN", as: "value" as const, from: { file } },
    { variable: "TOKEN_FILE", as: "file" as const, from: { file } }
  ]
  const script = `echo "length \${#TOKEN}, the same $([ "$TOKEN" = "$(cat "$TOKEN_FILE")" ] && echo yes)"; read answer`
  const session = await startShell(client, script, { env: { PATH: process.env.PATH, TOKEN: "mine" }, secrets })
  const wanted = `length ${SECRET.length}, the same yes`
  await client.result("session.wait", { session: session.id, for: "output", pattern: wanted })
  expect(session.secrets).toEqual(secrets)

  chmodSync(file, 0o644)
  const refused = await client.call("session.start", { argv: ["true"], secrets })
  expect(refused).toMatchObject({ error: { message: expect.stringContaining(`chmod 600 ${file}`) } })
  chmodSync(file, 0o600)
  const twice = await client.call("session.start", { argv: ["true"], secrets: [secrets[0], secrets[0]] })
  expect(JSON.stringify(twice)).toContain("TOKEN is given twice")

  await client.result("session.stop", { session: session.id, graceMs: 0 })
  const again = await client.result("session.resume", { session: session.id })
  await client.result("session.wait", { session: again.id, for: "output", pattern: wanted })
  const answers = [
    await client.call("session.list", { all: true }),
    await client.call("event.list"),
    await client.call("daemon.doctor"),
    refused
  ]
  for (const answer of answers) expect(JSON.stringify(answer)).not.toContain(SECRET)
  for (const line of commandLines()) expect(line.includes(SECRET)).toBe(false)
  await client.result("session.stop", { session: again.id, graceMs: 0 })
  await daemon.stop()
  expect(daemon.stderr).not.toContain(SECRET)
  for (const { name, text } of files(sandbox)) expect(text.includes(SECRET), name).toBe(false)
})
