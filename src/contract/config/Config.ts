/**
 * The configuration: every key of `agentd.toml` with its default, its unit, its limits and a sentence about it.
 *
 * One table; decoding, defaults, the environment variables, the JSON Schema and the reference page are derived from it.
 * A key is spelled the same everywhere (`keep_for` in the file, in the code and in every message), so that a search finds it.
 */
import { CONTROL } from "../text/Characters.ts"
import { choice, duration, integer, type Setting, secret, size, text } from "./Setting.ts"

/** `[section]` → key → setting. */
export const sections = {
  daemon: {
    idle_exit: duration({
      default: "30s",
      min: "1s",
      max: "1d",
      applies: "restart",
      description: "How long an ephemeral daemon stays when no client is connected and no session lives."
    }),
    drain: duration({
      default: "5s",
      min: "0s",
      max: "5m",
      applies: "reload",
      description: "How long a stopping daemon waits for requests that are still being answered."
    }),
    log_level: choice({
      default: "info",
      of: ["debug", "info", "warn", "error"],
      applies: "reload",
      description: "The least important kind of line the daemon logs."
    })
  },
  session: {
    grace: duration({
      default: "5s",
      min: "0s",
      max: "1h",
      applies: "reload",
      description: "Time a stopped session has between SIGHUP and SIGTERM, and SIGKILL."
    }),
    shell: text({
      default: null,
      pattern: /^\/[^\0]*$/u,
      expected: "the absolute path of a shell",
      applies: "reload",
      description: "The program of a session nobody named a program for. Without it: the user's login shell."
    }),
    term: text({
      default: "xterm-256color",
      pattern: /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/u,
      expected: 'the name of a terminal type, such as "xterm-256color"',
      applies: "reload",
      description: "The variable TERM of sessions started afterwards."
    }),
    cols: integer({
      default: 80,
      min: 1,
      max: 10_000,
      applies: "reload",
      description: "Width, in cells, of a session nobody gave a size."
    }),
    rows: integer({
      default: 24,
      min: 1,
      max: 10_000,
      applies: "reload",
      description: "Height, in cells, of a session nobody gave a size."
    }),
    sandbox: text({
      default: "open",
      pattern: /^[a-z0-9][a-z0-9._-]{0,63}$/u,
      expected: 'the name of a sandbox profile: "open", "workspace", or one of /etc/agentd/sandbox.d',
      applies: "reload",
      description:
        "What a session is shut off from that does not say. Locked at anything but `open`, it is what every session gets."
    }),
    access: choice({
      default: "own",
      of: ["own", "tag", "all"],
      applies: "reload",
      description:
        'Which other sessions programs in a session may read, type into and stop: "own", those started from it; "tag", also those that have a tag of its own; "all". Locked, it is the most that any session gets. `agentctl run --access` says it for one session.'
    }),
    hooks: choice({
      default: "auto",
      of: ["auto", "off"],
      applies: "reload",
      description:
        'Whether a program that is known (Claude Code, Codex) is given options, for this one run, with which it tells its state: "auto", or "off", as it stands. `agentctl run --hooks` says it for one session.'
    }),
    restart: choice({
      default: "never",
      of: ["never", "on-boot"],
      applies: "reload",
      description:
        'Whether a session that a reboot interrupted is started again by the next daemon: "never", or "on-boot", once. `agentctl run --restart` says it for one session.'
    })
  },
  transcript: {
    keep_for: duration({
      default: "30d",
      min: "0s",
      max: "36500d",
      applies: "reload",
      description: "How long an ended session and its transcript are kept."
    }),
    keep_bytes: size({
      default: "1GiB",
      min: "0B",
      max: "1024TiB",
      applies: "reload",
      description: "Disk space the transcripts of ended sessions may take together; the oldest go first."
    }),
    session_bytes: size({
      default: "256MiB",
      min: "16MiB",
      max: "1024TiB",
      applies: "reload",
      description: "Disk space one session's transcript may take; its oldest segments go first."
    }),
    on_disk_full: choice({
      default: "drop",
      of: ["drop", "hold"],
      applies: "reload",
      description:
        'What happens to output that cannot be recorded: "drop" lets the program run on and notes what is missing, "hold" makes it wait for space.'
    })
  },
  sync: {
    local_only: choice({
      default: "ask",
      of: ["ask", "always"],
      applies: "reload",
      description:
        'Whether agents and messages of a repository may be exchanged through its remote: "ask", once a person has said so for this repository (`agentctl sync enable`), or "always" only local, whatever was said.'
    }),
    interval: duration({
      default: "60s",
      min: "1s",
      max: "1d",
      applies: "reload",
      description: "Time between two exchanges of a repository for which that is enabled. What is said is sent sooner."
    })
  },
  attach: {
    escape: text({
      default: "ctrl-]",
      pattern: /^ctrl-[a-z@[\\\]^_]$/u,
      expected: '"ctrl-" and one of a to z @ [ \\ ] ^ _',
      applies: "reload",
      description: "The key that begins a command to agentctl in an attached terminal."
    }),
    environment: choice({
      default: "refresh",
      of: ["refresh", "keep"],
      applies: "reload",
      description:
        'Whether SSH_AUTH_SOCK, DISPLAY, TERM and the like of a session follow the terminal that is attached ("refresh") or stay as they were at its start ("keep").'
    }),
    size: choice({
      default: "latest",
      of: ["latest", "smallest", "owner"],
      applies: "reload",
      description:
        'Whose terminal sets a session\'s size when several are attached: the "latest" one that came, typed or changed its size, the "smallest" of all, or the "owner", who took the session or has been there longest.'
    })
  },
  telemetry: {
    otlp_endpoint: text({
      default: null,
      pattern: /^(https?:\/\/(?![^/]*@)[^\s?#]+|unix:\/[^\0]{1,100})$/u,
      expected: 'a collector\'s address, as in "http://127.0.0.1:4318" or "unix:/run/otel/otlp.sock"',
      applies: "restart",
      description:
        "Where traces, metrics and logs are delivered, by OTLP over HTTP as JSON; `/v1/traces` and the like are added. Not set: where `OTEL_EXPORTER_OTLP_ENDPOINT` says, else nowhere."
    }),
    otlp_headers: secret({
      applies: "restart",
      description:
        "Headers of every delivery, `name=value` separated by commas or newlines, for a collector that asks for a token. Not set: `OTEL_EXPORTER_OTLP_HEADERS`."
    }),
    service_name: text({
      default: null,
      pattern: new RegExp(`^[^${CONTROL}]{1,255}$`, "u"),
      expected: "a name of at most 255 characters",
      applies: "restart",
      description: "`service.name` of what is delivered. Not set: `OTEL_SERVICE_NAME`, else `agentd`."
    }),
    resource_attributes: text({
      default: null,
      pattern: /^\s*[^\s=,]+\s*=[^,]*(,\s*[^\s=,]+\s*=[^,]*)*$/u,
      expected: 'attributes as in "deployment.environment=lab,team=tools"',
      applies: "restart",
      description: "Further attributes of what is delivered, after those of `OTEL_RESOURCE_ATTRIBUTES`."
    }),
    prometheus_listen: text({
      default: null,
      // Loopback only: whoever reaches it needs no password.
      pattern:
        /^((127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\]):(?!0+$)(6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]?\d{1,4})|\/[^\0]{1,100})$/u,
      expected:
        'an address and port of this machine alone, as in "127.0.0.1:9469", or the absolute path of a Unix socket',
      applies: "restart",
      description:
        "Where Prometheus may fetch the daemon's metrics, at /metrics. Not set: nowhere. Whoever may connect may read them; no names of sessions are in them."
    })
  },
  backup: {
    schedule: choice({
      default: "off",
      of: ["off", "hourly", "daily", "weekly"],
      applies: "reload",
      description:
        "How often a backup is made by itself, in local time. One that was missed, because the machine slept or was off, is made once as soon as the daemon runs."
    }),
    at: text({
      default: "03:00",
      pattern: /^([01][0-9]|2[0-3]):[0-5][0-9]$/u,
      expected: 'a time of day from "00:00" to "23:59"',
      applies: "reload",
      description: "When in the day a daily backup is made, and a weekly one on Mondays."
    }),
    directory: text({
      default: null,
      pattern: /^\/[^\0]*$/u,
      expected: "an absolute path",
      applies: "reload",
      description:
        "Where backups are kept: a directory of this user and this machine alone, best on another disk. Not set: `backups/full` in the state directory."
    }),
    keep_last: integer({
      default: 3,
      min: 1,
      max: 10_000,
      applies: "reload",
      description: "Backups kept in any case: the newest."
    }),
    keep_daily: integer({
      default: 7,
      min: 0,
      max: 10_000,
      applies: "reload",
      description: "Days, counting those with a backup, of which the newest backup is kept."
    }),
    keep_weekly: integer({
      default: 4,
      min: 0,
      max: 10_000,
      applies: "reload",
      description: "Weeks, from Monday, of which the newest backup is kept."
    }),
    keep_monthly: integer({
      default: 12,
      min: 0,
      max: 10_000,
      applies: "reload",
      description: "Months of which the newest backup is kept."
    }),
    before: text({
      default: null,
      pattern: /^\/[^\0]*$/u,
      expected: "the absolute path of a program",
      applies: "reload",
      description:
        "A program run before each backup; files it writes to the directory `$AGENTD_BACKUP_EXTRA` go into it. If it fails no backup is made."
    }),
    after: text({
      default: null,
      pattern: /^\/[^\0]*$/u,
      expected: "the absolute path of a program",
      applies: "reload",
      description:
        "A program run after each backup, to take `$AGENTD_BACKUP` in `$AGENTD_BACKUP_DIRECTORY` elsewhere. If it fails that is reported; the backup stays."
    }),
    script_timeout: duration({
      default: "5m",
      min: "1s",
      max: "1d",
      applies: "reload",
      description: "How long each of these programs may take before it is killed with all it has started."
    })
  },
  /** What a session may use unless it says otherwise; a locked one also bounds what it may say. */
  limits: {
    memory: size({
      default: null,
      min: "1MiB",
      max: "1024TiB",
      applies: "reload",
      description: "Memory all processes of a session may have together, no swap beside it."
    }),
    cpu_percent: integer({
      default: null,
      min: 1,
      max: 1_000_000,
      applies: "reload",
      description: "Processor time of a session in percent of one processor: 150 is one and a half."
    }),
    tasks: integer({
      default: null,
      min: 1,
      max: 4_194_304,
      applies: "reload",
      description: "Processes and threads of a session at a time."
    }),
    timeout: duration({
      default: null,
      min: "1s",
      max: "3650d",
      applies: "reload",
      description: "How long a session may run."
    }),
    nice: integer({
      default: null,
      min: -20,
      max: 19,
      applies: "reload",
      description: "Nice value of a session's processes: the higher, the more they give way."
    }),
    io_weight: integer({
      default: null,
      min: 1,
      max: 10_000,
      applies: "reload",
      description: "A session's share of the disks when several want them; 100 is everybody's."
    })
  }
} as const satisfies Readonly<Record<string, Readonly<Record<string, Setting>>>>

type Sections = typeof sections
type ValueOf<S> = S extends { readonly schema: { readonly Type: infer A }; readonly default: infer D }
  ? A | (null extends D ? null : never)
  : never

/** The values in force: `values.transcript.keep_for` in milliseconds, sizes in bytes. */
export type Configuration = {
  readonly [N in keyof Sections]: { readonly [K in keyof Sections[N]]: ValueOf<Sections[N][K]> }
}

/** A key as messages name it: `transcript.keep_for`. */
export type Key = {
  [N in keyof Sections & string]: `${N}.${keyof Sections[N] & string}`
}[keyof Sections & string]

/** Every setting by its key, in the order of the table. */
export const settings: ReadonlyMap<Key, Setting> = new Map(
  Object.entries(sections).flatMap(([section, keys]) =>
    Object.entries<Setting>(keys).map(([name, setting]) => [`${section}.${name}` as Key, setting])
  )
)

/** The environment variable that sets a key: `AGENTD_TRANSCRIPT_KEEP_FOR`. */
export const variableOf = (key: Key) => `AGENTD_${key.replace(".", "_").toUpperCase()}`
