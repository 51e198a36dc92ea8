/**
 * The launcher for systemd: each session is a transient service of its own on the slave side of a PTY, and the master lies in this
 * daemon's file-descriptor store. The daemon may then crash, be killed or be replaced; the sessions go on.
 */
import { closeSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect, Layer, Option } from "effect"
import { LaunchFailed } from "../../contract/errors/Errors.ts"
import { Directories } from "../../host/files/Directories.ts"
import type { ControlGroups } from "../../host/processes/ControlGroups.ts"
import { ProcessTable } from "../../host/processes/ProcessTable.ts"
import { Pty } from "../../host/pty/Pty.ts"
import type { PtyMaster, ReceiveSlot } from "../../host/pty/PtyMaster.ts"
import type { Self } from "../../host/self/Self.ts"
import { UNKNOWN_END } from "../../host/service/ExitRecords.ts"
import { FdStore } from "../../host/service/FdStore.ts"
import { ServiceManager } from "../../host/service/ServiceManager.ts"
import { requireControllers, requireNice, requireSandbox } from "./Enforce.ts"
import { KeptTerminals, STORE_PROPERTIES } from "./KeptTerminals.ts"
import { commandOf, type Ended, Launcher, type LaunchSpec } from "./Launcher.ts"
import {
  EVERY_UNIT,
  environmentFile,
  fdNameOf,
  isAlive,
  SLICE,
  secretPaths,
  sessionOfFdName,
  unitOf,
  unitProperties
} from "./SessionUnit.ts"
import { unitEnds } from "./UnitEnds.ts"
import { KILL_MS, unitStops } from "./UnitStops.ts"
import { unitUsage } from "./UnitUsage.ts"

export const layer = Layer.effect(
  Launcher,
  Effect.gen(function* () {
    const { runtime } = yield* Directories
    const ends = yield* unitEnds
    const manager = yield* ServiceManager
    const pty = yield* Pty
    const store = yield* FdStore
    const table = yield* ProcessTable
    const units = yield* unitStops
    const usage = yield* unitUsage
    const context = yield* Effect.context<ControlGroups | Self | ServiceManager>()
    const scope = yield* Effect.scope
    const environments = join(runtime, "environments")
    // What a daemon that was killed while it started a session left there: nobody reads it any more.
    rmSync(environments, { recursive: true, force: true })
    mkdirSync(environments, { recursive: true, mode: 0o700 })
    const own = manager.ownUnit === null ? [] : [manager.ownUnit]
    const kept = new KeptTerminals(store.inherited.flatMap(({ name }) => sessionOfFdName(name) ?? []))
    const learnLimit = Effect.forEach(own, (unit) =>
      Effect.map(manager.show(unit, STORE_PROPERTIES), (said) => kept.agrees(said, new Set()))
    )
    yield* Effect.forkScoped(Effect.ignore(learnLimit))

    const overflow = () =>
      new LaunchFailed({
        reason: `systemd keeps ${kept.limit} terminals for this daemon and no more. End a session, or raise FileDescriptorStoreMax= of ${own.join()}`
      })
    const keep = Effect.fnUntraced(function* (session: string, fd: number) {
      if (kept.full) return yield* overflow()
      if (!(yield* store.store(fdNameOf(session), fd))) {
        return yield* new LaunchFailed({ reason: "systemd does not keep this daemon's descriptors" })
      }
      kept.add(session)
    })
    const release = (session: string) =>
      Effect.andThen(
        store.remove(fdNameOf(session)),
        Effect.sync(() => kept.delete(session))
      )

    /** The pid of a unit that has been started, once it is certain that its terminal is kept. */
    const confirm = Effect.fnUntraced(function* (unit: string) {
      const { given } = kept
      const found = yield* manager.showAll([unit, ...own], ["MainPID", ...STORE_PROPERTIES])
      const mine = own.map((name) => found.get(name) ?? {})
      if (mine.every((properties) => kept.agrees(properties, given))) return Number(found.get(unit)?.MainPID ?? 0)
      yield* units.killAll(unit)
      return yield* overflow()
    })

    // Asked once for all sessions that are taken over: one question for each would take seconds.
    const found = yield* Effect.cached(
      Effect.orElseSucceed(manager.states(EVERY_UNIT), () => new Map<string, string>())
    )
    const mainPid = (unit: string) =>
      Effect.match(manager.show(unit, ["MainPID"]), {
        onFailure: () => 0,
        onSuccess: ({ MainPID }) => Number(MainPID ?? 0)
      })

    const forgetOnceGone = (session: string) =>
      Effect.forkIn(Effect.andThen(units.gone(unitOf(session), KILL_MS), ends.forget(session)), scope)

    return {
      kind: "systemd",
      outlives: true,
      usage: usage.of,
      check: (limits, sandbox) =>
        requireControllers(limits).pipe(
          Effect.andThen(requireNice(limits)),
          Effect.andThen(sandbox === null ? Effect.void : requireSandbox(sandbox)),
          Effect.provide(context)
        ),
      // From systemd 254 on, where the unit says so; before that the store is emptied when the service stops.
      outlivesStop: Effect.forEach(own, (unit) => manager.show(unit, ["FileDescriptorStorePreserve"])).pipe(
        Effect.map((found) => found.some(({ FileDescriptorStorePreserve }) => FileDescriptorStorePreserve === "yes")),
        Effect.orElseSucceed(() => false)
      ),
      launch: Effect.fnUntraced(function* (spec: LaunchSpec) {
        const { session } = spec
        const { args, file } = commandOf(spec)
        const pair = yield* pty.open(spec.cols, spec.rows, spec.slot)
        const environment = join(environments, session)
        const started = Effect.gen(function* () {
          yield* keep(session, pair.fd)
          writeFileSync(
            environment,
            environmentFile({ ...spec.env, ...secretPaths(dirname(runtime), session, spec.secretFiles) }),
            { mode: 0o600 }
          )
          yield* manager.start({
            unit: unitOf(session),
            description: `agentd session ${session}`,
            slice: SLICE,
            properties: unitProperties(spec, pair.slavePath, environment, ends.command(session), own),
            argv: [file, ...args]
          })
          const pid = yield* confirm(unitOf(session))
          return {
            pid,
            startTime: table.get(pid)?.startTime ?? null,
            master: ends.watched(pair.master),
            ended: ends.ended(session)
          }
        })
        return yield* started.pipe(
          Effect.catchTag("ServiceManagerFailed", (error) => Effect.fail(new LaunchFailed({ reason: error.message }))),
          Effect.tapError(() =>
            Effect.andThen(
              release(session),
              Effect.sync(() => pair.master.close())
            )
          ),
          Effect.tapError(() => forgetOnceGone(session)),
          Effect.ensuring(
            Effect.sync(() => {
              closeSync(pair.slaveFd)
              rmSync(environment, { force: true })
            })
          )
        )
      }),
      end: (session, _launched, graceMs) => units.stop(session, graceMs),
      forget: Effect.fnUntraced(function* (session: string) {
        yield* release(session)
        usage.forget(session)
        yield* ends.forget(session)
      }),
      adopt: Effect.fnUntraced(function* (session: string, slot: ReceiveSlot | null, known: number | null) {
        const inherited = store.inherited.filter(({ name }) => name === fdNameOf(session))
        const masters = yield* Effect.forEach(inherited, ({ fd }) => Effect.option(pty.adopt(fd, slot ?? undefined)))
        const at = masters.findIndex(Option.isSome)
        // Whatever else came under its name, no terminal or one too many, is of no use.
        for (const [index, { fd }] of inherited.entries()) if (index !== at) closeSync(fd)
        const master = masters[at] ?? Option.none<PtyMaster>()
        const unit = unitOf(session)
        const state = (yield* found).get(unit)
        const runs = isAlive(state)
        if (Option.isNone(master)) {
          // Its terminal is lost; a program that nobody can see or type into any more must not run on.
          if (runs) yield* units.killAll(unit)
          yield* release(session)
          yield* forgetOnceGone(session)
          return null
        }
        const pid = known ?? (yield* mainPid(unit))
        const startTime = table.get(pid)?.startTime ?? null
        if (runs) return { pid, startTime, master: ends.watched(master.value), ended: ends.ended(session) }
        const end = yield* ends.known(session)
        // Without a record of its end: its service manager was gone. What it printed last is still in the terminal.
        const ended = Effect.succeed<Ended>(end ?? { ...UNKNOWN_END, unseen: true })
        return { pid, startTime, master: master.value, ended, over: end === null }
      }),
      retain: (sessions: ReadonlyArray<string>) =>
        Effect.forEach(
          store.inherited,
          ({ fd, name }) => {
            const session = sessionOfFdName(name)
            // A listening socket of a unit's is not in the store, and removing its name does nothing.
            if (session === null) return store.remove(name)
            if (sessions.includes(session)) return Effect.void
            return Effect.andThen(
              release(session),
              Effect.sync(() => closeSync(fd))
            )
          },
          { discard: true }
        )
    }
  })
)
