/** An inbox of very many messages: the same work for a page as in a small one, as SQLite's own plans say. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { type Filter, planList } from "../../src/messages/List.ts"
import { messageProjection } from "../../src/messages/MessageProjection.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"
import { store, temporaryDirectory } from "../store/fixture.ts"

const common = { workspace: "home", reader: "agt_1", limit: 20 }
const filters: Readonly<Record<string, Filter>> = {
  inbox: { ...common, box: "inbox" },
  "unread messages": { ...common, box: "inbox", unread: true },
  "an inbox from a place on": { ...common, box: "inbox", before: "f", oldest: true },
  archive: { ...common, box: "archive" },
  workspace: { ...common, box: "all" },
  outbox: { ...common, box: "outbox" },
  thread: { ...common, box: "all", thread: "msg_1" },
  "one author's messages": { ...common, box: "all", author: "agt_2" },
  scope: { ...common, box: "inbox", scope: "task:1" }
}

describe("a page of", () => {
  it.each(Object.entries(filters))("%s is read from an index in its order, without sorting or scanning", (_, filter) =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { parameters, query } = planList(filter)
      const steps = yield* Effect.flatMap(Sqlite, ({ read }) =>
        read((sql) => sql.unsafe<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, parameters))
      ).pipe(Effect.provide(store(directory, [messageProjection])))
      const plan = steps.map(({ detail }) => detail).join("\n")
      expect(plan).toMatch(/SEARCH \w+ USING .*(INDEX|PRIMARY KEY)/)
      expect(plan).not.toMatch(/SCAN|TEMP B-TREE/)
    }).pipe(Effect.scoped, Effect.runPromise)
  )

  it("unread messages goes through the unread ones only", () => {
    const { query } = planList(filters["unread messages"]!)
    expect(query).toContain("b.unread = 1")
    expect(query).not.toContain("b.inbox = 1")
  })
})
