/**
 * How units ended, as their service manager tells it: each leaves a small file behind (ExecStopPost= in systemd.service(5)),
 * whether anybody listens at that moment or not.
 *
 * The directory lies on the runtime file system: after a reboot no unit lives and none left a record.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { Context, Deferred, Effect, Layer } from "effect"
import { Directories } from "../files/Directories.ts"

/**
 * Writes the end to the file named by its argument. A script of its own: what a transient unit's command holds of `$` and quotes is
 * read differently once systemd has reloaded its units, which every installation of a package has it do.
 */
const RECORD_END = `umask 077
group=
while IFS= read -r line; do
  case $line in 0::*) group=\${line#0::} ;; esac
done </proc/self/cgroup
group=\${group%/.control}
# No command but the shell's own until the last one: there may be no room for another process.
for root in /sys/fs/cgroup /sys/fs/cgroup/unified; do
  if [ -r "$root$group/memory.events" ]; then
    while read -r name value; do
      if [ "$name" = oom_kill ]; then oom=$value; fi
    done <"$root$group/memory.events"
  fi
  if [ -r "$root$group/pids.events" ]; then
    while read -r name value; do
      if [ "$name" = max ]; then refused=$value; fi
    done <"$root$group/pids.events"
  fi
done
echo "$SERVICE_RESULT \${EXIT_CODE:--} \${EXIT_STATUS:--} \${oom:--} \${refused:--}" >"$1.new" && mv -f "$1.new" "$1"
`

export interface UnitEnd {
  /** `success`, `exit-code`, `signal`, `oom-kill`, `timeout`, `watchdog`, … ($SERVICE_RESULT in systemd.exec(5)). */
  readonly result: string
  readonly code: number | null
  /** Name of the signal, as in signal(7). */
  readonly signal: string | null
  /** Processes of the unit that were killed because memory ran out; absent: nobody counted. */
  readonly oomKills?: number
  /** How often it was refused another process or thread. */
  readonly tasksRefused?: number
}

export class ExitRecords extends Context.Service<
  ExitRecords,
  {
    /** The shell command a unit runs after its end, as the value of ExecStopPost=. */
    readonly command: (name: string) => string
    /** Completes with the end of the unit that was given this name. */
    readonly await: (name: string) => Effect.Effect<UnitEnd>
    /** The names somebody waits for. */
    readonly waiting: () => ReadonlyArray<string>
    /** There will be no record: whoever waits is told this end, unless a record came meanwhile. */
    readonly conclude: (name: string, end: UnitEnd) => void
    /** What is on record now. */
    readonly read: (name: string) => UnitEnd | null
    readonly forget: (name: string) => Effect.Effect<void>
  }
>()("agentd/host/ExitRecords") {
  static readonly layer = Layer.effect(
    ExitRecords,
    Effect.gen(function* () {
      const { runtime } = yield* Directories
      const directory = join(runtime, "exits")
      mkdirSync(directory, { recursive: true, mode: 0o700 })
      const script = join(runtime, "record-end")
      // Renamed into place: one that runs at this moment reads on in the file it has open.
      writeFileSync(`${script}.new`, RECORD_END, { mode: 0o600 })
      renameSync(`${script}.new`, script)
      const waiting = new Map<string, Deferred.Deferred<UnitEnd>>()
      const read = (name: string): UnitEnd | null => {
        try {
          return parseEnd(readFileSync(join(directory, name), "utf8"))
        } catch {
          return null
        }
      }
      const look = () => {
        for (const name of waiting.size === 0 ? [] : readdirSync(directory)) {
          const end = waiting.has(name) ? read(name) : null
          if (end === null) continue
          Deferred.doneUnsafe(waiting.get(name)!, Effect.succeed(end))
          waiting.delete(name)
        }
      }
      yield* Effect.acquireRelease(
        Effect.sync(() => watch(directory, look)),
        (watcher) => Effect.sync(() => watcher.close())
      )
      return {
        command: (name) => `/bin/sh ${script} ${join(directory, name)}`,
        await: (name) =>
          Effect.suspend(() => {
            const done = waiting.get(name) ?? Deferred.makeUnsafe<UnitEnd>()
            waiting.set(name, done)
            look()
            return Deferred.await(done)
          }),
        waiting: () => [...waiting.keys()],
        conclude: (name, end) => {
          look()
          const done = waiting.get(name)
          waiting.delete(name)
          if (done !== undefined) Deferred.doneUnsafe(done, Effect.succeed(end))
        },
        read,
        forget: (name) => Effect.sync(() => rmSync(join(directory, name), { force: true }))
      }
    })
  )
}

/**
 * `$SERVICE_RESULT $EXIT_CODE $EXIT_STATUS`: a number for `exited`, a signal's name without SIG for `killed` and `dumped`; then what
 * the unit's control group has counted of processes killed for lack of memory and of processes refused, or a dash.
 */
export const parseEnd = (text: string): UnitEnd | null => {
  const [result, kind, status, oom, refused] = text.trim().split(" ")
  if (result === undefined || result === "") return null
  const counted = {
    ...(/^\d+$/.test(oom ?? "") ? { oomKills: Number(oom) } : {}),
    ...(/^\d+$/.test(refused ?? "") ? { tasksRefused: Number(refused) } : {})
  }
  return { result, ...howItEnded(kind, status), ...counted }
}

const howItEnded = (kind: string | undefined, status: string | undefined): Pick<UnitEnd, "code" | "signal"> => {
  if (kind === "exited") return { code: Number(status), signal: null }
  if ((kind === "killed" || kind === "dumped") && status !== undefined) {
    const name = /^\d+$/.test(status) ? signalName(Number(status)) : `SIG${status}`
    return { code: null, signal: name }
  }
  return { code: null, signal: null }
}

/** What to ask the service manager about a unit, for `endOf`. */
export const END_PROPERTIES = ["ActiveState", "Result", "ExecMainCode", "ExecMainStatus"] as const

/** CLD_EXITED, CLD_KILLED and CLD_DUMPED of waitid(2), as ExecMainCode= has them. */
const KINDS: Readonly<Record<string, string>> = { 1: "exited", 2: "killed", 3: "dumped" }

/** The end a failed unit is remembered for; null when it has not failed. */
export const endOf = (properties: Readonly<Record<string, string>> | undefined): UnitEnd | null => {
  if (properties === undefined || properties.ActiveState !== "failed") return null
  const { ExecMainCode = "", ExecMainStatus, Result } = properties
  return parseEnd(`${Result} ${KINDS[ExecMainCode]} ${ExecMainStatus}`)
}

/** Nobody saw it. */
export const UNKNOWN_END: UnitEnd = { result: "unknown", code: null, signal: null }

const signalName = (number: number): string =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`
