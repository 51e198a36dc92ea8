/**
 * Runs on the machine under test, with its own Node and agentd's client: sessions that write numbered lines, a daemon that is killed
 * at random moments, clients that come back each time, and people who type all the while. Prints what it counted as JSON.
 *
 *     node chaos.ts CLIENT_MODULE '{"sessions": 100, "kills": 50, "seed": 1, "attached": 10, "typed": 5}'
 */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { setTimeout as pause } from "node:timers/promises"
import type { Client as AgentdClient } from "../../../src/client/index.ts"

export interface Plan {
  readonly sessions: number
  readonly kills: number
  readonly seed: number
  readonly attached: number
  /** Sessions that somebody types into from the first kill to the last. */
  readonly typed: number
}

export interface Report {
  readonly lines: number
  readonly bytes: number
  /** Sessions that were not running after the last kill, or run as another process. */
  readonly lost: ReadonlyArray<string>
  /** The first thing wrong with a session's output, for each where something is. */
  readonly wrong: ReadonlyArray<string>
  /** Milliseconds from a kill until a client is answered with every session running. */
  readonly served: ReadonlyArray<number>
  /** Milliseconds to start all sessions. */
  readonly started: number
  /** Of each attached session: what its client received, and what the daemon shows, both at the end. */
  readonly seen: ReadonlyArray<{
    readonly session: string
    readonly bytes: string
    readonly screen: ReadonlyArray<string>
  }>
  readonly exits: Readonly<Record<string, number>>
  /** Keys typed into all typed sessions, and what is wrong with what their programs read. */
  readonly keys: number
  readonly wronglyTyped: ReadonlyArray<string>
}

const [module, plan] = process.argv.slice(2)
const { Client } = (await import(module!)) as { Client: typeof AgentdClient }
const { attached, kills, seed, sessions, typed } = JSON.parse(plan!) as Plan

/** mulberry32: small, and the same everywhere for the same seed. */
let state = seed
const random = (): number => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

const stopFile = `${process.env.HOME}/stop`
const leaveFile = `${process.env.HOME}/leave`

/** Single lines at an uneven pace, now and then a hundred at once; at the end it says how many they were, and waits. */
const WRITER = `$| = 1; my ($id, $stop, $leave) = @ARGV; my $i = 0;
until (-e $stop) {
  for (1 .. (rand() < 0.01 ? 100 : 1)) { printf "%s %d %s\\n", $id, ++$i, "~" x rand 60 }
  select undef, undef, undef, rand 0.1;
}
printf "%s last %d\\n", $id, $i;
select undef, undef, undef, 0.05 until -e $leave;`

/** Writes what is typed into a file, until a full stop. */
const READER = `system("stty raw -echo"); my ($file) = @ARGV; open(my $out, ">", $file); $out->autoflush; $| = 1; print "ready";
while (sysread(STDIN, my $keys, 4096)) { print $out $keys; last if $keys =~ /[.]/ }`

/** Milliseconds until the programs have read everything, on a busy host. */
const READ_MS = 30_000

const systemctl = (...args: ReadonlyArray<string>) =>
  execFileSync("systemctl", ["--user", ...args], { encoding: "utf8" })
const daemonPid = (): number => Number(systemctl("show", "--property=MainPID", "--value", "agentd.service"))
const mainPid = (id: string) =>
  systemctl("show", "--property=MainPID", "--value", `agentd-session-${id}.service`).trim()

/** Asks until it is answered: each attempt is a new connection, and the daemon may be killed in the middle of it. */
const ask = async <A>(question: (client: AgentdClient) => Promise<A>): Promise<A> => {
  for (;;) {
    const client = new Client()
    try {
      return await question(client)
    } catch (cause) {
      const { tag } = cause as { tag?: string }
      if (tag !== "NoDaemon" && tag !== "ConnectionLost") throw cause
      await pause(5)
    } finally {
      await client.close()
    }
  }
}

// The sessions.
const beganAt = performance.now()
const ids: Array<string> = []
const client = new Client()
for (let i = 0; i < sessions; i++) {
  const argv = ["perl", "-e", WRITER, `s${i}`, stopFile, leaveFile]
  const { id } = await client.call("session.start", {
    name: `s${i}`,
    argv,
    cwd: "/",
    env: { ...process.env } as Record<string, string>
  })
  ids.push(id)
}
await client.close()
const started = performance.now() - beganAt
const pids = ids.map(mainPid)

// Clients that attach, and attach again where they were, whenever the daemon goes.
const received: Array<Array<Buffer>> = ids.slice(0, attached).map(() => [])
const wrong: Array<string> = []
const follow = async (session: string, at: number): Promise<void> => {
  let offset = 0
  for (;;) {
    const own = new Client()
    try {
      const terminal = await own.attach({ session, from: offset, lossy: "bytes", ended: true })
      for await (const message of terminal) {
        if (message.type === "output") {
          if (message.offset !== offset) wrong.push(`client of s${at}: at ${offset}, was sent ${message.offset}`)
          received[at]!.push(Buffer.from(message.bytes))
          offset = message.offset + message.bytes.length
        } else if (message.type === "exit") return
      }
    } catch {
      await pause(20)
    } finally {
      await own.close()
    }
  }
}
const following = ids.slice(0, attached).map(follow)

// People who type, one key after the other, whether a daemon is there or not.
let typing = true
const typedFile = (at: number) => `${process.env.HOME}/typed-${at}`
const sitDown = async (at: number) => {
  const own = new Client()
  const { id } = await own.call("session.start", {
    argv: ["perl", "-e", READER, typedFile(at)],
    cwd: "/",
    env: { ...process.env } as Record<string, string>
  })
  await own.call("session.wait", { session: id, for: "output", pattern: "ready" })
  const terminal = await own.attachLasting({ session: id, from: "end" }, { retryMs: { first: 50, most: 200 } })
  return { own, terminal }
}
const type = async ({ own, terminal }: Awaited<ReturnType<typeof sitDown>>): Promise<string> => {
  const reading = (async () => {
    for await (const message of terminal) if (message.type === "exit") return
  })()
  const taken: Array<Promise<void>> = []
  let keys = ""
  while (typing) {
    const key = `${keys.length},`
    keys += key
    taken.push(terminal.input(Buffer.from(key)))
    await pause(20)
  }
  taken.push(terminal.input(Buffer.from(".")))
  await Promise.all(taken)
  await Promise.race([reading, pause(READ_MS)])
  // It may have ended with its session.
  await terminal.detach().catch(() => {})
  await own.close()
  return `${keys}.`
}
const typists = (await Promise.all(Array.from({ length: typed }, (_, at) => sitDown(at)))).map(type)

// The kills.
const served: Array<number> = []
for (let kill = 0; kill < kills; kill++) {
  await pause(random() * 1000)
  let pid = daemonPid()
  // Not before it exists: systemd may still be waiting to start it again.
  while (pid < 2) {
    await pause(10)
    pid = daemonPid()
  }
  const killedAt = performance.now()
  process.kill(pid, "SIGKILL")
  // Each crash is to be the first one: systemd would wait longer after each.
  systemctl("reset-failed", "agentd.service")
  // One in five dies again while it is starting.
  if (random() < 0.2) {
    let next = daemonPid()
    while (next < 2 || next === pid) next = daemonPid()
    continue
  }
  await ask(async (one) => {
    const { sessions: listed } = await one.call("session.list", {})
    const running = listed.filter(({ status }) => status === "running").length
    if (running !== sessions + typed)
      wrong.push(`after kill ${kill + 1}: ${running} of ${sessions + typed} sessions run`)
  })
  served.push(performance.now() - killedAt)
}

typing = false
const wronglyTyped: Array<string> = []
let keys = 0
for (const [at, typist] of typists.entries()) {
  const expected = await typist
  keys += expected.length
  const found = readFileSync(typedFile(at), "utf8")
  if (found === expected) continue
  const first = [...expected].findIndex((key, index) => found[index] !== key)
  wronglyTyped.push(
    `typed ${expected.length}, read ${found.length}, another from key ${first} on: ${found.slice(first, first + 40)}`
  )
}

// Everything is said, nothing ends yet.
writeFileSync(stopFile, "")
const lost: Array<string> = []
for (const [at, id] of ids.entries()) {
  const { status } = await ask((one) => one.call("session.get", { session: id }))
  if (status !== "running" || mainPid(id) !== pids[at]) lost.push(`s${at}`)
}

/** All of a session's output, as text. */
const text = async (session: string): Promise<string> => {
  const pieces: Array<Buffer> = []
  let from = 0
  for (;;) {
    const piece = await ask((one) => one.call("session.output", { session, from }))
    if (piece.missing > 0) wrong.push(`${session}: ${piece.missing} bytes missing at ${from}`)
    pieces.push(Buffer.from(piece.data, "base64"))
    if (piece.next >= piece.end) return Buffer.concat(pieces).toString("utf8")
    from = piece.next
  }
}

let lines = 0
let bytes = 0
const check = (name: string, output: string): void => {
  const found = output.split("\r\n").slice(0, -1)
  const last = found.pop()
  const bad = found.findIndex(
    (line, at) => !line.startsWith(`${name} ${at + 1} `) || !/^~*$/.test(line.split(" ")[2] ?? "")
  )
  if (bad >= 0) wrong.push(`${name}: line ${bad + 1} is ${JSON.stringify(found[bad])}`)
  else if (last !== `${name} last ${found.length}`)
    wrong.push(`${name}: ${found.length} lines, then ${JSON.stringify(last)}`)
  lines += found.length
  bytes += output.length
}

const outputs: Array<string> = []
for (const [at, id] of ids.entries()) {
  let output = await text(id)
  // A writer may not have seen yet that it is to stop.
  while (!output.includes(`s${at} last `)) output = await text(id)
  check(`s${at}`, output)
  outputs.push(output)
}
const screens: Array<ReadonlyArray<string>> = []
for (const id of ids.slice(0, attached)) {
  screens.push((await ask((one) => one.call("session.screen", { session: id }))).lines ?? [])
}

// And their ends.
writeFileSync(leaveFile, "")
const exits: Record<string, number> = {}
for (const id of ids) {
  const { session } = await ask((one) => one.call("session.wait", { session: id, for: "exit" }))
  const how = String(session.exit?.code)
  exits[how] = (exits[how] ?? 0) + 1
}
await Promise.all(following)
const seen = received.map((pieces, at) => {
  const all = Buffer.concat(pieces).toString("utf8")
  if (all !== outputs[at])
    wrong.push(`client of s${at} received ${all.length} characters, the transcript has ${outputs[at]!.length}`)
  return { session: `s${at}`, bytes: all.slice(-20_000), screen: screens[at]! }
})

const report: Report = { lines, bytes, lost, wrong, served, started, seen, exits, keys, wronglyTyped }
process.stdout.write(JSON.stringify(report))
