/**
 * `agentd --check-config FILE` and `agentd --show-config`: what the daemon would say, without one.
 */
import { Effect } from "effect"
import type { ConfigShowResult } from "../contract/Daemon.ts"
import { ConfigInvalid } from "../contract/errors/Errors.ts"
import { listFiles, type Roots, readFile } from "./Files.ts"
import { mergeLayers } from "./Layers.ts"
import { readProfileFile } from "./Profiles.ts"

/** Where sandbox profiles lie, wherever the administrator's files do. */
const PROFILE = /\/sandbox\.d\/([^/]+)\.toml$/

/**
 * Everything that is wrong in one file, wherever it lies: by itself, and against the locks of the administrator's files
 * unless it is one of them. What is wrong in other files is not this file's fault and is left out.
 */
export const check = Effect.fn("Settings.check")(function* (file: string, roots: Roots) {
  const profile = PROFILE.exec(file)?.[1]
  if (profile !== undefined) return yield* checkProfile(profile, file, roots.uid)
  const administrator = file.startsWith(`${roots.admin}/`)
  const owner = administrator ? "admin" : file.startsWith(`${roots.vendor}/`) ? "vendor" : "user"
  const own = yield* readFile({ path: file, owner }, roots.uid)
  const others = yield* listFiles(roots).pipe(Effect.orElseSucceed(() => []))
  const before = yield* Effect.forEach(
    others.filter((other) => other.exists && other.owner === "admin" && other.path !== file),
    (other) => readFile(other, roots.uid)
  )
  const locked = mergeLayers([...(administrator ? [] : before), own]).problems
  return locked.filter((problem) => problem.file === file)
})

const checkProfile = (name: string, file: string, uid: number) =>
  Effect.match(readProfileFile(name, file, uid), {
    onFailure: (problem) => [problem],
    onSuccess: (found): ReadonlyArray<ConfigInvalid> =>
      found === null ? [new ConfigInvalid({ file, line: null, key: "", reason: "there is no such file" })] : []
  })

/** One line for each problem, or that there is none. */
export const renderCheck = (file: string, problems: ReadonlyArray<ConfigInvalid>): string =>
  problems.length === 0 ? `${file}: valid\n` : problems.map((problem) => `${problem.message}\n`).join("")

/** `key = value`, aligned; with `origin` also the place that set it, and whether it is locked. */
export const renderShow = (shown: typeof ConfigShowResult.Type, origin: boolean): string => {
  const rows = shown.values.map(({ key, line, locked, origin, value }) => ({
    setting: `${key} = ${value === null ? "(not set)" : JSON.stringify(value)}`,
    place: `${origin}${line === null ? "" : `:${line}`}${locked ? " (locked)" : ""}`
  }))
  const width = Math.max(...rows.map((row) => row.setting.length))
  return rows.map((row) => `${origin ? `${row.setting.padEnd(width)}  # ${row.place}` : row.setting}\n`).join("")
}
