/**
 * The user's service manager: transient services, one for each session, through systemd-run(1) and systemctl(1).
 *
 * The programs and not D-Bus, because they come with systemd, know its versions, and cost a few milliseconds a session.
 */
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { Context, Effect, Layer, Schema } from "effect"

/** A command of the service manager failed; `reason` is what it printed. */
export class ServiceManagerFailed extends Schema.TaggedError<ServiceManagerFailed>()("ServiceManagerFailed", {
  command: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.command}: ${this.reason}`
  }
}

export interface TransientService {
  /** Name of the unit, with `.service`. */
  readonly unit: string
  readonly description: string
  readonly slice: string
  /** Assignments as in a unit file, and as systemd-run takes them. */
  readonly properties: ReadonlyArray<string>
  /** The program's absolute path and its arguments, literally. */
  readonly argv: ReadonlyArray<string>
}

export type Attempt = Omit<TransientService, "unit">

export interface Attempted {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export class ServiceManager extends Context.Service<
  ServiceManager,
  {
    /** Starts the service; its program has been executed when this succeeds (Type=exec). */
    readonly start: (service: TransientService) => Effect.Effect<void, ServiceManagerFailed>
    /** Runs a service to its end, its output instead of a terminal's; also one that fails, or could not be started. */
    readonly attempt: (service: Attempt) => Effect.Effect<Attempted>
    /** Begins to stop the unit: SIGTERM, with SendSIGHUP= SIGHUP too, and SIGKILL after TimeoutStopSec=. */
    readonly stop: (unit: string) => Effect.Effect<void>
    /** Sends a signal to every process of the unit; false when there is no such unit. */
    readonly signal: (unit: string, signal: string) => Effect.Effect<boolean>
    /** Lets go of a unit that failed; until then its properties tell how. */
    readonly forget: (unit: string) => Effect.Effect<void>
    /** Properties of a unit, as systemctl show prints them; all empty for one that is not loaded. */
    readonly show: (
      unit: string,
      properties: ReadonlyArray<string>
    ) => Effect.Effect<Readonly<Record<string, string>>, ServiceManagerFailed>
    /** The ActiveState= of every unit that is loaded and matches the pattern: one answer, where properties are one for each unit. */
    readonly states: (pattern: string) => Effect.Effect<ReadonlyMap<string, string>, ServiceManagerFailed>
    /** This process's own unit, or null when it is none of the service manager's. */
    readonly ownUnit: string | null
    /** The same of every unit that is loaded and matches a pattern, by its name, in one question. */
    readonly showAll: (
      patterns: ReadonlyArray<string>,
      properties: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, Readonly<Record<string, string>>>, ServiceManagerFailed>
  }
>()("agentd/host/ServiceManager") {
  static readonly systemd = Layer.sync(ServiceManager, () => ({
    ownUnit: ownUnit(readFileSync("/proc/self/cgroup", "utf8")),
    start: ({ argv, description, properties, slice, unit }) =>
      Effect.asVoid(
        run("systemd-run", [
          "--user",
          "--quiet",
          "--no-ask-password",
          `--unit=${unit}`,
          `--slice=${slice}`,
          `--description=${description}`,
          ...properties.map((property) => `--property=${property}`),
          "--",
          ...argv.map(literally)
        ])
      ),
    attempt: ({ argv, description, properties, slice }) =>
      runToEnd("systemd-run", [
        "--user",
        "--quiet",
        "--no-ask-password",
        "--wait",
        "--pipe",
        "--collect",
        `--slice=${slice}`,
        `--description=${description}`,
        ...properties.map((property) => `--property=${property}`),
        "--",
        ...argv.map(literally)
      ]),
    stop: (unit) => Effect.ignore(run("systemctl", ["--user", "stop", "--no-block", unit])),
    signal: (unit, signal) =>
      Effect.match(run("systemctl", ["--user", "kill", `--signal=${signal}`, unit]), {
        onFailure: () => false,
        onSuccess: () => true
      }),
    forget: (unit) => Effect.ignore(run("systemctl", ["--user", "reset-failed", unit])),
    show: (unit, properties) =>
      Effect.map(run("systemctl", ["--user", "show", `--property=${properties.join(",")}`, unit]), parseProperties),
    states: (pattern) =>
      Effect.map(
        run("systemctl", ["--user", "list-units", "--all", "--plain", "--no-legend", "--full", pattern]),
        parseStates
      ),
    showAll: (patterns, properties) =>
      Effect.map(
        run("systemctl", ["--user", "show", `--property=Id,${properties.join(",")}`, ...patterns]),
        (text) =>
          new Map(
            text.split("\n\n").flatMap((block) => {
              const found = parseProperties(block)
              return found.Id === undefined ? [] : [[found.Id, found] as const]
            })
          )
      )
  }))
}

/** systemd replaces `$NAME` in a service's arguments (systemd.service(5), "Command lines"); `$$` is one dollar sign. */
export const literally = (argument: string): string => argument.replaceAll("$", "$$$$")

/** Lines of `UNIT LOAD ACTIVE SUB DESCRIPTION`. */
export const parseStates = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split("\n").flatMap((line) => {
      const [unit, , active] = line.trim().split(/\s+/)
      return unit === undefined || active === undefined ? [] : [[unit, active] as const]
    })
  )

export const parseProperties = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf("=")
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
    })
  )

/** The service a process belongs to, from its control groups (cgroups(7)): the innermost directory that is named like one. */
export const ownUnit = (cgroups: string): string | null =>
  cgroups
    .split("\n")
    .filter((line) => line.startsWith("0::") || line.includes(":name=systemd:"))
    .flatMap((line) => line.split("/").filter((part) => part.endsWith(".service") && !part.startsWith("user@")))
    .at(-1) ?? null

const runToEnd = (command: string, args: ReadonlyArray<string>): Effect.Effect<Attempted> =>
  Effect.callback((resume) => {
    const child = execFile(command, args, { encoding: "utf8", maxBuffer: 1024 * 1024 }, (error, stdout, stderr) =>
      resume(Effect.succeed({ code: error === null ? 0 : Number(error.code) || -1, stdout, stderr }))
    )
    child.stdin?.end()
    return Effect.sync(() => child.kill())
  })

const run = (command: string, args: ReadonlyArray<string>): Effect.Effect<string, ServiceManagerFailed> =>
  Effect.callback((resume) => {
    const child = execFile(command, args, { encoding: "utf8", maxBuffer: 4 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) return resume(Effect.succeed(stdout))
      const reason = stderr.trim() || error.message
      resume(Effect.fail(new ServiceManagerFailed({ command: `${command} ${args[1] ?? ""}`.trim(), reason })))
    })
    return Effect.sync(() => child.kill())
  })
