/**
 * The administrator's sandbox profiles: one file each in `/etc/agentd/sandbox.d`, read when a session asks for it.
 *
 * From nowhere else: whoever could write a profile could open the sandbox.
 */
import { Effect, FileSystem, Option, Schema } from "effect"
import { ConfigInvalid, InvalidParams } from "../contract/errors/Errors.ts"
import { builtInProfiles, profileKeys, type SandboxProfile, workspace } from "../contract/session/Sandbox.ts"
import { decodeUtf8, type Roots } from "./Files.ts"
import { quote } from "./Layers.ts"
import { lineOf, locateKeys } from "./Locate.ts"
import { parseToml } from "./TomlFile.ts"

/** Bytes of one file; a larger one is a mistake. */
const MAX_FILE_BYTES = 64 * 1024

const SUFFIX = ".toml"

/** Null for the profile that shuts nothing off. */
export const readProfile = Effect.fn("Settings.profile")(function* (name: string, roots: Roots) {
  const directory = `${roots.admin}/sandbox.d`
  const own = yield* readProfileFile(name, `${directory}/${name}${SUFFIX}`, roots.uid)
  if (own !== null) return own
  const builtIn = builtInProfiles.get(name)
  return builtIn === undefined ? yield* unknown(name, directory) : builtIn
})

/** The profile a file describes; null when there is no such file. */
export const readProfileFile = Effect.fnUntraced(function* (name: string, path: string, uid: number) {
  const fs = yield* FileSystem.FileSystem
  const invalid = (reason: string) => new ConfigInvalid({ file: path, line: null, key: "", reason })
  const unreadable = (error: { readonly message: string }) => invalid(`it cannot be read (${error.message})`)
  const info = yield* fs.stat(path).pipe(
    Effect.catchIf(
      (error) => error.reason._tag === "NotFound",
      () => Effect.succeed(null)
    ),
    Effect.mapError(unreadable)
  )
  if (info === null) return null
  if (builtInProfiles.has(name)) return yield* invalid(`the profile "${name}" is built in. Give this one another name`)
  const problem = problemOf(info, uid)
  if (problem !== null) return yield* invalid(problem)
  const text = yield* decodeUtf8(path, yield* Effect.mapError(fs.readFile(path), unreadable))
  return yield* parseProfile(text, path)
})

const unknown = Effect.fnUntraced(function* (name: string, directory: string) {
  const fs = yield* FileSystem.FileSystem
  const files = yield* fs.readDirectory(directory).pipe(Effect.orElseSucceed(() => []))
  const own = files.filter((file) => file.endsWith(SUFFIX)).map((file) => file.slice(0, -SUFFIX.length))
  const names = [...new Set([...builtInProfiles.keys(), ...own.toSorted()])]
  return yield* new InvalidParams({
    field: "sandbox",
    reason: `there is no profile "${name}"; there are ${names.join(", ")}. An administrator's lie in ${directory}`
  })
})

/** What is wrong with a file as the administrator's word. Inside of the daemon's own user namespace root reads as nobody. */
const problemOf = (info: FileSystem.File.Info, uid: number): string | null => {
  if (info.type !== "File") return "this is not a regular file"
  if (Number(info.size) > MAX_FILE_BYTES) return `it is larger than ${MAX_FILE_BYTES} bytes`
  if ((info.mode & 0o022) !== 0) return "others than its owner may write to it (to end that: chmod go-w)"
  const owner = Option.getOrElse(info.uid, () => 0)
  return uid !== 0 && owner === uid
    ? "it belongs to you, and only an administrator's profile counts (chown root)"
    : null
}

/** The profile a text describes, or the first thing that is wrong in it. */
export const parseProfile = (text: string, file: string): Effect.Effect<SandboxProfile, ConfigInvalid> =>
  Effect.suspend(() => {
    const document = parseToml(text, file)
    if (document instanceof ConfigInvalid) return Effect.fail(document)
    const located = locateKeys(text)
    const profile: Record<string, unknown> = { ...workspace, description: "" }
    for (const [key, value] of Object.entries(document)) {
      const wrong = (reason: string) =>
        Effect.fail(new ConfigInvalid({ file, line: lineOf(located, [key]), key: quote(key).slice(1, -1), reason }))
      if (!Object.hasOwn(profileKeys, key)) {
        return wrong(`unknown key; a profile has ${Object.keys(profileKeys).join(", ")}`)
      }
      const { expected, schema } = profileKeys[key as keyof typeof profileKeys]
      const decoded = Schema.decodeUnknownOption(schema as Schema.Codec<unknown, unknown>)(value)
      if (Option.isNone(decoded)) return wrong(`expected ${expected}, found ${quote(value)}`)
      profile[key] = decoded.value
    }
    return Effect.succeed(profile as SandboxProfile)
  })
