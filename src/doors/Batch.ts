/**
 * A JSON-RPC batch: its requests run at the same time, and one array answers them all, in their order.
 */
import { batch, failure, type Incoming, invalidRequest } from "../wire/JsonRpc.ts"

type Run = (item: Incoming, done: (answer: string | null) => void) => void

/**
 * Answers that have come so far, each a text or null for none; undefined: not yet. A request that is no batch has one.
 */
export type Answers = Array<string | null | undefined>

/**
 * Calls `done` once, when the last of them is answered: with null if none of them asked for an answer. Only those are run that
 * `answers` has none for; it is filled.
 */
export const runBatch = (
  items: ReadonlyArray<Incoming>,
  run: Run,
  done: (answer: string | null) => void,
  answers: Answers
): void => {
  let open = items.filter((_, at) => answers[at] === undefined).length
  items.forEach((item, at) => {
    if (answers[at] !== undefined) return
    const answered = (answer: string | null) => {
      answers[at] = answer
      open -= 1
      if (open === 0) done(batch(answers.filter((text) => text != null)))
    }
    // It would turn the connection into frames with answers still to come.
    if (item.kind === "request" && item.method === "session.attach") {
      answered(failure(item.id, invalidRequest('"session.attach" cannot be part of a batch.')))
    } else run(item, answered)
  })
}
