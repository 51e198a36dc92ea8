/**
 * What a session may use and what it uses: its limits, its sandbox, and the figures of its processes.
 */
import { Schema } from "effect"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Below it hardly a shell starts, and the kernel ends it before it can say why. */
const MIN_MEMORY_BYTES = 1024 * 1024
/** Ten years: longer is no limit, and the service manager counts in microseconds. */
const MAX_TIMEOUT_MS = 315_360_000_000

const limits = {
  memoryBytes: {
    schema: between(MIN_MEMORY_BYTES, Number.MAX_SAFE_INTEGER),
    description: "Bytes of memory all its processes may have together; no swap beside it."
  },
  cpuPercent: {
    schema: between(1, 1_000_000),
    description: "Processor time it may have, in percent of one processor: 150 is one and a half."
  },
  tasks: { schema: between(1, 4_194_304), description: "Processes and threads it may have at a time." },
  timeoutMs: {
    schema: between(1, MAX_TIMEOUT_MS),
    description: "Milliseconds it may run, counted from its start; then it is ended, whether a daemon runs or not."
  },
  nice: {
    schema: between(-20, 19),
    description: "Its processes' nice value, as in nice(1): the higher, the more it gives way."
  },
  ioWeight: {
    schema: between(1, 10_000),
    description: "Its share of the disks when several want them; 100 is everybody's."
  }
} as const

const key = <S extends Schema.Top>(schema: S, description: string) =>
  Schema.optionalKey(schema).annotateKey({ description })

/** Limits in force. What is absent is not limited. */
export const SessionLimits = Schema.Struct({
  memoryBytes: key(limits.memoryBytes.schema, limits.memoryBytes.description),
  cpuPercent: key(limits.cpuPercent.schema, limits.cpuPercent.description),
  tasks: key(limits.tasks.schema, limits.tasks.description),
  timeoutMs: key(limits.timeoutMs.schema, limits.timeoutMs.description),
  nice: key(limits.nice.schema, limits.nice.description),
  ioWeight: key(limits.ioWeight.schema, limits.ioWeight.description)
}).annotate({ identifier: "SessionLimits", description: "What is absent is not limited." })
export type SessionLimits = typeof SessionLimits.Type

/** Limits as they are asked for. */
export const AskedLimits = Schema.Struct({
  memoryBytes: key(Schema.NullOr(limits.memoryBytes.schema), limits.memoryBytes.description),
  cpuPercent: key(Schema.NullOr(limits.cpuPercent.schema), limits.cpuPercent.description),
  tasks: key(Schema.NullOr(limits.tasks.schema), limits.tasks.description),
  timeoutMs: key(Schema.NullOr(limits.timeoutMs.schema), limits.timeoutMs.description),
  nice: key(Schema.NullOr(limits.nice.schema), limits.nice.description),
  ioWeight: key(Schema.NullOr(limits.ioWeight.schema), limits.ioWeight.description)
}).annotate({
  identifier: "AskedLimits",
  description: "What is absent is as configured in `[limits]`; null asks for none, also where one is configured."
})
export type AskedLimits = typeof AskedLimits.Type

export type LimitName = keyof SessionLimits

/** What a session's processes use together, now. */
export const SessionUsage = Schema.Struct({
  memoryBytes: Schema.Int.annotateKey({
    description:
      "Memory: what the kernel holds against the limit, files it has read included; where it does not count that, the sum of the processes' resident memory."
  }),
  cpuMs: Schema.Int.annotateKey({ description: "Processor time used since its start, in milliseconds." }),
  tasks: Schema.Int.annotateKey({ description: "Processes and threads." }),
  oomKills: Schema.optionalKey(Schema.Int).annotateKey({
    description: "Processes of it that the kernel has killed because memory ran out; absent where nobody counts."
  }),
  tasksRefused: Schema.optionalKey(Schema.Int).annotateKey({
    description: "How often it was refused another process or thread; absent where nobody counts."
  })
}).annotate({ identifier: "SessionUsage" })
export type SessionUsage = typeof SessionUsage.Type
