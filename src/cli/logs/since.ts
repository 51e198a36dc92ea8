/**
 * A moment in the past as people write it: `10m`, `2h`, `today`, `2026-03-01`, `2026-03-01 14:00`, or RFC 3339.
 */

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds since 1970, or null when it is none of these. */
export const parseSince = (text: string, now: number): number | null => {
  const ago = /^(\d{1,9})([smhd])( ago)?$/.exec(text)
  if (ago !== null) return now - Number(ago[1]) * UNITS[ago[2] as keyof typeof UNITS]
  if (text === "today" || text === "yesterday") {
    const midnight = new Date(now)
    midnight.setHours(0, 0, 0, 0)
    if (text === "yesterday") midnight.setDate(midnight.getDate() - 1)
    return midnight.getTime()
  }
  if (!/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)) return null
  // A date alone is this place's midnight, which `Date` would take for Greenwich's.
  const at = Date.parse(text.length === 10 ? `${text}T00:00` : text.replace(" ", "T"))
  return Number.isNaN(at) ? null : at
}

export const noTime = (text: string): string =>
  `"${text}" is no time. Write 10m, 2h, 3d, today, yesterday, 2026-03-01 or 2026-03-01 14:00.`
