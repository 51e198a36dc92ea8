/**
 * The configuration files of this machine and user, read in their order.
 *
 * Never from the directory an agent works in: an agent must not be able to loosen its own leash.
 */
import { Effect, FileSystem, Option, type PlatformError } from "effect"
import { ConfigInvalid } from "../contract/errors/Errors.ts"
import type { Layer } from "./Layers.ts"
import { readToml } from "./TomlFile.ts"

/** Where the layers of files live, and who must own the user's. */
export interface Roots {
  readonly vendor: string
  readonly admin: string
  readonly user: string
  readonly uid: number
}

/** The two that are the same on every machine. */
export const systemRoots = { vendor: "/usr/share/agentd", admin: "/etc/agentd" } as const

/** Bytes of one file; a larger one is a mistake, and would be held in memory. */
const MAX_FILE_BYTES = 1024 * 1024

export interface ConfigFile {
  readonly path: string
  readonly owner: "vendor" | "admin" | "user"
  readonly exists: boolean
}

/** The files that are looked for, in the order of their layers. */
export const listFiles = Effect.fnUntraced(function* (roots: Roots) {
  const fs = yield* FileSystem.FileSystem
  const dropIns = `${roots.admin}/conf.d`
  const names = yield* fs.readDirectory(dropIns).pipe(
    Effect.catchIf(isMissing, () => Effect.succeed([])),
    Effect.mapError((error) => unreadable(dropIns, error))
  )
  const candidates = [
    { path: `${roots.vendor}/agentd.toml`, owner: "vendor" as const },
    { path: `${roots.admin}/agentd.toml`, owner: "admin" as const },
    ...names
      .filter((name) => name.endsWith(".toml") && !name.startsWith("."))
      .toSorted()
      .map((name) => ({ path: `${dropIns}/${name}`, owner: "admin" as const })),
    { path: `${roots.user}/agentd.toml`, owner: "user" as const }
  ]
  return yield* Effect.forEach(
    candidates,
    (file): Effect.Effect<ConfigFile, ConfigInvalid> =>
      fs.stat(file.path).pipe(
        Effect.as({ ...file, exists: true }),
        Effect.catchIf(isMissing, () => Effect.succeed({ ...file, exists: false })),
        Effect.mapError((error) => unreadable(file.path, error))
      )
  )
})

/** Reads and checks one file. What is wrong in it is a problem of the layer; that it cannot be read at all, too. */
export const readFile = Effect.fnUntraced(
  function* (file: Pick<ConfigFile, "path" | "owner">, uid: number) {
    const fs = yield* FileSystem.FileSystem
    const { path } = file
    const info = yield* fs.stat(path)
    // Before opening: a FIFO would make the daemon wait for somebody to write to it.
    if (info.type !== "File") return yield* refuse(path, "this is not a regular file")
    if (info.size > MAX_FILE_BYTES) return yield* refuse(path, `the file is larger than ${MAX_FILE_BYTES} bytes`)
    if (file.owner === "user") yield* checkOwner(path, info, uid)
    const text = yield* decodeUtf8(path, yield* fs.readFile(path))
    return readToml(text, path, file.owner === "admin")
  },
  (effect, file) =>
    effect.pipe(
      Effect.mapError((error) => (error._tag === "PlatformError" ? unreadable(file.path, error) : error)),
      Effect.catch((problem) => Effect.succeed<Layer>({ assignments: [], locks: [], problems: [problem] }))
    )
)

/** Whoever can write the file decides what the daemon does with the user's terminals. */
const checkOwner = (path: string, info: FileSystem.File.Info, uid: number) => {
  const owner = Option.getOrElse(info.uid, () => uid)
  if (owner !== uid && owner !== 0) {
    return refuse(path, `the file belongs to uid ${owner}, not to you, uid ${uid} (to take it: chown ${uid} ${path})`)
  }
  return (info.mode & 0o022) === 0
    ? Effect.void
    : refuse(path, `others may write to the file (to end that: chmod go-w ${path})`)
}

export const decodeUtf8 = (path: string, bytes: Uint8Array) =>
  Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => invalid(path, "the file is not UTF-8 text")
  })

const refuse = (path: string, reason: string) => Effect.fail(invalid(path, reason))

const invalid = (file: string, reason: string) => new ConfigInvalid({ file, line: null, key: "", reason })

const unreadable = (path: string, error: PlatformError.PlatformError) => {
  if (isMissing(error)) return invalid(path, "there is no such file")
  return error.reason._tag === "PermissionDenied"
    ? invalid(path, "permission denied. Make it readable for you, or remove it")
    : invalid(path, `it cannot be read (${error.message})`)
}

const isMissing = (error: PlatformError.PlatformError) => error.reason._tag === "NotFound"
