/**
 * Everything a session's terminal has ever shown, line by line, from the first: what scrolled out, the screen, a full-screen program's
 * last picture.
 */
import { Schema } from "effect"
import { SessionRef } from "./Session.ts"
import { StyledLine } from "./Styled.ts"

const Cursor = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{16}$/u, { expected: "the cursor of an answer before" })
).annotate({ title: "history cursor" })

export const HistoryParams = Schema.Struct({
  session: SessionRef,
  format: Schema.optionalKey(Schema.Literals(["text", "styled"])).annotateKey({
    description: "`text` (the default): a string a line. `styled`: runs of characters that look alike."
  }),
  cursor: Schema.optionalKey(Cursor).annotateKey({
    description:
      "Goes on where the answer that gave it ended. It is kept for a minute. Default: from the first line, up to what has been printed by then."
  })
})

export const History = Schema.Struct({
  cols: Schema.Int,
  lines: Schema.optionalKey(Schema.Array(Schema.String)).annotateKey({
    description: "`text`: lines as they were printed, those that the terminal wrapped in one piece."
  }),
  styled: Schema.optionalKey(Schema.Array(StyledLine)).annotateKey({ description: "`styled`: the same with looks." }),
  missing: Schema.Int.annotateKey({
    description:
      "Bytes of output before these lines' end that were never recorded or are gone, since the answer before."
  }),
  cursor: Schema.NullOr(Cursor).annotateKey({ description: "For the next request; null: that was all." })
}).annotate({ identifier: "History" })
export type History = typeof History.Type
