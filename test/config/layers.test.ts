import { Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Assignment, assign, changes, type Layer, mergeLayers, quote, valuesOf } from "../../src/config/Layers.ts"
import { type Key, settings } from "../../src/contract/config/Config.ts"
import { formatDuration, formatSize, parseDuration, parseSize } from "../../src/contract/config/Setting.ts"

const keys = [...settings.keys()]

/** A valid value other than the default. */
const another = (key: Key) => {
  const secret = { file: "/secret" }
  const samples = { duration: "1s", size: "1GiB", integer: 42, text: "/bin/ctrl", choice: "hold", secret } as const
  if (key === "daemon.log_level") return "warn"
  if (key === "session.term") return "vt100"
  if (key === "attach.escape") return "ctrl-a"
  if (key === "attach.size") return "owner"
  if (key === "attach.environment") return "keep"
  if (key === "session.restart") return "on-boot"
  if (key === "session.access") return "all"
  if (key === "session.hooks") return "off"
  if (key === "backup.schedule") return "daily"
  if (key === "backup.at") return "04:30"
  if (key === "sync.local_only") return "always"
  if (key === "limits.nice") return 12
  if (key === "session.sandbox") return "workspace"
  if (key === "telemetry.otlp_endpoint") return "https://collector:4318"
  if (key === "telemetry.resource_attributes") return "team=a"
  return key === "transcript.keep_bytes" ? "2GiB" : samples[settings.get(key)!.kind]
}

const layerOf = (origin: string, set: ReadonlyArray<Key>, locked: ReadonlyArray<Key> = []): Layer => ({
  assignments: set.map((key, index) => assign(key, another(key), { origin, line: index + 1 }) as Assignment),
  locks: locked.map((key) => ({ key, origin, line: 99 })),
  problems: []
})

const someKeys = fc.uniqueArray(fc.constantFrom(...keys))

describe("merging layers", () => {
  it("takes each key from the last layer that sets it, and the rest from what is built in", () => {
    fc.assert(
      fc.property(fc.array(someKeys, { maxLength: 6 }), (sets) => {
        const merged = mergeLayers(sets.map((set, index) => layerOf(`layer ${index}`, set)))
        expect(merged.problems).toEqual([])
        for (const key of keys) {
          const last = sets.findLastIndex((set) => set.includes(key))
          expect(merged.entries.get(key)).toMatchObject({
            origin: last === -1 ? "built-in" : `layer ${last}`,
            value: last === -1 ? settings.get(key)!.default : another(key),
            locked: false
          })
        }
      })
    )
  })

  it("lets nothing after a lock change the key, and names both places", () => {
    fc.assert(
      fc.property(someKeys, someKeys, someKeys, (first, locked, second) => {
        const merged = mergeLayers([layerOf("/etc", first, locked), layerOf("/home", second)])
        const refused = second.filter((key) => locked.includes(key))
        expect(merged.problems.map((problem) => problem.key).toSorted()).toEqual(refused.toSorted())
        for (const problem of merged.problems) {
          expect(problem.file).toBe("/home")
          expect(problem.line).toBe(second.indexOf(problem.key as Key) + 1)
          expect(problem.reason).toContain("/etc:99")
        }
        for (const key of locked) {
          expect(merged.entries.get(key)).toMatchObject({
            locked: true,
            origin: first.includes(key) ? "/etc" : "built-in"
          })
        }
      })
    )
  })

  it("lets the file that locks a key set it", () => {
    expect(mergeLayers([layerOf("/etc", ["session.term"], ["session.term"])]).problems).toEqual([])
  })

  it("gives durations in milliseconds, sizes in bytes and null for what is not set", () => {
    const values = valuesOf(mergeLayers([layerOf("x", ["transcript.keep_bytes", "session.grace"])]))
    expect(values.transcript.keep_bytes).toBe(2 * 1024 ** 3)
    expect(values.session.grace).toBe(1_000)
    expect(values.transcript.keep_for).toBe(30 * 86_400_000)
    expect(values.session.shell).toBe(null)
    expect(values.limits).toMatchObject({ memory: null, nice: null })
  })

  it("reports what changed by value, not by spelling, and what of it needs a restart", () => {
    const spelled = (value: string): Layer => ({
      assignments: [assign("daemon.idle_exit", value, { origin: "x", line: 1 }) as Assignment],
      locks: [],
      problems: []
    })
    expect(changes(mergeLayers([spelled("60s")]), mergeLayers([spelled("1m")]))).toEqual({ changed: [], restart: [] })
    expect(changes(mergeLayers([]), mergeLayers([spelled("1m"), layerOf("y", ["session.cols"])]))).toEqual({
      changed: ["daemon.idle_exit", "session.cols"],
      restart: ["daemon.idle_exit"]
    })
  })
})

describe("values", () => {
  it("have defaults that are themselves valid", () => {
    for (const [key, setting] of settings) {
      if (setting.default === null) continue
      expect(Schema.decodeUnknownOption(setting.schema)(setting.default)._tag, key).toBe("Some")
    }
  })

  it("are the same number however often they are written and read", () => {
    fc.assert(
      fc.property(fc.nat({ max: 86_400_000 * 400 }), (n) => {
        expect(parseDuration(formatDuration(n))).toBe(n)
        expect(parseSize(formatSize(n))).toBe(n)
      })
    )
    expect([parseDuration("250ms"), parseDuration("5m"), parseDuration("30d")]).toEqual([250, 300_000, 2_592_000_000])
    expect([parseSize("8MiB"), parseSize("1GiB"), formatSize(1536)]).toEqual([8_388_608, 1_073_741_824, "1536B"])
    expect([formatDuration(90_000), formatDuration(3_600_000)]).toEqual(["90s", "1h"])
  })

  it("are shown on one line, short, and without control characters", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const shown = quote(value)
        expect(shown.length).toBeLessThanOrEqual(61)
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
      })
    )
  })
})
