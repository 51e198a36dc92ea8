/** Putting a backup in place: whole, after a power cut at any step too, and never without keeping what was there. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { abandon, apply, asideName, commit, isDecided, readRestored } from "../../src/backup/Apply.ts"
import { EventLog } from "../../src/store/EventLog.ts"
import { placesUnder, temporary } from "../sessions/support.ts"
import { sessionId, sessionStarted, store } from "../store/fixture.ts"
import { append, backUp, eventsIn, type Home, makeHome, PRINTED, run, stageJob } from "./support.ts"

const SAVED = `bak_${"1".repeat(26)}`
const ASIDE = asideName(1_700_000_000_000)

/** A home whose backup is staged and decided, with something newer in it. */
const decided = async (options: { readonly saved?: string | null; readonly config?: boolean } = {}) => {
  const home = await makeHome()
  const { backup } = await backUp(home)
  await append(home.places.state, sessionStarted(3))
  writeFileSync(join(home.places.transcripts, `${sessionId(3)}.cast.zst`), "newer")
  writeFileSync(join(home.places.config, "agentd.toml"), "# newer\n")
  await run(stageJob(home, backup.id, home.places))
  const { config = false, saved = SAVED } = options
  commit(home.places.state, { backup: backup.id, madeAt: backup.at, saved, config, aside: ASIDE })
  return { home, backup }
}

const check = async ({ places }: Home) => {
  expect((await eventsIn(places.state)).map((body) => "session" in body && body.session)).toEqual([
    sessionId(1),
    sessionId(2)
  ])
  expect(readdirSync(places.transcripts).sort()).toEqual([`${sessionId(1)}.cast.zst`, sessionId(2)])
  expect(readFileSync(join(places.transcripts, sessionId(2), "00000000000000000000.raw"), "utf8")).toBe(PRINTED)
  expect(isDecided(places.state)).toBe(false)
}

describe("a backup that is put in place", () => {
  it("replaces the store and the transcripts, and is told of afterwards", async () => {
    const { backup, home } = await decided()
    expect(apply(home.places)).toBe(true)
    await check(home)
    expect(readRestored(home.places.state)).toEqual({
      backup: backup.id,
      madeAt: 1_000,
      saved: SAVED,
      aside: null,
      used: 0
    })
    // It is in a backup of its own.
    expect(existsSync(join(home.places.state, ASIDE))).toBe(false)
    expect(apply(home.places)).toBe(false)
  })

  it("keeps what was there beside it when that is in no backup", async () => {
    const { home } = await decided({ saved: null })
    apply(home.places)
    await check(home)
    const aside = join(home.places.state, ASIDE)
    expect(readRestored(home.places.state)).toMatchObject({ saved: null, aside })
    expect(readFileSync(join(aside, "transcripts", `${sessionId(3)}.cast.zst`), "utf8")).toBe("newer")
    expect((await eventsIn(aside)).length).toBe(3)
  })

  it("leaves a configuration that is there, unless asked, and brings it back where there is none", async () => {
    const kept = await decided()
    apply(kept.home.places)
    const fileOf = ({ places }: Home) => readFileSync(join(places.config, "agentd.toml"), "utf8")
    expect(fileOf(kept.home)).toBe("# newer\n")
    const asked = await decided({ config: true, saved: null })
    apply(asked.home.places)
    expect(fileOf(asked.home)).toBe('[session]\nterm = "xterm"\n')
    expect(readFileSync(join(asked.home.places.state, ASIDE, "agentd.toml"), "utf8")).toBe("# newer\n")
    const none = await decided()
    rmSync(join(none.home.places.config, "agentd.toml"))
    apply(none.home.places)
    expect(fileOf(none.home)).toBe('[session]\nterm = "xterm"\n')
  })

  it("is complete in an empty home, what scripts have added beside it", async () => {
    const home = await makeHome()
    const extra = temporary()
    mkdirSync(join(extra, "db"))
    writeFileSync(join(extra, "db", "dump.sql"), "INSERT")
    const { backup } = await backUp(home, { extra })
    const places = placesUnder(temporary())
    await run(stageJob(home, backup.id, places))
    commit(places.state, { backup: backup.id, madeAt: backup.at, saved: null, config: false, aside: ASIDE })
    apply(places)
    await check({ places, vault: home.vault })
    expect(readFileSync(join(places.config, "agentd.toml"), "utf8")).toBe('[session]\nterm = "xterm"\n')
    expect(readFileSync(join(places.state, `extra-${backup.id}`, "db", "dump.sql"), "utf8")).toBe("INSERT")
    expect(readRestored(places.state)?.aside).toBe(null)
  })

  it("goes on after a power cut before any of its steps", async () => {
    class PowerCut extends Error {}
    for (const saved of [SAVED, null]) {
      const { home: original } = await decided({ saved, config: true })
      for (let cut = 1; ; cut++) {
        const root = temporary()
        const home = { ...original, places: placesUnder(root) }
        cpSync(join(original.places.state, ".."), root, { recursive: true })
        // A journal of the old database that must not be played back into the other one.
        const journal = `${home.places.database}-journal`
        writeFileSync(journal, "the old one's")
        let steps = 0
        const attempt = () =>
          apply(home.places, () => {
            steps += 1
            if (steps === cut) throw new PowerCut()
          })
        let interrupted = false
        try {
          attempt()
        } catch (error) {
          expect(error).toBeInstanceOf(PowerCut)
          interrupted = true
        }
        if (!interrupted) {
          expect(cut).toBeGreaterThan(5)
          break
        }
        expect(apply(home.places)).toBe(true)
        await check(home)
        expect(existsSync(journal)).toBe(false)
        expect(readRestored(home.places.state)).toMatchObject({ saved })
        if (saved === null) expect((await eventsIn(join(home.places.state, ASIDE))).length).toBe(3)
      }
    }
  })

  it("knows which numbers what was there before has given to what it shared, after a power cut, too", async () => {
    const { home: original } = await decided()
    const status = { type: "agent.status", agent: `agt_${"0".repeat(26)}`, status: "idle", note: null } as const
    await Effect.runPromise(
      Effect.flatMap(EventLog, ({ share }) => share("home", [status, status, status])).pipe(
        Effect.provide(store(original.places.state))
      )
    )
    for (let cut = 1, interrupted = true; interrupted; cut++) {
      const places = placesUnder(temporary())
      cpSync(original.places.state, places.state, { recursive: true })
      let steps = 0
      interrupted = false
      try {
        apply(places, () => {
          if (++steps === cut) throw new Error("power cut")
        })
      } catch {
        interrupted = true
      }
      expect(apply(places)).toBe(interrupted)
      expect(readRestored(places.state)).toMatchObject({ used: 3 })
    }
  })

  it("can be given up until it has begun", async () => {
    const { home } = await decided()
    abandon(home.places.state)
    expect(apply(home.places)).toBe(false)
    expect((await eventsIn(home.places.state)).length).toBe(3)
  })
})
