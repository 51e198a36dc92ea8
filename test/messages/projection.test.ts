import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { EventBody } from "../../src/contract/Event.ts"
import { messageProjection } from "../../src/messages/MessageProjection.ts"
import { agentId, messageId, stamped, withRows } from "../agents/support.ts"

const [ant, bee] = [
  { id: agentId(1), name: "ant" },
  { id: agentId(2), name: "bee" }
] as const
/** Event n sends message n. */
const sent = (author: typeof ant | typeof bee, text: string): EventBody => ({
  type: "message.sent",
  author,
  to: [`@${author.name}`, "@team"],
  recipients: [
    { ...ant, delivered: true },
    { ...bee, delivered: false }
  ],
  thread: null,
  replyTo: null,
  scopes: ["task:1"],
  refs: [],
  format: "plain",
  text,
  data: null,
  key: null
})
const message = fc.integer({ min: 0, max: 5 }).map(messageId)
const messages = fc.array(message, { minLength: 1, maxLength: 3 })
const agent = fc.constantFrom(ant.id, bee.id)
const body: fc.Arbitrary<EventBody> = fc.oneof(
  fc.record({ author: fc.constantFrom(ant, bee), text: fc.string() }).map(({ author, text }) => sent(author, text)),
  fc.record({ message, author: agent, text: fc.string() }).map(
    ({ author, message, text }): EventBody => ({
      type: "message.edited",
      message,
      author,
      text,
      format: "markdown",
      data: { n: 1 }
    })
  ),
  fc
    .record({ message, author: agent })
    .map(({ author, message }): EventBody => ({ type: "message.deleted", message, author, reason: null })),
  fc
    .record({ agent, kind: fc.constantFrom("seen" as const, "read" as const), messages })
    .map((given): EventBody => ({ type: "message.received", ...given })),
  fc
    .record({ agent, archived: fc.boolean(), messages })
    .map((given): EventBody => ({ type: "message.filed", ...given }))
)
const history = fc.array(fc.tuple(body, fc.integer({ min: 1, max: 2 })), { minLength: 2, maxLength: 14 })

describe("messages", () => {
  it("are the same whatever order their events arrive in", async () => {
    const histories = history.chain((bodies) => {
      const events = bodies.map(([one, origin], n) => stamped(n, one, origin))
      return fc.record({
        events: fc.constant(events),
        shuffled: fc.shuffledSubarray(events, { minLength: events.length })
      })
    })
    await withRows([messageProjection], (rowsAfter) =>
      fc.assert(
        fc.asyncProperty(histories, async ({ events, shuffled }) => {
          expect(await rowsAfter(shuffled)).toEqual(await rowsAfter(events))
        }),
        { numRuns: 120 }
      )
    )
  })

  it("are counted as the rows say, for any events", async () => {
    await withRows([messageProjection], (rowsAfter) =>
      fc.assert(
        fc.asyncProperty(history, async (bodies) => {
          const rows = await rowsAfter(bodies.map(([one, origin], n) => stamped(n, one, origin)))
          const boxes = rows.mailbox!.map((row) => JSON.parse(row) as Record<string, number | string>)
          for (const row of rows.mailbox_counts!) {
            const { agent, total, unread } = JSON.parse(row) as { agent: string; total: number; unread: number }
            const own = boxes.filter((box) => box.agent === agent)
            expect({ total, unread }).toEqual({
              total: own.filter(({ inbox }) => inbox === 1).length,
              unread: own.filter((box) => box.unread === 1).length
            })
          }
        }),
        { numRuns: 60 }
      )
    )
  })

  it("take an edit and a deletion that came first, and only from their author at their author's installation", async () => {
    const edit = (n: number, author: string, origin = 1) =>
      stamped(
        n,
        { type: "message.edited", message: messageId(1), author, text: `edit ${n}`, format: "plain", data: null },
        origin
      )
    await withRows([messageProjection], async (rowsAfter) => {
      const text = async (...events: ReadonlyArray<ReturnType<typeof stamped>>) =>
        JSON.parse((await rowsAfter([...events, stamped(1, sent(ant, "first"))])).messages![0]!)
      expect(await text()).toMatchObject({ text: "first", version: 1, edited_at: null })
      expect(await text(edit(5, ant.id), edit(4, ant.id))).toMatchObject({ text: "edit 5", version: 3 })
      expect(await text(edit(5, bee.id), edit(6, ant.id, 2))).toMatchObject({ text: "first", version: 1 })
      const deletion = stamped(7, { type: "message.deleted", message: messageId(1), author: ant.id, reason: null })
      expect(await text(deletion, edit(8, ant.id))).toMatchObject({ text: "", bytes: 0, deleted_at: 1_007 })
    })
  })
})
