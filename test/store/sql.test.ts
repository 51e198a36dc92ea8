/** Statements as templates: what becomes of values, fragments and mistakes. */
import * as Driver from "@effect/sql-sqlite-node/SqliteClient"
import { Effect, Exit, Result, Scope } from "effect"
import { Reactivity } from "effect/reactivity"
import { isSqlError } from "effect/sql/SqlError"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { makeSql, type Rows, type Sql } from "../../src/store/Sql.ts"
import { innermostMessage, resultCode } from "../../src/store/SqliteFailure.ts"

let scope: Scope.Closeable
let sql: Sql
beforeEach(async () => {
  scope = Scope.makeUnsafe()
  const driver = await Effect.runPromise(
    Driver.make({ filename: ":memory:" }).pipe(Effect.provide(Reactivity.layer), Scope.provide(scope))
  )
  sql = makeSql(await Effect.runPromise(Scope.provide(driver.reserve, scope)))
  run(sql.unsafe(`CREATE TABLE "odd ""name" (id INTEGER PRIMARY KEY, text TEXT)`))
})
afterEach(() => Effect.runPromise(Scope.close(scope, Exit.void)))

const odd = 'odd "name'
const run = <A>(rows: Rows<A>) => Effect.runSync(rows)

describe("a statement", () => {
  it("takes each value as a parameter, never as SQL", () => {
    const hostile = `x'); DROP TABLE "odd ""name"; --`
    expect(run(sql`INSERT INTO ${sql.table(odd)} ${sql.insert({ id: 1, text: hostile })}`)).toEqual([])
    expect(run(sql`SELECT text FROM ${sql.table(odd)} WHERE text = ${hostile}`)).toEqual([{ text: hostile }])
    expect(run(sql.unsafe("SELECT ? AS a, ? AS b", [hostile, null]))).toEqual([{ a: hostile, b: null }])
  })

  it("runs when its effect does, each time anew, and what one template is given is not kept for the next", () => {
    const get = (value: number) => sql<{ n: number }>`SELECT ${value} + 1 AS n`
    const two = get(1)
    expect([run(two), run(get(41)), run(two)]).toEqual([[{ n: 2 }], [{ n: 42 }], [{ n: 2 }]])
    const either = (part: number | ReturnType<typeof sql.literal>) => sql`SELECT ${part} AS n`
    expect([run(either(7)), run(either(sql.literal("3 + 5"))), run(either(9))]).toEqual([
      [{ n: 7 }],
      [{ n: 8 }],
      [{ n: 9 }]
    ])
  })

  it("is put together from parts, with their parameters in order", () => {
    const where = sql.and([sql.part`id > ${1}`, sql.part`text = ${"b"}`])
    for (const [id, text] of ["a", "b", "b"].entries()) {
      run(sql`INSERT INTO ${sql.table(odd)} ${sql.insert({ id, text })}`)
    }
    expect(run(sql`SELECT id, ${"x"} AS x FROM ${sql.table(odd)} WHERE ${where} AND id < ${9}`)).toEqual([
      { id: 2, x: "x" }
    ])
    expect(run(sql`SELECT COUNT(*) AS n FROM ${sql.table(odd)} WHERE ${sql.and([])}`)).toEqual([{ n: 3 }])
  })

  it("fails with what SQLite says, and the next one runs", () => {
    const fails = (rows: Rows<object>) => Result.getOrThrow(Result.flip(Effect.runSync(Effect.result(rows))))
    const wrong = fails(sql`SELECT nonsense`)
    expect(isSqlError(wrong)).toBe(true)
    expect(resultCode(wrong)).toBe(1)
    expect(innermostMessage(wrong)).toContain("no such column: nonsense")
    run(sql`INSERT INTO ${sql.table(odd)} ${sql.insert({ id: 1, text: "" })}`)
    const again = fails(sql`INSERT INTO ${sql.table(odd)} ${sql.insert({ id: 1, text: "" })}`)
    expect(innermostMessage(again)).toContain("UNIQUE")
    expect(run(sql`SELECT 1 AS n`)).toEqual([{ n: 1 }])
  })

  it("goes on being right when more have been prepared than are kept, and when its table changes", () => {
    for (let n = 0; n < 600; n++) expect(run(sql.unsafe(`SELECT ${n} AS n`))).toEqual([{ n }])
    const all = () => run(sql`SELECT * FROM ${sql.table(odd)}`)
    run(sql`INSERT INTO ${sql.table(odd)} ${sql.insert({ id: 1, text: "a" })}`)
    expect(all()).toEqual([{ id: 1, text: "a" }])
    run(sql`ALTER TABLE ${sql.table(odd)} ADD COLUMN more TEXT DEFAULT 'm'`)
    expect(all()).toEqual([{ id: 1, text: "a", more: "m" }])
  })
})
