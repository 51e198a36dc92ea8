/**
 * `npm start`: one program in a session of the daemon. With a terminal: the user's shell, attached. Without one: a sample.
 *
 * Uses a daemon that runs, else starts one; one that it started and nobody else uses is asked to leave afterwards.
 */
import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { constants } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { AgentdError, Client, ensureDaemon, type Session } from "../../src/client/index.ts"
import { root } from "./root.ts"

/** Milliseconds to wait until the transcript has been closed and compressed. */
const ARCHIVE_MS = 10_000
/** Milliseconds in which a daemon notices that a client has gone. */
const SETTLE_MS = 2_000
/** Milliseconds until a daemon that agreed to leave must be gone, and between two looks. */
const LEAVE_MS = 10_000
const LOOK_MS = 20

const attached = process.stdin.isTTY === true && process.stdout.isTTY === true
const command = process.argv.slice(2)
const argv =
  command.length > 0
    ? command
    : attached
      ? [process.env.SHELL || "/bin/sh"]
      : [process.execPath, join(root, "packaging/build/sample.mjs")]

const say = (line: string): void => {
  process.stderr.write(`[agentd] ${line}\n`)
}

const main = async (): Promise<number> => {
  const { started } = await ensureDaemon({ onProgress: say })
  await using client = new Client()
  const { pid, lastSeq } = await client.call("daemon.status", {})
  say(`${started ? "Started" : "Using"} the daemon (pid ${pid}, ${client.socket})`)
  const name = `start-${randomBytes(3).toString("hex")}`
  const run = spawnSync(join(root, "bin/agentctl"), ["run", "--name", name, "--", ...argv], { stdio: "inherit" })
  const code = run.status ?? 128 + (run.signal === null ? 1 : constants.signals[run.signal])
  const session = await find(client, name)
  if (session !== undefined && session.exit !== null) await report(client, session, lastSeq)
  if (started) await leave(client, pid)
  return code
}

/** Undefined when the program could not be started: `agentctl run` has said why. */
const find = async (client: Client, name: string): Promise<Session | undefined> => {
  try {
    return await client.call("session.get", { session: name })
  } catch (error) {
    if (error instanceof AgentdError && error.tag === "SessionNotFound") return undefined
    throw error
  }
}

const report = async (client: Client, session: Session, after: number): Promise<void> => {
  let transcript = session.transcript
  const archived = async (): Promise<void> => {
    for await (const { body } of client.watch({ after })) {
      if (body.type !== "session.archived" || body.session !== session.id) continue
      transcript = body.file
      return
    }
  }
  await Promise.race([archived(), sleep(ARCHIVE_MS, undefined, { ref: false })])
  const { code, signal } = session.exit ?? { code: null, signal: null }
  process.stdout.write(
    `\nsession     ${session.id}\nexit code   ${code ?? signal}\ntranscript  ${transcript ?? "not recorded"}\n`
  )
}

/** Asks the daemon to end if nobody else uses it, and waits until it is gone. */
const leave = async (client: Client, pid: number): Promise<void> => {
  // `agentctl run` has ended, but the daemon may not have noticed yet that its connection has.
  const settled = Date.now() + SETTLE_MS
  for (;;) {
    const refusal = await shutDown(client)
    if (refusal === undefined) break
    const { sessions } = await client.call("daemon.status", {})
    if (sessions.live > 0 || Date.now() > settled) return say(`The daemon stays: ${refusal}`)
    await sleep(LOOK_MS)
  }
  const deadline = Date.now() + LEAVE_MS
  while (isAlive(pid)) {
    if (Date.now() > deadline) throw new Error(`The daemon (pid ${pid}) was asked to end and still runs.`)
    await sleep(LOOK_MS)
  }
}

/** Why it does not end, or undefined if it does. */
const shutDown = async (client: Client): Promise<string | undefined> => {
  try {
    await client.call("daemon.shutdown", { reason: "npm start is done", ifIdle: true })
    return undefined
  } catch (error) {
    if (error instanceof AgentdError && error.tag === "Conflict") return error.message
    throw error
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
