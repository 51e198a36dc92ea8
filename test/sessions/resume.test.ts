/** After an interruption: what is listed, what is started again, and that it is started once. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Flags } from "../../src/config/Environment.ts"
import type { Session } from "../../src/contract/session/Session.ts"
import { placesIn } from "../../src/host/files/Directories.ts"
import { retain } from "../../src/sessions/life/Retain.ts"
import { tooOften } from "../../src/sessions/starting/OnBoot.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import type { Sandbox } from "../support/Sandbox.ts"
import { type InProcessDaemon, openDaemon, refusal, spawnDaemon } from "./support.ts"

const nextBoot = "11111111-2222-3333-4444-555555555555"

/** The next daemon of a sandbox, in this process; by default after a reboot. */
const next = (sandbox: Sandbox, boot: string | undefined = nextBoot) =>
  openDaemon({
    places: placesIn(
      { runtime: sandbox.runtime, state: sandbox.state, config: join(sandbox.root, "config", "agentd") },
      undefined
    ),
    ...(boot === undefined ? {} : { boot })
  })

const thisBoot = () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()

const all = async (daemon: InProcessDaemon) => (await daemon.call("session.list", { all: true })).sessions

/** The session that continues this one, once it is there. */
const successor = async (daemon: InProcessDaemon, { id }: Session): Promise<Session> => {
  await daemon.effect(
    Effect.gen(function* () {
      const log = yield* EventLog
      for (let after = 0; ; ) {
        const { events, next } = yield* log.read({ after, limit: 1000 })
        if (events.some(({ body }) => body.type === "session.started" && body.resumedFrom === id)) return
        yield* log.grown(next)
        after = next
      }
    })
  )
  const { resumedBy } = await daemon.call("session.get", { session: id })
  return daemon.call("session.get", { session: resumedBy! })
}

describe("after the daemon was killed", () => {
  it("sessions are interrupted: by a reboot when the machine has booted since, lost otherwise", async () => {
    const { daemon, sandbox, user } = await spawnDaemon()
    await user.start(["cat"], { name: "one" })
    await daemon.kill()
    const same = await next(sandbox, thisBoot())
    expect(await all(same)).toMatchObject([{ status: "interrupted", exit: { by: "lost" } }])
    await same.start(["cat"], { name: "two" })
    await same.close()
    const { daemon: third, sandbox: other, user: again } = await spawnDaemon()
    await again.start(["cat"])
    await third.kill()
    expect(await all(await next(other))).toMatchObject([{ status: "interrupted", exit: { by: "reboot", code: null } }])
  })

  it("one that asked for it is started again by itself: name, directory, size, tags, time and input as before", async () => {
    const { daemon, sandbox, user } = await spawnDaemon()
    const params = {
      name: "mine",
      cwd: "/usr",
      cols: 91,
      rows: 31,
      tags: ["t"],
      ttlMs: 600_000,
      stdin: "pipe",
      restart: "on-boot"
    } as const
    const session = await user.start(["cat"], params)
    const never = await user.start(["cat"])
    await daemon.kill()
    const after = await next(sandbox)
    expect(await successor(after, session)).toMatchObject({ ...params, argv: ["cat"], resumedFrom: session.id })
    expect(await after.call("session.get", { session: never.id })).toMatchObject({
      status: "interrupted",
      restart: "never",
      resumedBy: null
    })
  })

  it("it is started again once: not by the daemon after that, and not on request", async () => {
    const { daemon, sandbox, user } = await spawnDaemon()
    const session = await user.start("exit 0", { restart: "on-boot", name: "short" })
    const lasting = await user.start(["cat"], { restart: "on-boot", name: "lasting" })
    await user.ended(session.id)
    await daemon.kill()
    const second = await next(sandbox)
    const first = await successor(second, lasting)
    expect(await refusal(second.call("session.resume", { session: lasting.id }))).toMatchObject({
      tag: "AlreadyResumed",
      data: { by: first.id }
    })
    // Ended by its user, it is not interrupted: nothing is to be done for it any more.
    await second.call("session.stop", { session: first.id })
    expect(await refusal(second.call("session.resume", { session: lasting.id, once: true }))).toMatchObject({
      tag: "AlreadyResumed"
    })
    await second.call("session.remove", { session: first.id })
    await second.close()
    const third = await next(sandbox, "yet another")
    await third.run("true")
    expect((await all(third)).map(({ name, status }) => [name, status])).toEqual([
      ["short", "exited"],
      ["lasting", "interrupted"],
      [expect.any(String), "exited"]
    ])
  })

  it("what is asked for twice at the same time is done once", async () => {
    const { daemon, sandbox, user } = await spawnDaemon()
    const session = await user.start(["cat"])
    await daemon.kill()
    const after = await next(sandbox)
    const asked = await Promise.allSettled(
      Array.from({ length: 5 }, () => after.call("session.resume", { session: session.id, once: true }))
    )
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(1)
    expect((await all(after)).filter(({ resumedFrom }) => resumedFrom === session.id)).toHaveLength(1)
  })

  it("a daemon killed after it had recorded the resumption does not lead to a second one", async () => {
    const { daemon, sandbox, user } = await spawnDaemon()
    const session = await user.start(["cat"], { restart: "on-boot" })
    await daemon.kill()
    const second = sandbox.spawn()
    await second.ready
    const client = await second.connect()
    for (let by = null; by === null; ) by = (await client.result("session.get", { session: session.id })).resumedBy
    await second.kill()
    const third = await next(sandbox)
    const sessions = await all(third)
    const [, resumed] = sessions
    expect(resumed).toMatchObject({ resumedFrom: session.id })
    // The one that came of it was interrupted in its turn, and goes on in its turn.
    expect(await successor(third, resumed!)).toMatchObject({ resumedFrom: resumed!.id })
    expect((await all(third)).filter(({ resumedFrom }) => resumedFrom === session.id)).toHaveLength(1)
  })

  it("one that cannot be started keeps no other from it, and stays to be resumed later", async () => {
    const { daemon, sandbox, user } = await spawnDaemon()
    const gone = join(sandbox.root, "gone")
    mkdirSync(gone)
    const stuck = await user.start(["cat"], { restart: "on-boot", cwd: gone })
    const fine = await user.start(["cat"], { restart: "on-boot" })
    await daemon.kill()
    rmdirSync(gone)
    const after = await next(sandbox)
    await successor(after, fine)
    expect(await after.call("session.get", { session: stuck.id })).toMatchObject({ resumedBy: null })
    expect(await refusal(after.call("session.resume", { session: stuck.id }))).toMatchObject({ tag: "BadDirectory" })
    mkdirSync(gone)
    expect(await after.call("session.resume", { session: stuck.id })).toMatchObject({ cwd: gone })
  })
})

describe("the mark for the next boot", () => {
  it("is there from the start of the first session that wants it to the end of the last", async () => {
    const daemon = await openDaemon()
    const mark = join(daemon.places.state, "resume-on-boot")
    await daemon.start(["cat"])
    expect(existsSync(mark)).toBe(false)
    const one = await daemon.start(["cat"], { restart: "on-boot" })
    expect(existsSync(mark)).toBe(true)
    const two = await daemon.start(["cat"], { restart: "on-boot" })
    await daemon.call("session.stop", { session: one.id })
    await daemon.call("session.stop", { session: two.id })
    await expect.poll(() => existsSync(mark)).toBe(false)
  })

  it("stays for a session that was interrupted until it has been started again", async () => {
    const { daemon, sandbox, user } = await spawnDaemon()
    const gone = join(sandbox.root, "gone")
    mkdirSync(gone)
    const session = await user.start(["cat"], { restart: "on-boot", cwd: gone })
    await daemon.kill()
    rmdirSync(gone)
    const after = await next(sandbox)
    expect(await after.call("session.get", { session: session.id })).toMatchObject({ resumedBy: null })
    expect(existsSync(join(sandbox.state, "resume-on-boot"))).toBe(true)
  })
})

describe("what is configured", () => {
  it("holds for sessions that say nothing", async () => {
    const daemon = await openDaemon({ config: { "session.restart": "on-boot" } })
    expect(await daemon.start(["cat"])).toMatchObject({ restart: "on-boot" })
    expect(await daemon.start(["cat"], { restart: "never" })).toMatchObject({ restart: "never" })
  })
})

describe("resuming", () => {
  it("an agent goes on with its conversation, and says beforehand what it would run", async () => {
    const daemon = await openDaemon()
    const bin = join(daemon.places.state, "bin")
    mkdirSync(bin)
    writeFileSync(join(bin, "claude"), '#!/bin/sh\necho "[$*]"\n', { mode: 0o755 })
    const env = { PATH: `${bin}:/usr/bin:/bin` }
    const { session } = await daemon.run(["claude", "--model", "opus", "fix it"], { env })
    const argv = ["claude", "--continue", "--model", "opus"]
    expect(await daemon.call("session.continuation", { session: session.id })).toMatchObject({
      program: "Claude Code",
      argv,
      cwd: "/"
    })
    expect(await daemon.call("session.continuation", { session: session.id, fresh: true })).toMatchObject({
      program: null,
      argv: session.argv
    })
    const { id } = await daemon.call("session.resume", { session: session.id, env })
    expect((await daemon.ended(id)).argv).toEqual(argv)
    expect((await daemon.output(id)).toString()).toBe("[--continue --model opus]\r\n")
    const fresh = await daemon.call("session.resume", { session: session.id, env, fresh: true })
    expect(fresh.argv).toEqual(session.argv)
  })
})

describe("two agents in one directory", () => {
  it("do not both go on with its most recent conversation; those that have an id do", async () => {
    const daemon = await openDaemon()
    const bin = join(daemon.places.state, "bin")
    mkdirSync(bin)
    writeFileSync(join(bin, "claude"), '#!/bin/sh\n[ -n "$STAY" ] && exec cat\nexit 0\n', { mode: 0o755 })
    const PATH = `${bin}:/usr/bin:/bin`
    const over = async (...argv: ReadonlyArray<string>) =>
      (await daemon.run(["claude", ...argv], { env: { PATH } })).session.id
    const ids = [
      await over(),
      await over(),
      await over("--session-id", "0b1b6b9e-64a9-4c2b-8a5e-2d1f6f6f0c11")
    ] as const
    const resume = (session: string, params = {}) =>
      daemon.call("session.resume", { session, env: { PATH, STAY: "yes" }, ...params })
    const both = await Promise.allSettled([resume(ids[0]), resume(ids[1])])
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"])
    const refused = ids[both.findIndex(({ status }) => status === "rejected")]!
    expect(await refusal(resume(refused))).toMatchObject({
      tag: "Conflict",
      message: expect.stringContaining("The most recent conversation of Claude Code in / may be that of session")
    })
    expect((await resume(ids[2])).argv).toContain("--resume")
    expect((await resume(refused, { fresh: true })).argv).toEqual(["claude"])
  })
})

describe("a session that is interrupted again and again", () => {
  it("is left alone after three starts within ten minutes", () => {
    const minute = 60_000
    expect(tooOften([100 * minute, 99 * minute, 98 * minute], 101 * minute)).toBe(true)
    expect(tooOften([100 * minute, 99 * minute, 80 * minute], 101 * minute)).toBe(false)
    expect(tooOften([100 * minute], 101 * minute)).toBe(false)
  })
})

describe("what came before a resumed session", () => {
  /** A session that was resumed twice; each printed its own line. */
  const chain = async (config: Flags = {}) => {
    const daemon = await openDaemon({ config })
    const script = 'echo "$SAYS"; [ "$SAYS" = third ] && exec cat; exit 0'
    const env = (SAYS: string) => ({ PATH: "/usr/bin:/bin", SAYS })
    const { session: first } = await daemon.run(["sh", "-c", script], { env: env("first"), name: "talk" })
    const second = await daemon.call("session.resume", { session: first.id, env: env("second") })
    await daemon.ended(second.id)
    const third = await daemon.call("session.resume", { session: second.id, env: env("third") })
    await daemon.printed(third.id, "third")
    return { daemon, first, second, third }
  }

  it("is in its scrollback, above an empty screen, with a line between that says how it ended", async () => {
    const { daemon, third } = await chain()
    const screen = await daemon.call("session.screen", { session: third.id, scrollback: 100 })
    expect(screen.lines!.filter((line) => line !== "")).toEqual([
      "first",
      expect.stringMatching(/^── talk until it was resumed: exit code 0, \d{4}-.*Z ──$/),
      "second",
      expect.stringMatching(/^── talk until it was resumed: exit code 0/),
      "third"
    ])
    const shown = await daemon.call("session.screen", { session: third.id })
    expect(shown.lines!.slice(0, 2)).toEqual(["third", ""])
  })

  it("is there for full-screen programs too: the last picture of the one before, above that of the one now", async () => {
    const daemon = await openDaemon()
    const script = 'printf "\\033[?1049h\\033[2J\\033[3;5Hpicture of $SAYS"; [ "$SAYS" = now ] && exec cat; exit 0'
    const env = (SAYS: string) => ({ PATH: "/usr/bin:/bin", SAYS })
    const { session } = await daemon.run(["sh", "-c", script], { env: env("before") })
    const { id } = await daemon.call("session.resume", { session: session.id, env: env("now") })
    await daemon.printed(id, "of now")
    const pictures = /picture of before.*until it was resumed.*picture of now/s
    const params = { session: id, scrollback: 100 }
    expect((await daemon.call("session.screen", params)).lines!.join("\n")).toMatch(pictures)
    expect((await daemon.call("session.screen", { ...params, format: "ansi" })).ansi).toMatch(pictures)
    expect((await daemon.call("session.screen", { session: id })).lines!.join()).not.toContain("before")
  })

  it("is sent to a client that attaches and asks for lines above the screen", async () => {
    const { daemon, third } = await chain()
    const drawn = async (params: { readonly scrollback?: number }) => {
      const attachment = await daemon.client.attach({ session: third.id, ...params })
      for await (const message of attachment) {
        if (message.type !== "snapshot") continue
        await attachment.detach()
        return message.bytes.toString()
      }
      throw new Error("no snapshot came")
    }
    expect(await drawn({ scrollback: 1_000 })).toMatch(/first.*second.*third/s)
    expect(await drawn({})).not.toContain("second")
  })

  it("is kept by retention for as long as the session that continues it lives", async () => {
    // Nothing that has ended may stay.
    const { daemon, first, second, third } = await chain({ "transcript.keep_bytes": "0B" })
    await daemon.run("echo other")
    const ids = async () => (await all(daemon)).map(({ id }) => id)
    /** Their transcripts are closed in the background. */
    const closed = () =>
      expect
        .poll(async () => (await all(daemon)).every(({ exit, transcript }) => !exit || transcript?.endsWith(".zst")))
        .toBe(true)
    await closed()
    await daemon.effect(retain())
    expect(await ids()).toEqual([first.id, second.id, third.id])
    await daemon.call("session.stop", { session: third.id })
    await closed()
    await daemon.effect(retain())
    expect(await ids()).toEqual([])
  })
})
