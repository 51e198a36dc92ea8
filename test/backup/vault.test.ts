/** A directory of backups: what is shared, what is refused, and what a damaged or hostile one cannot do. */
import { createHash } from "node:crypto"
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { zstdCompressSync } from "node:zlib"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { list, verify } from "../../src/backup/Job.ts"
import { decodeManifest, encodeManifest, isPartPath, type Manifest, manifestName } from "../../src/backup/Manifest.ts"
import { objectPath, putObject, readObject } from "../../src/backup/Objects.ts"
import { temporary } from "../sessions/support.ts"
import { sessionId } from "../store/fixture.ts"
import { backUp, createJob, failure, type Home, KEEP_ALL, makeHome, run, stageJob } from "./support.ts"

const listed = async ({ vault }: Home) =>
  (await run(list({ do: "list", directory: vault }))).backups.map(({ id }) => id)
const verified = (home: Home, backup: string | null = null) =>
  run(verify({ do: "verify", directory: home.vault, backup }))

const manifestOf = ({ vault }: Home, id: string) =>
  decodeManifest(id, readFileSync(join(vault, manifestName(id)))) as Manifest
const forge = ({ vault }: Home, manifest: Manifest) =>
  writeFileSync(join(vault, manifestName(manifest.backup.id)), encodeManifest(manifest))

const everything = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, withFileTypes: true }).map((entry) => join(entry.parentPath, entry.name))

describe("a backup", () => {
  it("holds the store, every transcript, and the configuration, for its owner alone", async () => {
    const home = await makeHome()
    const { backup } = await backUp(home)
    const paths = manifestOf(home, backup.id).parts.map(({ path }) => path)
    const live = `transcripts/${sessionId(2)}`
    expect(paths).toEqual([
      "agentd.db",
      `transcripts/${sessionId(1)}.cast.zst`,
      // The timing before the bytes: what is appended in between is bytes without a time, never a time without bytes.
      `${live}/00000000000000000000.idx`,
      `${live}/00000000000000000000.raw`,
      `${live}/header.json`,
      "config/agentd.toml"
    ])
    expect(backup.sessions).toBe(2)
    for (const path of [home.vault, ...everything(home.vault)]) expect(statSync(path).mode & 0o077, path).toBe(0)
    expect(await verified(home)).toMatchObject({ backups: [{ id: backup.id, damaged: [] }], damaged: [] })
  })

  it("costs what has changed since the one before, and any of them can go without the others", async () => {
    const home = await makeHome()
    const first = await backUp(home, { at: 1 })
    writeFileSync(join(home.places.transcripts, sessionId(2), "00000000000000000000.idx"), "changed")
    const second = await backUp(home, { at: 2 })
    expect(first.stored).toBeGreaterThan(20_000)
    expect(second.stored).toBeLessThan(10_000)
    const third = await backUp(home, { at: 3, keep: { ...KEEP_ALL, last: 1 } })
    expect(third.removed).toEqual([second.backup.id, first.backup.id])
    expect(await listed(home)).toEqual([third.backup.id])
    const used = new Set(manifestOf(home, third.backup.id).parts.map(({ sha256 }) => sha256))
    const objects = everything(join(home.vault, "objects")).filter((path) => lstatSync(path).isFile())
    expect(objects.length).toBe(used.size)
    expect(await verified(home)).toMatchObject({ backups: [{ damaged: [] }] })
  })

  it("heals an object that an earlier one has and that is damaged by now", async () => {
    const home = await makeHome()
    const first = await backUp(home)
    const archived = manifestOf(home, first.backup.id).parts.find(({ path }) => path.endsWith(".cast.zst"))!
    writeFileSync(objectPath(home.vault, archived.sha256), "rotten")
    expect(await verified(home)).toMatchObject({ backups: [{ damaged: [{ part: archived.path }] }] })
    await backUp(home)
    expect((await verified(home)).backups.map(({ damaged }) => damaged)).toEqual([[], []])
  })

  it("that was never finished is not listed, and what it left goes with the next", async () => {
    const home = await makeHome()
    const { backup } = await backUp(home)
    // As after a power cut at the worst moment: everything is there but the list's name.
    const id = `bak_${"0".repeat(26)}`
    const orphan = objectPath(home.vault, "ab".repeat(32))
    mkdirSync(dirname(orphan), { recursive: true })
    writeFileSync(orphan, "nobody's")
    writeFileSync(join(home.vault, "tmp", manifestName(id)), encodeManifest(manifestOf(home, backup.id)))
    writeFileSync(join(home.vault, "tmp", "agentd.db"), "half")
    expect(await listed(home)).toEqual([backup.id])
    expect(await failure(stageJob(home, id, home.places))).toMatchObject({ _tag: "BackupNotFound", backup: id })
    await backUp(home)
    expect(readdirSync(join(home.vault, "tmp"))).toEqual([])
    expect(existsSync(orphan)).toBe(false)
  })

  it("leaves out links and pipes, and says so", async () => {
    const home = await makeHome()
    const extra = temporary()
    writeFileSync(join(extra, "kept"), "a file")
    mkdirSync(join(extra, "below"))
    writeFileSync(join(extra, "below", "kept too"), "another")
    symlinkSync("/etc/passwd", join(extra, "link"))
    const { backup, skipped } = await backUp(home, { extra })
    expect(skipped).toEqual(["extra/link"])
    expect(
      manifestOf(home, backup.id)
        .parts.flatMap(({ path }) => (path.startsWith("extra") ? [path] : []))
        .sort()
    ).toEqual(["extra/below/kept too", "extra/kept"])
  })

  it("takes the configuration through the link that people keep it behind", async () => {
    const home = await makeHome()
    const file = join(home.places.config, "agentd.toml")
    const elsewhere = join(temporary(), "dotfile")
    writeFileSync(elsewhere, "# mine\n")
    rmSync(file)
    symlinkSync(elsewhere, file)
    const { backup } = await backUp(home)
    expect(manifestOf(home, backup.id).parts.at(-1)).toMatchObject({ path: "config/agentd.toml", bytes: 7 })
  })

  it("is not made of a database that is damaged, nor beside somebody else's files", async () => {
    const home = await makeHome()
    const database = readFileSync(home.places.database)
    database.fill(0xff, 8192, 20_000)
    writeFileSync(home.places.database, database)
    for (const journal of ["-wal", "-shm"]) rmSync(`${home.places.database}${journal}`, { force: true })
    expect(await failure(createJob(home))).toMatchObject({ _tag: "BackupFailed" })
    expect(await listed(home)).toEqual([])
    const repository = { places: home.places, vault: temporary() }
    mkdirSync(join(repository.vault, "objects"))
    expect(await failure(createJob(repository))).toMatchObject({
      reason: expect.stringContaining("other things than backups")
    })
    chmodSync(repository.vault, 0o1777)
    expect(await failure(createJob(repository))).toMatchObject({
      reason: expect.stringContaining("other things than backups")
    })
    chmodSync(home.vault, 0o770)
    expect(await failure(createJob(home))).toMatchObject({ reason: expect.stringContaining("chmod 700") })
  })

  it("is refused where no directory can be made, and nobody waits for it", async () => {
    const nowhere = { places: (await makeHome()).places, vault: "/proc/nowhere/agentd" }
    expect(await failure(createJob(nowhere))).toMatchObject({
      reason: expect.stringMatching(/\/proc\/nowhere\/agentd cannot be used for backups.*backup\.directory/)
    })
  })
})

describe("a damaged backup", () => {
  it.each([
    ["is cut short", (object: Buffer) => object.subarray(0, -1), "ends too soon"],
    [
      "has a bit turned over",
      (object: Buffer) =>
        Buffer.concat([object.subarray(0, -2), Buffer.from([object.at(-2)! ^ 1]), object.subarray(-1)]),
      "is not what was written"
    ],
    ["is empty", () => Buffer.alloc(0), "ends too soon"]
  ])("is refused by the name of the part that %s, and nothing is left behind", async (_, damage, reason) => {
    const home = await makeHome()
    const { backup } = await backUp(home)
    const part = manifestOf(home, backup.id).parts.find(({ path }) => path.endsWith(".raw"))!
    const path = objectPath(home.vault, part.sha256)
    writeFileSync(path, damage(readFileSync(path)))
    const before = readdirSync(home.places.state)
    expect(await failure(stageJob(home, backup.id, home.places))).toMatchObject({
      _tag: "BackupDamaged",
      backup: backup.id,
      part: part.path,
      reason
    })
    expect(readdirSync(home.places.state)).toEqual(before)
    expect((await verified(home)).backups[0]!.damaged).toEqual([{ part: part.path, reason }])
  })

  it("is refused when a part is missing, and when its list was changed or cut", async () => {
    const home = await makeHome()
    const { backup } = await backUp(home)
    const file = join(home.vault, manifestName(backup.id))
    const text = readFileSync(file, "utf8")
    for (const changed of [
      text.replace('"bytes":', '"bytes": '),
      text.slice(0, -10),
      text.slice(text.indexOf("\n") + 1),
      ""
    ]) {
      writeFileSync(file, changed)
      expect(await failure(stageJob(home, backup.id, home.places))).toMatchObject({
        _tag: "BackupDamaged",
        part: expect.stringContaining("list of parts")
      })
      expect(await run(list({ do: "list", directory: home.vault }))).toMatchObject({
        backups: [],
        damaged: [{ file: manifestName(backup.id) }]
      })
    }
    // What an unreadable list names cannot be known, so nothing of it goes.
    const objects = everything(join(home.vault, "objects"))
    await backUp(home, { keep: { ...KEEP_ALL, last: 1 } })
    expect(everything(join(home.vault, "objects"))).toEqual(expect.arrayContaining([...objects]))
    writeFileSync(file, text)
    const part = manifestOf(home, backup.id).parts.at(-1)!
    rmSync(objectPath(home.vault, part.sha256))
    expect(await failure(stageJob(home, backup.id, home.places))).toMatchObject({
      part: part.path,
      reason: "is missing"
    })
  })
})

describe("a hostile backup", () => {
  it("cannot name a path that leads out, however it is spelled", () => {
    for (const path of [
      "../agentd.toml",
      "/etc/passwd",
      "transcripts/../../x",
      "transcripts//x",
      "transcripts/./x",
      "transcripts",
      "config/",
      "agentd.db/x",
      "agentd.lock",
      "plan.json",
      "extra/a\0b",
      "extra/a\nb",
      "extra/a\\b",
      `extra/${"x".repeat(256)}`,
      `extra/${"x/".repeat(20)}x`,
      ""
    ])
      expect(isPartPath(path), path).toBe(false)
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (tail) => {
        const path = `extra/${tail}`
        if (isPartPath(path)) expect(join("/state", path)).toBe(`/state/${path}`)
      })
    )
  })

  it("is refused whole when its list names such a path, or one twice, or more than it has", async () => {
    const home = await makeHome()
    const { backup } = await backUp(home)
    const manifest = manifestOf(home, backup.id)
    const [part] = manifest.parts
    for (const extra of [{ ...part!, path: "extra/../../../evil" }, part!]) {
      forge(home, {
        ...manifest,
        backup: { ...backup, parts: manifest.parts.length + 1 },
        parts: [...manifest.parts, extra]
      })
      expect(await failure(stageJob(home, backup.id, home.places))).toMatchObject({ _tag: "BackupDamaged" })
    }
    forge(home, { ...manifest, parts: manifest.parts.slice(1) })
    expect(await failure(stageJob(home, backup.id, home.places))).toMatchObject({ _tag: "BackupDamaged" })
  })

  it("cannot put a file where another part needs a folder", async () => {
    const home = await makeHome()
    const { backup } = await backUp(home)
    const manifest = manifestOf(home, backup.id)
    const part = manifest.parts.at(-1)!
    const parts = [...manifest.parts, { ...part, path: "extra/a" }, { ...part, path: "extra/a/b" }]
    forge(home, { ...manifest, backup: { ...backup, parts: parts.length }, parts })
    expect(await failure(stageJob(home, backup.id, home.places))).toMatchObject({ _tag: "BackupFailed" })
    expect(readdirSync(home.places.state).filter((name) => name.startsWith("restoring"))).toEqual([])
  })

  it("cannot fill the disk with an object that holds more than its list says", async () => {
    const vault = temporary()
    const zeros = zstdCompressSync(Buffer.alloc(1024 * 1024))
    const head = Buffer.alloc(12)
    head.writeUInt32LE(0x184d2a5b, 0)
    head.writeUInt32LE(4, 4)
    head.writeUInt32LE(zeros.length, 8)
    const content = { bytes: 10, sha256: "cd".repeat(32) }
    mkdirSync(dirname(objectPath(vault, content.sha256)), { recursive: true })
    writeFileSync(objectPath(vault, content.sha256), Buffer.concat(new Array(1000).fill(Buffer.concat([head, zeros]))))
    let taken = 0
    const read = () =>
      readObject(vault, content, (piece) => {
        taken += piece.length
      })
    expect(read).toThrow("has more than its 10 bytes")
    // One frame that swells to more than a frame may.
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024))
    head.writeUInt32LE(bomb.length, 8)
    writeFileSync(objectPath(vault, content.sha256), Buffer.concat([head, bomb]))
    expect(read).toThrow("is not what was written")
    expect(taken).toBe(0)
  })

  it("cannot have a link or a folder read in place of an object", async () => {
    const home = await makeHome()
    const { backup } = await backUp(home)
    const part = manifestOf(home, backup.id).parts.at(-1)!
    const path = objectPath(home.vault, part.sha256)
    rmSync(path)
    symlinkSync("/dev/zero", path)
    expect(await failure(stageJob(home, backup.id, home.places))).toMatchObject({ reason: "is not a regular file" })
    rmSync(path)
    mkdirSync(path)
    expect(await failure(stageJob(home, backup.id, home.places))).toMatchObject({ reason: "is not a regular file" })
  })

  it("that claims more than there is room for is refused before anything is written", async () => {
    const home = await makeHome()
    const { backup } = await backUp(home)
    const manifest = manifestOf(home, backup.id)
    forge(home, { ...manifest, parts: manifest.parts.map((part) => ({ ...part, bytes: 2 ** 50 })) })
    expect(await failure(stageJob(home, backup.id, home.places))).toMatchObject({
      reason: expect.stringContaining("no room")
    })
  })

  it("of any bytes at all is refused, never taken for another", () => {
    const id = `bak_${"0".repeat(26)}`
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => "wrong" in decodeManifest(id, Buffer.from(bytes)))
    )
  })
})

it("an object gives back exactly what was stored, whatever its length", () => {
  const vault = temporary()
  const source = join(vault, "source")
  for (const length of [0, 1, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 3_000_000]) {
    const bytes = Buffer.alloc(length, "some text that repeats; ")
    writeFileSync(source, bytes)
    const fd = openSync(source, "r")
    const content = putObject(vault, fd, length, join(vault, "temporary"))
    closeSync(fd)
    expect(content).toMatchObject({ bytes: length, sha256: createHash("sha256").update(bytes).digest("hex") })
    const back: Array<Buffer> = []
    readObject(vault, content, (piece) => void back.push(Buffer.from(piece)))
    expect(Buffer.concat(back).equals(bytes)).toBe(true)
  }
})
