/**
 * SQL as tagged templates: a text with its parameters, run on one connection of the driver's.
 *
 * Below the driver's own templates, which put a text together, look for a transaction and open a span for each statement: several times
 * what SQLite itself takes for it, and a message that is sent takes ten. The text of a template is put together once, and the
 * connection keeps what it has prepared by its text.
 */
import type { SQLInputValue } from "node:sqlite"
import { Effect } from "effect"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"

export type { SqlError }

type Value = SQLInputValue

/** A piece of SQL with its parameters, to be put into a template. */
export class Fragment {
  readonly text: string
  readonly values: ReadonlyArray<Value>

  constructor(text: string, values: ReadonlyArray<Value>) {
    this.text = text
    this.values = values
  }
}

export type Rows<A> = Effect.Effect<ReadonlyArray<A>, SqlError>

type Row = Readonly<Record<string, unknown>>

export interface Sql {
  /** Runs a statement; each `${value}` is a parameter, each `${fragment}` a part of the text. */
  <A extends object = Row>(strings: TemplateStringsArray, ...values: ReadonlyArray<Value | Fragment>): Rows<A>
  /** Runs a text that was put together, with a `?` for each parameter. */
  readonly unsafe: <A extends object = Row>(text: string, values?: ReadonlyArray<Value>) => Rows<A>
  /** Runs a pragma that does what it does when it is prepared: each time anew, not as it was kept. */
  readonly setting: (text: string) => Rows<Row>
  /** A part of a template's text. Whatever goes in here is SQL: nothing that a peer has said. */
  readonly part: (strings: TemplateStringsArray, ...values: ReadonlyArray<Value | Fragment>) => Fragment
  readonly literal: (text: string) => Fragment
  /** The name of a table. */
  readonly table: (name: string) => Fragment
  /** `(columns) VALUES (…)` of one row. */
  readonly insert: (row: Readonly<Record<string, Value>>) => Fragment
  /** All of them; TRUE for none. */
  readonly and: (conditions: ReadonlyArray<Fragment>) => Fragment
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

const part = (strings: TemplateStringsArray, ...given: ReadonlyArray<Value | Fragment>): Fragment => {
  let text = strings[0]!
  const values: Array<Value> = []
  for (let at = 0; at < given.length; at++) {
    const one = given[at]!
    if (one instanceof Fragment) {
      text += one.text
      values.push(...one.values)
    } else {
      text += "?"
      values.push(one)
    }
    text += strings[at + 1]!
  }
  return new Fragment(text, values)
}

const insert = (row: Readonly<Record<string, Value>>): Fragment => {
  const columns = Object.keys(row)
  return new Fragment(
    `(${columns.map(quoted).join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    Object.values(row)
  )
}

const helpers = {
  part,
  insert,
  literal: (text: string) => new Fragment(text, []),
  table: (name: string) => new Fragment(quoted(name), []),
  and: (conditions: ReadonlyArray<Fragment>) =>
    conditions.length === 0
      ? new Fragment("TRUE", [])
      : new Fragment(
          `(${conditions.map(({ text }) => text).join(" AND ")})`,
          conditions.flatMap(({ values }) => values)
        )
}

export const makeSql = (connection: Connection): Sql => {
  /** The text of a template without fragments is always the same. */
  const byTemplate = new WeakMap<TemplateStringsArray, string>()

  // The driver answers plain objects of the columns' names; which ones is the query's business.
  const run = <A>(text: string, values: ReadonlyArray<Value>): Rows<A> => connection.execute(text, values, undefined)

  const sql = <A>(strings: TemplateStringsArray, ...given: ReadonlyArray<Value | Fragment>): Rows<A> => {
    if (!areValues(given)) {
      const { text, values } = part(strings, ...given)
      return run(text, values)
    }
    let text = byTemplate.get(strings)
    if (text === undefined) {
      text = strings.join("?")
      byTemplate.set(strings, text)
    }
    return run(text, given)
  }

  return Object.assign(sql, helpers, {
    unsafe: <A>(text: string, values: ReadonlyArray<Value> = []): Rows<A> => run(text, values),
    setting: (text: string): Rows<Row> => Effect.suspend(() => connection.executeUnprepared(text, [], undefined))
  })
}

const areValues = (given: ReadonlyArray<Value | Fragment>): given is ReadonlyArray<Value> =>
  !given.some((one) => one instanceof Fragment)
