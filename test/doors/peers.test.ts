/** Who may come in: the daemon's own user and root, as the kernel says and not as anybody claims. */
import { spawn } from "node:child_process"
import { chmodSync, chownSync, readdirSync, statSync } from "node:fs"
import { resolve } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Daemon } from "../support/Daemon.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { startCat, stopNow } from "../support/sessions.ts"

const NOBODY = 65_534
const isRoot = process.getuid!() === 0

let sandbox: Sandbox
let daemon: Daemon

beforeAll(async () => {
  sandbox = makeSandbox()
  daemon = await sandbox.start()
})
afterAll(() => sandbox[Symbol.asyncDispose]())

/** Sends one request as another user and returns everything that is answered. */
const askAs = (uid: number, path: string, request: object, env: object = {}): Promise<string> => {
  const script = `
    const socket = require("node:net").connect(process.argv[1], () => socket.end(process.argv[2] + "\\n"))
    socket.pipe(process.stdout)
    socket.on("error", (error) => process.stdout.write(error.code))`
  const child = spawn(process.execPath, ["-e", script, path, JSON.stringify(request)], {
    ...(uid === process.getuid!() ? {} : { uid, gid: uid }),
    env: { ...process.env, ...env },
    cwd: "/"
  })
  let said = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text
  })
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", () => resolve(said))
  })
}

const hello = { jsonrpc: "2.0", id: 1, method: "hello" }

test("the socket is 0600 in a directory that is 0700", () => {
  expect(statSync(sandbox.socket).mode & 0o777).toBe(0o600)
  expect(statSync(sandbox.runtime).mode & 0o777).toBe(0o700)
  expect(statSync(sandbox.state).mode & 0o777).toBe(0o700)
})

test.skipIf(!isRoot)("another user cannot reach the socket (needs root to become one)", async () => {
  chmodSync(sandbox.root, 0o711)
  chmodSync(sandbox.xdgRuntime, 0o711)
  expect(await askAs(NOBODY, sandbox.socket, hello)).toBe("EACCES")
})

test.skipIf(!isRoot)("another user who could reach it is told NotAllowed, and is logged (needs root)", async () => {
  // Everything the file system protects it with is taken away.
  for (const path of [sandbox.root, sandbox.xdgRuntime, sandbox.runtime]) chmodSync(path, 0o711)
  chmodSync(sandbox.socket, 0o666)
  const [answer, ...more] = (await askAs(NOBODY, sandbox.socket, hello)).trimEnd().split("\n")
  expect(JSON.parse(answer!)).toMatchObject({ id: null, error: { code: -32001, data: { tag: "NotAllowed" } } })
  expect(JSON.parse(answer!).error.message).toMatch(/serves uid 0.*you are uid 65534/)
  expect(more).toEqual([])
  expect(await daemon.written(/refused a connection: you are uid 65534/)).toBeTruthy()
})

test.skipIf(!isRoot)("root may speak to anybody's daemon, and nobody else may (needs root)", async () => {
  await using theirs = makeSandbox()
  for (const path of [theirs.root, ...readdirSync(theirs.root, { recursive: true, encoding: "utf8" })]) {
    chownSync(resolve(theirs.root, path), NOBODY, NOBODY)
  }
  const as = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"]
  const daemon = await theirs.start({ through: as })
  const client = await daemon.connect()
  expect((await client.result("hello")).peer).toMatchObject({ uid: 0, pid: process.pid })
  for (const path of [theirs.root, theirs.xdgRuntime, theirs.runtime]) chmodSync(path, 0o711)
  chmodSync(theirs.socket, 0o666)
  expect(await askAs(NOBODY - 1, theirs.socket, hello)).toMatch(/NotAllowed/)
  expect(await askAs(NOBODY, theirs.socket, hello)).toMatch(/"uid":65534/)
})

test("a program in a session is known as that session's, whatever it claims", async () => {
  const client = await daemon.connect()
  const script = `
    const socket = require("node:net").connect(process.env.AGENTD_SOCKET, () => socket.write('${JSON.stringify(hello)}\\n'))
    socket.once("data", (answer) => { console.log(JSON.parse(answer).result.peer.session + ";"); socket.destroy() })`
  const session = await client.result("session.start", { argv: [process.execPath, "-e", script], cwd: "/" })
  const { match } = await client.result("session.wait", { session: session.id, for: "output", pattern: "ses_\\w+;" })
  expect(match).toBe(`${session.id};`)
  expect((await client.result("hello")).peer.session).toBeNull()
  await stopNow(client, session)
})

test("a program outside of every session is believed no session, though its environment names one", async () => {
  const client = await daemon.connect()
  const session = await startCat(client)
  const answer = await askAs(process.getuid!(), sandbox.socket, hello, { AGENTD_SESSION: session.id })
  expect(JSON.parse(answer).result.peer).toMatchObject({ uid: process.getuid!(), session: null })
  await stopNow(client, session)
})
