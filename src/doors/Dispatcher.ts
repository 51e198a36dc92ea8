/**
 * From a request to its answer: looks the method up, checks the parameters, runs the handler under its deadline, encodes what
 * comes out. Knows nothing of sockets.
 */
import { Cause, Clock, Context, Effect, Exit, type Fiber, Layer, References, Result } from "effect"
import { type AgentdError, DeadlineExceeded } from "../contract/errors/Errors.ts"
import type { Caller, Handlers } from "../contract/Handler.ts"
import { about } from "../contract/Log.ts"
import { type MethodName, methods } from "../contract/Methods.ts"
import { RequestMeter, RequestTrace } from "../telemetry/RequestMeter.ts"
import {
  type ErrorObject,
  failure,
  type Id,
  type Incoming,
  internalError,
  methodNotFound,
  success
} from "../wire/JsonRpc.ts"
import { Deadlines } from "./Deadlines.ts"
import { type Decode, parametersOf } from "./Parameters.ts"
import { toErrorObject } from "./toErrorObject.ts"

/** The handlers of all methods, as the daemon composes them. */
export class Requests extends Context.Service<Requests, Handlers>()("agentd/doors/Requests") {}

export type Done = (answer: string | null, succeeded: boolean) => void

/** A request under way; `cancel` interrupts its handler. */
export interface Running {
  readonly cancel: () => void
}

export class Dispatcher extends Context.Service<
  Dispatcher,
  {
    /**
     * Runs one request or notification. `done` is called exactly once, with the answer's text (null for a notification) and
     * whether it is a result: before this returns when the handler needed no waiting (null is returned then), later otherwise.
     */
    readonly dispatch: (item: Incoming, caller: Caller, done: Done) => Running | null
    /** Whether a request takes as long as what it waits for, and may be asked again instead. */
    readonly lasts: (item: Incoming) => boolean
    /** Logs what should not have happened to a connection. */
    readonly fault: (cause: unknown) => void
  }
>()("agentd/doors/Dispatcher") {
  static readonly layer = Layer.effect(
    Dispatcher,
    Effect.flatMap(Requests, (requests) => Dispatcher.make(methods, requests))
  )

  /** For any table of methods: the contract's, or a test's. */
  static readonly make = Effect.fnUntraced(function* (contract: Contract, handlers: object) {
    const trace = yield* RequestTrace
    // Nobody reads the spans of what is not traced.
    const untraced = Context.add(yield* Effect.context<never>(), References.TracerEnabled, false)
    const fork = Effect.runForkWith(trace === null ? untraced : yield* Effect.context<never>())
    const deadlines = new Deadlines(yield* Clock.Clock, fork)
    yield* Effect.addFinalizer(() => Effect.sync(() => deadlines.close()))
    const answered = yield* RequestMeter
    const run = handlers as Readonly<Record<string, Entry["run"]>>
    const table = new Map(Object.entries(contract).map(([name, method]) => [name, entry(method, run[name]!)]))

    return Dispatcher.of({
      lasts: (item) => item.kind !== "invalid" && table.get(item.method)?.deadlineMs === null,
      fault: (cause) =>
        void fork(
          Effect.logError("a connection failed unexpectedly", Cause.die(cause)).pipe(
            Effect.annotateLogs(about("request.failed"))
          )
        ),
      dispatch: (item, caller, done) => {
        if (item.kind === "invalid") {
          done(failure(item.id, item.error), false)
          return null
        }
        const began = performance.now()
        const answer = (outcome: string, text: (id: Id) => string) => {
          done(item.kind === "request" ? text(item.id) : null, outcome === OK)
          answered(item.method, outcome, performance.now() - began)
        }
        const method = table.get(item.method)
        if (method === undefined) {
          answer("MethodNotFound", (id) => failure(id, methodNotFound(item.method)))
          return null
        }
        const params = method.decode(item.params)
        if (Result.isFailure(params)) {
          answer("InvalidParams", (id) => failure(id, toErrorObject(params.failure)))
          return null
        }
        const finish = (exit: Exit.Exit<unknown, AgentdError>) =>
          answer(outcomeOf(exit), (id) =>
            Exit.isSuccess(exit)
              ? success(id, exit.value)
              : failure(
                  id,
                  explain(exit.cause, () => annotations(item, caller), fork)
                )
          )
        const handled = call(() => method.run(params.success, caller))
        const effect = trace === null ? handled : trace(handled, asked(item, caller))
        // What has its answer at hand needs no fiber: a fortieth of a round trip.
        if (isExit(effect)) {
          finish(effect)
          return null
        }
        const fiber = fork(Effect.provideService(effect, References.CurrentLogAnnotations, annotations(item, caller)))
        const exit = fiber.pollUnsafe()
        if (exit !== undefined) {
          finish(exit)
          return null
        }
        return waitFor(fiber, method.deadlineMs, item.method, deadlines, finish)
      }
    })
  })
}

type Answering = Effect.Effect<unknown, AgentdError>

type Asking = Exclude<Incoming, { readonly kind: "invalid" }>

/** Anything else is the tag of an error. */
const OK = "ok"

const outcomeOf = (exit: Exit.Exit<unknown, AgentdError>): string => {
  if (Exit.isSuccess(exit)) return OK
  const failed = Cause.findErrorOption(exit.cause)
  if (failed._tag === "Some") return failed.value._tag
  return Cause.hasInterruptsOnly(exit.cause) ? "Interrupted" : "InternalError"
}

const asked = (item: Asking, { peer }: Caller) => ({
  method: item.method,
  id: item.kind === "request" ? item.id : null,
  pid: peer.pid
})

/** What the log says of lines that are written while a request is answered. */
const annotations = (item: Asking, { peer }: Caller) => ({
  "rpc.method": item.method,
  ...(item.kind === "request" ? { "jsonrpc.request.id": item.id } : {}),
  ...(peer.pid === null ? {} : { "agentd.peer.pid": peer.pid })
})

/** A handler that throws fails like one that dies. */
const call = (run: () => Answering): Answering => {
  try {
    return run()
  } catch (cause) {
    return Exit.die(cause)
  }
}

const isExit = (effect: Answering): effect is Exit.Exit<unknown, AgentdError> => Exit.isExit(effect)

type Contract = Readonly<Record<string, Pick<(typeof methods)[MethodName], "params" | "deadlineMs">>>

type Fork = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

/** There is a deadline only for handlers that do not answer at once. */
const waitFor = (
  fiber: Fiber.Fiber<unknown, AgentdError>,
  deadlineMs: number | null,
  name: string,
  deadlines: Deadlines,
  finish: (exit: Exit.Exit<unknown, AgentdError>) => void
): Running => {
  let finished = false
  const once = (exit: Exit.Exit<unknown, AgentdError>) => {
    if (finished) return
    finished = true
    finish(exit)
  }
  const answered =
    deadlineMs === null
      ? null
      : deadlines.begin(deadlineMs, () => {
          once(Exit.fail(new DeadlineExceeded({ what: name, ms: deadlineMs })))
          fiber.interruptUnsafe()
        })
  fiber.addObserver((exit) => {
    answered?.()
    once(exit)
  })
  return { cancel: () => fiber.interruptUnsafe() }
}

interface Entry {
  readonly deadlineMs: number | null
  readonly decode: Decode
  readonly run: (params: never, caller: Caller) => Effect.Effect<unknown, AgentdError>
}

const entry = ({ deadlineMs, params }: Contract[string], run: Entry["run"]): Entry => ({
  deadlineMs,
  decode: parametersOf(params),
  run
})

/** Expected errors are answered; anything else is our fault: logged in full, and told without its innards. */
const explain = (
  cause: Cause.Cause<AgentdError>,
  asked: () => ReturnType<typeof annotations>,
  fork: Fork
): ErrorObject => {
  const failed = Cause.findErrorOption(cause)
  if (failed._tag === "Some") return toErrorObject(failed.value)
  if (!Cause.hasInterruptsOnly(cause)) {
    const request = asked()
    fork(
      Effect.logError(`"${request["rpc.method"]}" failed unexpectedly`, cause).pipe(
        Effect.annotateLogs(about("request.failed", request))
      )
    )
  }
  return internalError
}
