/**
 * A request that waits for something to happen, made again when the daemon goes away in the middle: who waits for an answer to a
 * message waits for that, and not for the daemon.
 */
import type { MethodName, Params, Result } from "../contract/Methods.ts"
import { AgentdError } from "./AgentdError.ts"
import type { RequestOptions } from "./Connection.ts"
import { mayReturn, type Open, pause, RETRY_MS } from "./Watch.ts"

/** Requests that lose nothing when they are made again: what has happened meanwhile is found as it would have been then. */
export type Waiting = Extract<MethodName, "message.wait">

export const waitAgain = async <M extends Waiting>(
  open: Open,
  method: M,
  params: Params<M>,
  { onAway, signal }: Pick<RequestOptions, "signal"> & { readonly onAway?: (() => void) | undefined }
): Promise<Result<M>> => {
  const end = params.timeoutMs === undefined ? undefined : performance.now() + params.timeoutMs
  let again = false
  for (let retryMs: number = RETRY_MS.first; ; retryMs = Math.min(RETRY_MS.most, retryMs * 2)) {
    const left = end === undefined ? {} : { timeoutMs: Math.max(0, Math.ceil(end - performance.now())) }
    try {
      const connection = await open(again)
      again = true
      retryMs = RETRY_MS.first
      try {
        return (await connection.request(
          method,
          { ...params, ...left },
          {
            timeoutMs: null,
            ...(signal === undefined ? {} : { signal })
          }
        )) as Result<M>
      } finally {
        connection.close()
      }
    } catch (error) {
      // One that was never there is an error; one that has gone may come back.
      if (!again || !mayReturn(error)) throw error
      if (left.timeoutMs === 0) throw new AgentdError("DeadlineExceeded", "The daemon was away when the time was up.")
      if (retryMs === RETRY_MS.first) onAway?.()
      await pause(Math.min(retryMs, left.timeoutMs ?? retryMs), signal)
    }
  }
}
