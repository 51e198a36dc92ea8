/** Many rows at once: the same rows as one by one, whatever their number. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { insertRows } from "../../src/store/insertRows.ts"
import { Sqlite } from "../../src/store/Sqlite.ts"
import { sqlite, temporaryDirectory } from "./fixture.ts"

const inDatabase = <A, E>(test: Effect.Effect<A, E, Sqlite>) =>
  Effect.flatMap(temporaryDirectory, (directory) => Effect.provide(test, sqlite(directory)))

describe("rows put in together", () => {
  it.live("are those that were given, however many", () =>
    inDatabase(
      Effect.flatMap(Sqlite, ({ transaction }) => {
        const texts = fc.array(fc.string(), { maxLength: 70 })
        const same = (rows: Array<{ readonly id: number; readonly text: string }>) =>
          transaction((sql) =>
            Effect.gen(function* () {
              yield* sql`CREATE TABLE notes (text TEXT, id INTEGER PRIMARY KEY)`
              yield* insertRows(sql, { table: "notes" }, rows)
              const there = yield* sql<object>`SELECT id, text FROM notes ORDER BY id`
              yield* sql`DROP TABLE notes`
              assert.deepStrictEqual(
                there.map((row) => ({ ...row })),
                rows
              )
            })
          )
        return Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(texts, (all) => Effect.runPromise(same(all.map((text, id) => ({ id, text }))))),
            { numRuns: 60 }
          )
        )
      })
    )
  )

  it.live("may replace what is there, or leave it", () =>
    inDatabase(
      Effect.flatMap(Sqlite, ({ transaction }) =>
        transaction((sql) =>
          Effect.gen(function* () {
            yield* sql`CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)`
            const rows = (text: string, from: number) => [0, 1].map((n) => ({ id: from + n, text }))
            yield* insertRows(sql, { table: "notes" }, rows("first", 1))
            yield* insertRows(sql, { table: "notes", verb: "INSERT OR IGNORE" }, rows("second", 2))
            yield* insertRows(
              sql,
              { table: "notes", onConflict: "(id) DO UPDATE SET text = excluded.text" },
              rows("third", 3)
            )
            const there = yield* sql<{ text: string }>`SELECT text FROM notes ORDER BY id`
            assert.deepStrictEqual(
              there.map(({ text }) => text),
              ["first", "first", "third", "third"]
            )
          })
        )
      )
    )
  )
})
