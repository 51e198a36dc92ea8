/**
 * Sessions: the capability the rest of agentd exists for. What can be asked of it, in one place; each answer has its own file.
 */
import { Context, Effect, type FileSystem, Layer, type SubscriptionRef } from "effect"
import type { Settings } from "../config/Settings.ts"
import type { SessionAmbiguous, SessionEnded, SessionNotFound, StorageUnavailable } from "../contract/errors/Errors.ts"
import type { Begin, Caller, HandlersFor } from "../contract/Handler.ts"
import type { HandedAttachment } from "../contract/Handover.ts"
import type { AgentRef } from "../contract/Identity.ts"
import type { MethodName, Params } from "../contract/Methods.ts"
import type { Boot } from "../host/Boot.ts"
import type { Directories } from "../host/files/Directories.ts"
import { ProcessTable } from "../host/processes/ProcessTable.ts"
import type { InputPipes } from "../host/pty/InputPipe.ts"
import type { Environment } from "../host/self/Environment.ts"
import { Handover } from "../host/self/Handover.ts"
import type { Self } from "../host/self/Self.ts"
import type { EventLog } from "../store/EventLog.ts"
import { attach, reattach } from "./attaching/Attach.ts"
import { assign, detach, input, purpose, remove, rename, resize, signal, stop, tag } from "./Changes.ts"
import { importSessions } from "./Import.ts"
import { forEyesOf, get, list, seen } from "./List.ts"
import type { Launcher } from "./launching/Launcher.ts"
import { LiveSessions } from "./life/LiveSessions.ts"
import { recover } from "./life/Recover.ts"
import { retaining } from "./life/Retain.ts"
import type { Supervisor } from "./life/Supervisor.ts"
import { nudge } from "./Nudge.ts"
import { offer } from "./Offer.ts"
import { output } from "./Output.ts"
import { reportState } from "./ReportState.ts"
import { allowed, allowedTags, callerOf } from "./reach/Access.ts"
import { remembered, sessionOf } from "./reach/Membership.ts"
import { resolveLive } from "./reach/Resolve.ts"
import { history, screen } from "./Screen.ts"
import { type SessionRecord, SessionStore } from "./SessionStore.ts"
import type { Histories } from "./screen/Histories.ts"
import type { Screens } from "./screen/Screens.ts"
import { resumeOnBoot } from "./starting/OnBoot.ts"
import { plan, resume } from "./starting/Resume.ts"
import { start } from "./starting/Start.ts"
import type { States } from "./state/States.ts"
import type { Recordings } from "./transcript/Recordings.ts"
import { wait } from "./Wait.ts"

type SessionMethod = Extract<MethodName, `session.${string}`>

export class Sessions extends Context.Service<
  Sessions,
  {
    readonly requests: HandlersFor<SessionMethod>
    /** How many sessions live. */
    readonly live: SubscriptionRef.SubscriptionRef<number>
    readonly count: Effect.Effect<{ readonly live: number; readonly ended: number }>
    /** Names of the sessions that live. */
    readonly names: () => ReadonlyArray<string>
    /** Id of the session a process runs in, or null. */
    readonly ofProcess: (pid: number) => () => string | null
    /** Starts a session that acts for an agent. */
    readonly startAs: (
      params: Params<"session.start">,
      agent: AgentRef,
      caller: Caller
    ) => ReturnType<HandlersFor<"session.start">["session.start"]>
    /** Types a line into a session once it is idle and nobody types, if that comes soon; false when the session does not live. */
    readonly nudge: (session: string, text: string) => Effect.Effect<boolean>
    /** Has a live session act for an agent, or for none. */
    readonly assign: (
      session: string,
      agent: AgentRef | null
    ) => ReturnType<HandlersFor<"session.purpose">["session.purpose"]>
    /** The live session a request means. */
    readonly findLive: (
      reference: string
    ) => Effect.Effect<SessionRecord, SessionNotFound | SessionAmbiguous | SessionEnded | StorageUnavailable>
    /** Sessions that live. */
    readonly records: () => ReadonlyArray<SessionRecord>
    /** Begins anew what a client was attached to under the version of the daemon before this one; null when it is gone. */
    readonly reattach: (handed: HandedAttachment) => Effect.Effect<Begin | null>
  }
>()("agentd/sessions/Sessions") {
  static readonly layer = Layer.effect(
    Sessions,
    Effect.gen(function* () {
      yield* recover()
      yield* Effect.forkScoped(resumeOnBoot)
      yield* Effect.forkScoped(retaining)
      const context = yield* Effect.context<Needs>()
      const scope = yield* Effect.scope
      const sessions = yield* LiveSessions
      sessions.last = (yield* Handover).received?.last ?? null
      const store = yield* SessionStore
      const table = yield* ProcessTable
      const provide = <A, E>(effect: Effect.Effect<A, E, Needs>): Effect.Effect<A, E> => Effect.provide(effect, context)
      const records = () => [...sessions.entries.values()].map(({ record }) => record)
      /** About a session that whoever asks must be allowed to reach. */
      const guarded =
        <P extends { readonly session: string }, A, E>(
          run: (params: P, caller: Caller) => Effect.Effect<A, E, Needs>
        ) =>
        (params: P, caller: Caller) =>
          provide(
            Effect.flatMap(allowed(params.session, caller.peer), (session) => run({ ...params, session }, caller))
          )

      return {
        live: sessions.count,
        count: Effect.orElseSucceed(store.count, () => ({ live: sessions.entries.size, ended: 0 })),
        names: () => records().map(({ name }) => name),
        records,
        ofProcess: (pid) => remembered(() => sessionOf(pid, table, records()), sessions),
        startAs: (params, agent, { peer }) =>
          provide(Effect.flatMap(callerOf(peer), (caller) => start(params, { agent, caller }))),
        nudge: (session, text) =>
          Effect.suspend(() => {
            const entry = sessions.entries.get(session)
            return entry === undefined
              ? Effect.succeed(false)
              : Effect.as(Effect.forkIn(nudge(entry.live, text), scope), true)
          }),
        assign: (session, agent) => provide(assign(session, agent)),
        findLive: (reference) => provide(Effect.map(resolveLive(reference), ({ record }) => record)),
        reattach: (handed) =>
          provide(Effect.catch(reattach(handed), (error) => Effect.as(Effect.logError(error.message), null))),
        requests: {
          "session.start": (params, { peer }) =>
            provide(Effect.flatMap(callerOf(peer), (caller) => start(params, { caller }))),
          "session.list": (params, { peer }) => provide(Effect.flatMap(list(params), forEyesOf(peer))),
          "session.get": ({ session }, { peer }) => provide(seen(session, peer)),
          "session.stop": guarded((params) => Effect.flatMap(stop(params), get)),
          "session.remove": guarded(remove),
          "session.rename": guarded(rename),
          "session.tag": guarded((params, { peer }) =>
            Effect.andThen(allowedTags(params.add ?? [], peer), tag(params))
          ),
          "session.purpose": ({ session, ...params }, caller) =>
            session === undefined
              ? provide(purpose(params, caller.peer.session))
              : guarded(() => purpose({ session, ...params }, caller.peer.session))({ session }, caller),
          "session.resize": guarded(resize),
          "session.input": guarded(input),
          "session.signal": guarded(signal),
          "session.output": guarded(output),
          "session.screen": guarded(screen),
          "session.history": guarded(history),
          // How another session is doing is no secret, what it prints is.
          "session.wait": (params, caller) =>
            params.for === "output"
              ? guarded(wait)(params, caller)
              : provide(
                  Effect.flatMap(wait(params), (result) =>
                    Effect.map(forEyesOf(caller.peer)({ sessions: [result.session] }), ({ sessions: [session] }) => ({
                      ...result,
                      session: session!
                    }))
                  )
                ),
          "session.report": (params, { peer }) => provide(reportState(params, peer.session)),
          "session.attach": guarded(attach),
          "session.detach": guarded(detach),
          "session.offer": (params, { peer }) => provide(offer(params, peer.session)),
          "session.resume": guarded((params, { peer }) =>
            Effect.flatMap(callerOf(peer), (caller) => resume(params, caller))
          ),
          "session.continuation": (params) => provide(plan(params)),
          "session.import": (params) => provide(importSessions(params))
        }
      }
    })
  )
}

type Needs =
  | Boot
  | Directories
  | Environment
  | EventLog
  | FileSystem.FileSystem
  | Handover
  | Histories
  | InputPipes
  | Launcher
  | LiveSessions
  | ProcessTable
  | Recordings
  | Screens
  | Self
  | SessionStore
  | Settings
  | States
  | Supervisor
