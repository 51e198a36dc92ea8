/** `agentctl bug-report`: written, opened with tar, and searched for what must not be in it. */
import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { describeEvent, describeSession } from "../../src/cli/bugreport/parts.ts"
import { tar } from "../../src/cli/bugreport/tar.ts"
import { makeSandbox, type Sandbox } from "../support/Sandbox.ts"
import { agentctl, asked } from "./support/agentctl.ts"

/** Everything in the archive, by name, as tar(1) unpacks it. */
const unpack = (file: string): Readonly<Record<string, string>> => {
  const folder = mkdtempSync(join(tmpdir(), "agentd-report-"))
  try {
    execFileSync("tar", ["--extract", "--gzip", "--file", file, "--directory", folder])
    const [inside] = readdirSync(folder)
    return Object.fromEntries(
      readdirSync(join(folder, inside!)).map((name) => [name, readFileSync(join(folder, inside!, name), "utf8")])
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const planted = {
  key: "sk-ant-api03-PLANTEDplanted0123456789",
  github: "ghp_PLANTED0123456789abcdefghijABCDEFGHIJ",
  password: "plantedHunter2",
  header: "plantedBearer.token~value",
  task: "fix the planted leak in the payment code",
  output: "planted words of a program"
}

const withSecrets = async (sandbox: Sandbox) => {
  await sandbox.start()
  await agentctl(sandbox, [
    "run",
    "-d",
    "--name",
    "planted-name",
    "-t",
    "planted-tag",
    "-e",
    `API_KEY=${planted.key}`,
    "--",
    "sh",
    "-c",
    `echo "${planted.output}"; exec sleep 1000`,
    planted.task,
    "--password",
    planted.password
  ])
  await agentctl(sandbox, ["wait", "planted-name", "--for", "output", "--pattern", "planted words"])
  const log = [
    JSON.stringify({
      time: "now",
      level: "error",
      message: `could not run ${planted.task}`,
      cause: `Authorization: Bearer ${planted.header}`
    }),
    `pushed with https://me:${planted.password}@git.example/x and ${planted.github} from ${sandbox.home}/work`,
    JSON.stringify({ time: "now", level: "warn", message: "kept: the disk is nearly full" })
  ]
  writeFileSync(join(sandbox.state, "agentd.log"), `${log.join("\n")}\n`, { mode: 0o600 })
}

describe("a bug report", () => {
  it("holds what helps, and nothing that was planted", async () => {
    await using sandbox = makeSandbox()
    await withSecrets(sandbox)
    const file = join(sandbox.root, "report.tar.gz")
    const { code, stderr, stdout } = await agentctl(sandbox, ["bug-report", "-o", file])
    expect([code, stderr]).toEqual([0, ""])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const files = unpack(file)
    for (const name of Object.keys(files)) expect(stdout).toMatch(new RegExp(`^${name} +[0-9.]+ (B|KiB)`, "m"))

    const everything = Object.values(files).join("\n")
    for (const secret of Object.values(planted)) expect(everything).not.toContain(secret)
    for (const private_ of ["planted-name", "planted-tag", sandbox.home]) expect(everything).not.toContain(private_)
    expect(files["daemon.log"]).toContain("kept: the disk is nearly full")
    expect(files["daemon.log"]).toContain("https://[redacted:url]@git.example/x and [redacted:token] from ~/work")
    expect(JSON.parse(files["versions.json"]!)).toMatchObject({
      agentctl: "0.1.0",
      daemon: { server: { name: "agentd" } }
    })
    expect(JSON.parse(files["doctor.json"]!)).toContainEqual(expect.objectContaining({ check: "store", level: "ok" }))
    expect(JSON.parse(files["config.json"]!).values).toContainEqual(
      expect.objectContaining({ key: "session.cols", origin: "built-in" })
    )
    expect(JSON.parse(files["sessions.json"]!)).toMatchObject([{ program: "sh", status: "running" }])
    expect(JSON.parse(files["machine.json"]!)).toMatchObject({
      kernel: expect.stringContaining("Linux"),
      daemon: { descriptors: expect.any(Number) }
    })
    const events = files["events.jsonl"]!.trim()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["daemon.started", "session.started", "session.running"])
    )
    expect(Object.keys(events[1])).toEqual(["seq", "at", "id", "type", "session"])
  })

  it("has names, directories and arguments when asked, still without secrets and output", async () => {
    await using sandbox = makeSandbox()
    await withSecrets(sandbox)
    const file = join(sandbox.root, "report.tar.gz")
    await agentctl(sandbox, ["bug-report", "--with-commands", "-o", file])
    const files = unpack(file)
    expect(files["sessions.json"]).toContain("planted-name")
    expect(files["sessions.json"]).toContain(planted.task)
    const everything = Object.values(files).join("\n")
    for (const secret of [planted.key, planted.github, planted.header, planted.password])
      expect(everything).not.toContain(secret)
    expect(JSON.parse(files["sessions.json"]!)[0]).not.toHaveProperty("output")
  })

  it("is only listed with --dry-run, and never written over a file", async () => {
    await using sandbox = makeSandbox()
    await sandbox.start()
    const file = join(sandbox.root, "report.tar.gz")
    const listed = await agentctl(sandbox, ["bug-report", "--dry-run", "-o", file])
    expect(listed.stdout).toMatch(/^daemon\.log .*the daemon's log$/m)
    expect(readdirSync(sandbox.root)).not.toContain("report.tar.gz")
    writeFileSync(file, "mine")
    expect(await agentctl(sandbox, ["bug-report", "-o", file])).toMatchObject({
      code: 6,
      stderr: expect.stringContaining("exists")
    })
    expect(readFileSync(file, "utf8")).toBe("mine")
  })

  it("is made without a daemon too, and where one cannot start", async () => {
    await using sandbox = makeSandbox()
    sandbox.configure("[session]\ncols = -1\n")
    mkdirSync(sandbox.state)
    chmodSync(sandbox.state, 0o700)
    const file = join(sandbox.root, "report.tar.gz")
    const { files } = await asked(sandbox, ["bug-report", "-o", file])
    expect(files.map(({ name }: { name: string }) => name)).toContain("doctor.json")
    const unpacked = unpack(file)
    expect(unpacked["doctor.json"]).toContain("session.cols")
    expect(unpacked["sessions.json"]).toContain("no daemon answers")
  })
})

test("of a session its figures are told, of an event that it happened", () => {
  const session = {
    id: "ses_1",
    name: "n",
    argv: ["/usr/bin/claude", "secret"],
    cwd: "/home/ada",
    tags: ["t"],
    transcript: "/home/ada/t",
    clients: [],
    status: "running"
  } as never
  expect(describeSession(session, false)).toEqual({
    id: "ses_1",
    status: "running",
    clients: 0,
    tags: 1,
    recorded: true,
    program: "claude"
  })
  const body = { type: "session.renamed", session: "ses_1", name: "private" } as const
  expect(describeEvent({ seq: 7, id: "evt_1", at: 0, body } as never)).toEqual({
    seq: 7,
    at: "1970-01-01T00:00:00.000Z",
    id: "evt_1",
    type: "session.renamed",
    session: "ses_1"
  })
})

test("an archive is what tar(1) reads, with nobody's name on it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", maxLength: 2_000 }), { minLength: 1, maxLength: 5 }),
      (texts) => {
        const folder = mkdtempSync(join(tmpdir(), "agentd-tar-"))
        try {
          const archive = join(folder, "x.tar")
          writeFileSync(
            archive,
            tar(
              texts.map((text, at) => ({ name: `d/${at}.txt`, text })),
              new Date(1_700_000_000_000)
            )
          )
          const listed = execFileSync("tar", ["--list", "--verbose", "--numeric-owner", "--file", archive], {
            encoding: "utf8"
          })
          expect(
            listed
              .trim()
              .split("\n")
              .map((line) => line.split(/\s+/).slice(0, 2).join(" "))
          ).toEqual(texts.map(() => "-rw------- 0/0"))
          execFileSync("tar", ["--extract", "--file", archive, "--directory", folder])
          expect(texts.map((_, at) => readFileSync(join(folder, "d", `${at}.txt`), "utf8"))).toEqual(
            texts.map((text) => Buffer.from(text).toString())
          )
        } finally {
          rmSync(folder, { recursive: true })
        }
      }
    ),
    { numRuns: 20 }
  )
})
