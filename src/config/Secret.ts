/**
 * Reads secrets from where they are kept: files that only their owner may read, or credentials that systemd handed to this daemon
 * (systemd.exec(5), "Credentials"). Their text is in no error, and `Redacted` keeps it out of logs.
 */
import { Config, Effect, FileSystem, Option, type PlatformError, Redacted } from "effect"
import { SecretUnusable } from "../contract/errors/Errors.ts"
import type { SecretSource } from "../contract/Secret.ts"

/** Bytes of one secret. Keys and tokens are far smaller, and it has to fit into an environment (execve(2): 128 KiB a variable). */
export const MAX_SECRET_BYTES = 64 * 1024

/** The file a secret is in, once it is certain that it is one for secrets; `uid` must own it. */
export const secretFile = Effect.fnUntraced(function* (source: SecretSource, uid: number) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Effect.mapError(pathOf(source), (reason) => refusal(source, reason))
  // Before opening: a FIFO would make the daemon wait for somebody to write to it.
  const info = yield* Effect.mapError(fs.stat(path), (error) => refusal(source, reasonOf(source, error)))
  const problem = problemOf(source, info, uid)
  return problem === null ? path : yield* refusal(source, problem)
})

/** Its text, without the newline that editors put at the end of a file. */
export const readSecret = Effect.fnUntraced(function* (source: SecretSource, uid: number) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* secretFile(source, uid)
  const bytes = yield* Effect.mapError(fs.readFile(path), (error) => refusal(source, reasonOf(source, error)))
  const text = yield* Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, ""),
    catch: () => refusal(source, "it is not UTF-8 text")
  })
  if (text === "") return yield* refusal(source, "it is empty")
  return text.includes("\0") ? yield* refusal(source, "it holds a NUL character") : Redacted.make(text)
})

const refusal = (source: SecretSource, reason: string) => new SecretUnusable({ secret: nameOf(source), reason })

const nameOf = (source: SecretSource): string => ("file" in source ? source.file : `credential ${source.credential}`)

const pathOf = (source: SecretSource): Effect.Effect<string, string> =>
  "file" in source
    ? Effect.succeed(source.file)
    : Config.option(Config.String("CREDENTIALS_DIRECTORY")).pipe(
        Effect.orDie,
        Effect.flatMap(
          Option.match({
            onNone: () => Effect.fail(`this daemon was given no credentials (${giving(source.credential)})`),
            onSome: (directory) => Effect.succeed(`${directory}/${source.credential}`)
          })
        )
      )

const giving = (name: string) =>
  `to give it: systemctl --user edit agentd.service, [Service] LoadCredential=${name}:/path/of/the/file, and restart it`

/** What is wrong with a file as a place for a secret; null if nothing is. The file is the one a link leads to. */
const problemOf = (source: SecretSource, info: FileSystem.File.Info, uid: number): string | null => {
  if (info.type !== "File") return "this is not a regular file"
  if (info.size > MAX_SECRET_BYTES) return `it is larger than ${MAX_SECRET_BYTES} bytes`
  // systemd answers for its own directory, and marks it for groups where it uses access lists.
  if (!("file" in source)) return null
  const owner = Option.getOrElse(info.uid, () => uid)
  if (owner !== uid && owner !== 0) {
    return `it belongs to uid ${owner}, not to you, uid ${uid} (to take it: chown ${uid} ${source.file})`
  }
  return (info.mode & 0o077) === 0 ? null : `others may read or write it (to end that: chmod 600 ${source.file})`
}

const reasonOf = (source: SecretSource, { reason: { _tag: tag } }: PlatformError.PlatformError): string => {
  if (tag === "NotFound" && "credential" in source) {
    return `this daemon was not given it (${giving(source.credential)})`
  }
  if (tag === "NotFound") return "there is no such file"
  return tag === "PermissionDenied" ? "permission denied. Make it readable for you" : "it cannot be read"
}
