import { execFileSync } from "node:child_process"
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ConfigProvider, Effect, Layer, Redacted, Schema } from "effect"
import { afterAll, describe, expect, it, onTestFinished } from "vitest"
import { readSecret, secretFile } from "../../src/config/Secret.ts"
import { type Setting, secret } from "../../src/contract/config/Setting.ts"
import type { SecretSource } from "../../src/contract/Secret.ts"
import * as FileSystem from "../../src/host/files/FileSystem.ts"

const SECRET = "correct-horse-battery-staple"
const uid = process.getuid!()
const directory = mkdtempSync(join(tmpdir(), "agentd-secrets-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let count = 0
const place = () => join(directory, `secret-${++count}`)
const write = (contents: string | Uint8Array = SECRET, mode = 0o600) => {
  const path = place()
  writeFileSync(path, contents, { mode })
  return path
}

const provided = (env: Readonly<Record<string, string>>) =>
  Layer.merge(FileSystem.layer, ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ...env } })))

const read = (source: SecretSource, env: Readonly<Record<string, string>> = {}) =>
  Effect.runPromise(Effect.provide(readSecret(source, uid), provided(env)))

/** Why it was refused: never with the secret in it. */
const refusal = async (source: SecretSource, env: Readonly<Record<string, string>> = {}): Promise<string> => {
  const problem = await Effect.runPromise(Effect.flip(Effect.provide(readSecret(source, uid), provided(env))))
  expect(problem._tag).toBe("SecretUnusable")
  expect(JSON.stringify(problem) + problem.message + String(problem.stack)).not.toContain(SECRET)
  return problem.message
}

describe("a secret in a file", () => {
  it("is its text, without the newline an editor puts there, and tells itself to nobody who did not ask", async () => {
    for (const ending of ["", "\n", "\r\n"]) {
      const found = await read({ file: write(`${SECRET}${ending}`) })
      expect(Redacted.value(found)).toBe(SECRET)
      expect(`${found}${JSON.stringify(found)}`).not.toContain(SECRET)
    }
    expect(Redacted.value(await read({ file: write("two\nlines\n\n", 0o400) }))).toBe("two\nlines\n")
  })

  it("is a file, whatever is in it, for whom a file is wanted", async () => {
    const file = write(Uint8Array.of(0, 255, 10))
    expect(await Effect.runPromise(Effect.provide(secretFile({ file }, uid), provided({})))).toBe(file)
    chmodSync(file, 0o644)
    const refused = await Effect.runPromise(Effect.flip(Effect.provide(secretFile({ file }, uid), provided({}))))
    expect(refused.message).toContain(`chmod 600 ${file}`)
  })

  it.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601])(
    "is refused where others may use it, with the chmod (%o)",
    async (mode) => {
      const file = write()
      chmodSync(file, mode)
      expect(await refusal({ file })).toContain(`chmod 600 ${file}`)
    }
  )

  it.runIf(uid === 0)(
    "is refused when it is somebody else's, also behind a link (giving a file away takes root)",
    async () => {
      const file = write()
      chownSync(file, 65_534, 65_534)
      expect(await refusal({ file })).toContain(`chown 0 ${file}`)
      const link = place()
      symlinkSync(file, link)
      expect(await refusal({ file: link })).toContain("it belongs to uid 65534, not to you")
    }
  )

  it("may lie behind a link to a file of one's own", async () => {
    const link = place()
    symlinkSync(write(), link)
    expect(Redacted.value(await read({ file: link }))).toBe(SECRET)
  })

  it.each([
    ["a directory", (path: string) => mkdirSync(path, { mode: 0o700 })],
    [
      "a FIFO, which would make the daemon wait",
      (path: string) => void execFileSync("/usr/bin/mkfifo", ["-m", "600", path])
    ]
  ])("is refused when it is %s", async (_, make) => {
    const file = place()
    make(file)
    expect(await refusal({ file })).toContain("not a regular file")
  })

  it("is refused when it is missing, empty, too large or no text", async () => {
    expect(await refusal({ file: place() })).toContain("there is no such file")
    for (const nothing of ["", "\n"]) expect(await refusal({ file: write(nothing) })).toContain("it is empty")
    expect(await refusal({ file: write("x".repeat(64 * 1024 + 1)) })).toContain("larger than 65536 bytes")
    expect(await refusal({ file: write(Uint8Array.of(0xff)) })).toContain("not UTF-8")
    expect(await refusal({ file: write(`${SECRET}\0`) })).toContain("a NUL character")
  })

  it.runIf(uid === 0)("is refused when it may not be read", async () => {
    const file = join(place(), "inside")
    mkdirSync(join(file, ".."), { mode: 0o700 })
    writeFileSync(file, SECRET, { mode: 0o600 })
    chmodSync(directory, 0o755)
    process.seteuid!(65_534)
    onTestFinished(() => process.seteuid!(0))
    expect(await refusal({ file })).toContain("permission denied")
  })
})

describe("a credential", () => {
  it("comes from the directory that systemd made for the daemon, whoever systemd lets read it", async () => {
    writeFileSync(join(directory, "token"), `${SECRET}\n`)
    // As a system service with access lists shows it.
    chmodSync(join(directory, "token"), 0o440)
    const found = await read({ credential: "token" }, { CREDENTIALS_DIRECTORY: directory })
    expect(Redacted.value(found)).toBe(SECRET)
  })

  it("is refused with the way to give it", async () => {
    for (const env of [{}, { CREDENTIALS_DIRECTORY: directory }]) {
      const said = await refusal({ credential: "absent" }, env)
      expect(said).toContain("systemctl --user edit agentd.service")
      expect(said).toContain("LoadCredential=absent:")
    }
  })

  it.each(["..", ".", "", "a/b", "../token", "a b", "a\0b"])("has no name that leads elsewhere (%j)", (credential) => {
    const { schema }: Setting = secret({ applies: "reload", description: "" })
    expect(Schema.decodeUnknownOption(schema)({ credential })._tag).toBe("None")
  })
})
