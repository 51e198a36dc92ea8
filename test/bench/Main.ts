/**
 * `npm run bench`: measures agentd and its peers in the same run, prints the table and writes `docs/performance.md` with its
 * chart. `--quick` takes a few seconds, writes nothing and proves nothing: it is for working on the benchmark.
 *
 *   npm run bench                 all of it, under twelve minutes
 *   npm run bench -- --quick      a try
 *   npm run bench -- --only rpc   one part of it, nothing written: start, rpc, echo, messages, inbox, sync, reattach, throughput,
 *                                  memory, package, idle
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { root } from "../../packaging/build/root.ts"
import { reattach } from "./Attached.ts"
import { chart } from "./Chart.ts"
import { cliStart, daemonStart, versionStart } from "./CliStart.ts"
import { startDaemon } from "./Daemon.ts"
import { echo } from "./Echo.ts"
import { inbox } from "./Inbox.ts"
import { atRest, idleSessions } from "./Memory.ts"
import { sends } from "./Messages.ts"
import { cannotPackage, packageSize } from "./Package.ts"
import { startPm2 } from "./Pm2.ts"
import { apart } from "./processors.ts"
import { page, printed } from "./Report.ts"
import type { Measured } from "./Result.ts"
import { rpc } from "./Rpc.ts"
import { Scratch } from "./Scratch.ts"
import { syncCycle } from "./Sync.ts"
import { throughput } from "./Throughput.ts"
import { agentd, bareRelay, dtach, installed, rawPty, tmux } from "./terminals.ts"

const { values: options } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string", multiple: true } }
})

/** How much of each: counted rounds and their size. */
const full = {
  start: 40,
  ready: 15,
  rpc: { rounds: 150, requests: 200 },
  echo: { rounds: 150, keystrokes: 50 },
  messages: { rounds: 30, single: 50, together: 320 },
  inbox: { rounds: 15, many: 1_000_000, few: 1_000 },
  sync: { rounds: 7, many: 1_000_000, few: 1_000 },
  reattach: 40,
  throughput: { rounds: 7, bytes: 100e6 },
  rest: 3,
  idle: { steps: [10, 100, 1_000], seconds: 10, attached: 100 }
}
const quick: typeof full = {
  start: 5,
  ready: 3,
  rpc: { rounds: 20, requests: 200 },
  echo: { rounds: 20, keystrokes: 50 },
  messages: { rounds: 3, single: 50, together: 320 },
  inbox: { rounds: 3, many: 20_000, few: 1_000 },
  sync: { rounds: 3, many: 20_000, few: 1_000 },
  reattach: 5,
  throughput: { rounds: 1, bytes: 20e6 },
  rest: 1,
  idle: { steps: [10, 100], seconds: 2, attached: 20 }
}
const size = options.quick ? quick : full
const wanted = (part: string): boolean => options.only?.includes(part) ?? true

const say = (line: string): void => void process.stderr.write(`${line}\n`)

const started = performance.now()
await using scratch = new Scratch()
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => void scratch[Symbol.asyncDispose]().finally(() => process.exit(1)))
}
const results: Array<Measured> = []
const measure = async (part: string, run: () => Promise<Measured | ReadonlyArray<Measured>>): Promise<void> => {
  if (!wanted(part)) return
  say(`… ${part}`)
  for (const result of [await run()].flat()) {
    results.push(result)
    say(printed(result))
  }
}

const missing = ["dtach", "tmux"]
  .filter((command) => !installed(command))
  .map((command) => `${command} is not installed.`)
const relays = (daemon: Parameters<typeof agentd>[0]) => [
  agentd(daemon),
  ...(installed("dtach") ? [dtach(scratch)] : []),
  ...(installed("tmux") ? [tmux(scratch)] : []),
  bareRelay(scratch)
]

const pm2 =
  options.quick || !(wanted("start") || wanted("memory"))
    ? "pm2 was not measured: left out of this run."
    : await startPm2(scratch)
try {
  await measure("memory", () => atRest(scratch, pm2, size.rest))
  await measure("start", () => daemonStart(scratch, size.ready))
  const daemon = await startDaemon(scratch)
  await measure("start", () => cliStart(scratch, daemon, pm2, size.start))
  await measure("start", () => versionStart(daemon, size.start))
  await measure("rpc", () => apart(daemon.pid, () => rpc(scratch, daemon, size.rpc.rounds, size.rpc.requests)))
  await measure("echo", () =>
    apart(daemon.pid, () => echo(relays(daemon), size.echo.rounds, size.echo.keystrokes, missing))
  )
  await measure("messages", () => apart(daemon.pid, () => sends(scratch, daemon, size.messages)))
  await measure("reattach", () => reattach(daemon, size.reattach))
  await measure("throughput", () => {
    const { bytes, rounds } = size.throughput
    return throughput(scratch, [...relays(daemon), rawPty], rounds, bytes, missing)
  })
  await daemon.stop()
  await measure("inbox", () => inbox(scratch, size.inbox.many, size.inbox.few, size.inbox.rounds))
  await measure("sync", () => syncCycle(scratch, size.sync.many, size.sync.few, size.sync.rounds))
  const unpackaged = cannotPackage()
  if (unpackaged === null) await measure("package", async () => packageSize(scratch))
  else say(unpackaged)
  await measure("idle", () => idleSessions(scratch, size.idle.steps, size.idle.seconds, size.idle.attached))
} finally {
  if (typeof pm2 !== "string") await pm2.stop()
}
const seconds = (performance.now() - started) / 1000
say(`measured in ${seconds.toFixed(0)} s`)
if (!options.quick && options.only === undefined) {
  writeFileSync(join(root, "docs/performance.svg"), chart(results))
  writeFileSync(join(root, "docs/performance.md"), page(results, seconds))
  say("wrote docs/performance.md and docs/performance.svg")
}
