/** A session's limits as people write and read them: `2G`, `150%`, `8h`. */
import type { AskedLimits, SessionLimits } from "../../contract/session/SessionLimits.ts"
import { duration, usage } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"
import { bytes } from "../Paint.ts"

/** As systemd and docker(1) count: powers of 1024, with and without the `i` that says so. */
const SIZES: Readonly<Record<string, number>> = { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }

/** "512M", "1.5G", "2GiB"; null for "none". */
export const memory = async (text: string): Promise<number | null> => {
  if (text === "none") return null
  const match = /^(\d{1,9}(?:\.\d{1,6})?)([BKMGT]|[KMGT]i?B?)?$/i.exec(text)
  const unit = match?.[2]?.toUpperCase()
  // "2GB" is 2 000 000 000 bytes to some and 2 147 483 648 to others.
  if (match === null || unit === undefined || /^[KMGT]B$/.test(unit)) {
    throw usage(`"${text}" is no size of memory; write 512M, 2G or 1.5GiB (powers of 1024), or none`)
  }
  return Math.round(Number(match[1]) * SIZES[unit[0]!]!)
}

/** "150%"; null for "none". */
export const percent = async (text: string): Promise<number | null> => {
  if (text === "none") return null
  const match = /^(\d{1,7})%$/.exec(text)
  if (match === null)
    throw usage(`"${text}" is no share of processors; write 50% for half of one, 200% for two, or none`)
  return Number(match[1])
}

const whole = async (text: string): Promise<number | null> => {
  if (text === "none") return null
  if (!/^-?\d{1,7}$/.test(text)) throw usage(`"${text}" is no whole number, and not none`)
  return Number(text)
}

const longOrNone = async (text: string): Promise<number | null> => (text === "none" ? null : duration(text))

const flag = (parse: (text: string) => Promise<number | null>, summary: string, helpValue: string) =>
  Flags.custom<number | null>({ parse })({ summary, helpValue })

export const limitFlags = {
  memory: flag(memory, "Memory it may have; with nothing left, the kernel ends what took most of it.", "2G"),
  cpu: flag(percent, "Processor time it may have; 150% is one and a half processors.", "150%"),
  tasks: flag(whole, "Processes and threads it may have at a time.", "512"),
  timeout: flag(longOrNone, "End it after so long, whether a daemon runs then or not.", "8h"),
  nice: flag(whole, "Nice value of its processes: 19 gives way to everybody.", "10"),
  "io-weight": flag(whole, "Its share of the disks when several want them; 100 is everybody's.", "50")
}

export interface LimitValues {
  readonly memory?: number | null | undefined
  readonly cpu?: number | null | undefined
  readonly tasks?: number | null | undefined
  readonly timeout?: number | null | undefined
  readonly nice?: number | null | undefined
  readonly "io-weight"?: number | null | undefined
}

/** Only what was said; the rest is as configured. */
export const askedLimits = (flags: LimitValues): { readonly limits?: AskedLimits } => {
  const said = {
    memoryBytes: flags.memory,
    cpuPercent: flags.cpu,
    tasks: flags.tasks,
    timeoutMs: flags.timeout,
    nice: flags.nice,
    ioWeight: flags["io-weight"]
  }
  const limits = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as AskedLimits
  return Object.keys(limits).length === 0 ? {} : { limits }
}

export const describeLimits = (limits: SessionLimits): string =>
  [
    ...(limits.memoryBytes === undefined ? [] : [`memory ${bytes(limits.memoryBytes)}`]),
    ...(limits.cpuPercent === undefined ? [] : [`cpu ${limits.cpuPercent}%`]),
    ...(limits.tasks === undefined ? [] : [`${limits.tasks} tasks`]),
    ...(limits.timeoutMs === undefined ? [] : [`timeout ${limits.timeoutMs / 1000} s`]),
    ...(limits.nice === undefined ? [] : [`nice ${limits.nice}`]),
    ...(limits.ioWeight === undefined ? [] : [`io weight ${limits.ioWeight}`])
  ].join(", ") || "-"
