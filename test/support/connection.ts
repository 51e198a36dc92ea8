/**
 * A door without a socket: the daemon's own Connection and Dispatcher over a stream in memory, in front of a test's own methods.
 */
import { duplexPair } from "node:stream"
import { Effect } from "effect"
import type { AgentdError } from "../../src/contract/errors/Errors.ts"
import type { Caller } from "../../src/contract/Handler.ts"
import { Connection } from "../../src/doors/Connection.ts"
import { Dispatcher } from "../../src/doors/Dispatcher.ts"
import { RawClient } from "./RawClient.ts"

type Contract = Parameters<typeof Dispatcher.make>[0]
/** What each method does with its parameters. */
export type Methods = Readonly<Record<string, (params: never, caller: Caller) => Effect.Effect<unknown, AgentdError>>>

/** A client of these methods. Clock and log are those of the Effect it is made in. */
export const connectTo = (contract: Contract, methods: Methods) =>
  Effect.map(Dispatcher.make(contract, methods), (dispatcher) => {
    const [near, far] = duplexPair()
    // As the two ends of a socket do.
    near.on("close", () => far.destroy())
    far.on("close", () => near.destroy())
    const connection = new Connection(far, { uid: 0, pid: 1, session: null }, dispatcher, () => {})
    return { client: new RawClient(near), connection }
  })
