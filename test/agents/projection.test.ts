import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { agentProjection } from "../../src/agents/AgentProjection.ts"
import type { EventBody } from "../../src/contract/Event.ts"
import { agentId, registered, stamped, withRows } from "./support.ts"

/** Event n registers agent n. */
const who = fc.integer({ min: 0, max: 9 }).map(agentId)
const body: fc.Arbitrary<EventBody> = fc.oneof(
  fc.constantFrom("ant", "bee").map(registered),
  fc.record({ agent: who, role: fc.constantFrom(null, "r", "s") }).map(
    ({ agent, role }): EventBody => ({
      type: "agent.changed",
      agent,
      role,
      module: null,
      display: null,
      worktree: null
    })
  ),
  fc
    .record({ agent: who, status: fc.constantFrom("idle" as const, "working" as const) })
    .map(({ agent, status }): EventBody => ({ type: "agent.status", agent, status, note: null })),
  fc.record({ agent: who }).map(({ agent }): EventBody => ({ type: "agent.deleted", agent, by: agent, reason: null })),
  fc
    .record({ members: fc.option(fc.array(who, { maxLength: 3 })) })
    .map(({ members }): EventBody => ({ type: "group.changed", group: "g", members, by: agentId(1) }))
)

describe("agents and groups", () => {
  it("are the same whatever order events arrive in", async () => {
    const histories = fc.array(body, { minLength: 2, maxLength: 12 }).chain((bodies) => {
      const events = bodies.map((one, n) => stamped(n, one, n % 2))
      return fc.record({
        events: fc.constant(events),
        shuffled: fc.shuffledSubarray(events, { minLength: events.length })
      })
    })
    await withRows([agentProjection], (rowsAfter) =>
      fc.assert(
        fc.asyncProperty(histories, async ({ events, shuffled }) => {
          expect(await rowsAfter(shuffled)).toEqual(await rowsAfter(events))
        }),
        { numRuns: 200 }
      )
    )
  })
})
