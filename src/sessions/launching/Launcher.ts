/**
 * How a session's process is started, found again and ended. One service, several layers: `DirectLauncher` forks; another
 * service manager is another layer.
 */
import { Context, type Effect } from "effect"
import type { LaunchFailed, NotEnforceable } from "../../contract/errors/Errors.ts"
import type { SessionLimits, SessionUsage } from "../../contract/session/SessionLimits.ts"
import type { PtyMaster, ReceiveSlot } from "../../host/pty/PtyMaster.ts"
import type { Confinement } from "../sandbox/Confinement.ts"

export interface LaunchSpec {
  readonly session: string
  /** Absolute path of the program. */
  readonly file: string
  /** argv[0] and the arguments as the user gave them. */
  readonly argv: ReadonlyArray<string>
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly cols: number
  readonly rows: number
  /** A FIFO that is to be the program's standard input instead of the terminal. */
  readonly stdin: string | null
  readonly limits: SessionLimits
  /** What it is shut off from; null: nothing. */
  readonly sandbox: Confinement | null
  /** Files with secrets, by the variable that is to name each; readable for this user. */
  readonly secretFiles: Readonly<Record<string, string>>
  /** Milliseconds its processes have to end once its time is up. */
  readonly graceMs: number
  /** Where its output is read into, when that must outlive this daemon. */
  readonly slot?: ReceiveSlot
}

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  /** What its service manager calls it: `success`, `exit-code`, `signal`, `oom-kill`, `timeout`, … */
  readonly result?: string
  /** Nobody saw its end, and nothing tells how it was: it counts as interrupted. */
  readonly unseen?: true
  /** Processes of it that were killed because memory ran out, and how often it was refused another; absent: unknown. */
  readonly oomKills?: number
  readonly tasksRefused?: number
}

export interface Launched {
  readonly pid: number
  readonly startTime: string | null
  readonly master: PtyMaster
  /** Completes when the process is gone. */
  readonly ended: Effect.Effect<Ended>
  /** Nothing of it runs any more; only its terminal is left to be read. */
  readonly over?: boolean
  /** How it ended, once that is known here and nowhere else. */
  readonly collected?: () => Ended | null
}

/** A session's id and its program. */
export interface LiveProcess {
  readonly session: string
  readonly pid: number
  readonly startTime: string | null
}

export class Launcher extends Context.Service<
  Launcher,
  {
    readonly kind: "direct" | "systemd"
    /** Do sessions outlive the daemon? */
    readonly outlives: boolean
    /** Also one that is stopped on purpose, and not started again at once? */
    readonly outlivesStop: Effect.Effect<boolean>
    /** Can a session be held to these limits and kept in this sandbox here? Asked before anything is started or recorded. */
    readonly check: (limits: SessionLimits, sandbox: Confinement | null) => Effect.Effect<void, NotEnforceable>
    readonly launch: (spec: LaunchSpec) => Effect.Effect<Launched, LaunchFailed>
    /** Ends the whole process tree; answers what it took once nothing of it is left. */
    readonly end: (
      session: string,
      launched: Launched,
      graceMs: number,
      /** It has been told to end before, and is only waited for. */
      told?: boolean
    ) => Effect.Effect<"term" | "kill">
    /** What sessions use now, those of which it can be told. All in one go: a launcher may have to look at every process there is. */
    readonly usage: (sessions: ReadonlyArray<LiveProcess>) => ReadonlyMap<string, SessionUsage>
    /** The session's end is recorded: lets go of what was kept of it outside of this daemon. */
    readonly forget: (session: string) => Effect.Effect<void>
    /** Finds a session again that an earlier daemon started; null when nothing of it is left that could be taken over. `pid` is on record. */
    readonly adopt: (session: string, slot: ReceiveSlot | null, pid: number | null) => Effect.Effect<Launched | null>
    /** Lets go of whatever was kept for other sessions than these. */
    readonly retain: (sessions: ReadonlyArray<string>) => Effect.Effect<void>
  }
>()("agentd/sessions/Launcher") {}

/**
 * Runs the program with standard input from a FIFO ($0) and a terminal that neither echoes nor rewrites newlines. The shell
 * replaces itself, so pid, signals and exit code are the program's own.
 */
const FROM_PIPE = 'command -p stty -echo -onlcr 2>/dev/null; exec <"$0"; command -p rm -f -- "$0"; exec "$@"'

/** What is executed for a session: the program itself, or the shell that gives it a pipe for standard input. */
export const commandOf = ({ argv, file, stdin }: Pick<LaunchSpec, "argv" | "file" | "stdin">) =>
  stdin === null
    ? { file, args: argv.slice(1) }
    : { file: "/bin/sh", args: ["-c", FROM_PIPE, stdin, file, ...argv.slice(1)] }
