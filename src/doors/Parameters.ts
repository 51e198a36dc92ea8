/**
 * The parameters of a request, checked against what its method takes: what does not fit is named, with what was expected there.
 */
import { Result, Schema, SchemaIssue } from "effect"
import { InvalidParams } from "../contract/errors/Errors.ts"

export type Decode = (params: unknown) => Result.Result<never, InvalidParams>

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

export const parametersOf = (params: unknown): Decode => {
  // An unknown field is refused, at any depth: a misspelt option that is ignored does something else than was asked.
  const decode = Schema.decodeUnknownResult(params as Schema.Codec<never>, { onExcessProperty: "error" })
  const order = Object.keys((params as { readonly fields?: object }).fields ?? {})
  return (given) => {
    const named = byName(given, order)
    const unknown = Object.keys(named as object).find((name) => !order.includes(name))
    return unknown === undefined
      ? Result.mapError(decode(named), (error) => explainIssue(error.issue))
      : Result.fail(new InvalidParams({ field: unknown, reason: noSuch(order) }))
  }
}

/** Section 4.2: parameters come by name, or by position in the order the contract lists them. */
const byName = (given: unknown, order: ReadonlyArray<string>): unknown => {
  if (given === undefined) return {}
  if (!Array.isArray(given)) return given
  return Object.fromEntries(given.map((value, at) => [order[at] ?? `[${at}]`, value]))
}

const noSuch = (order: ReadonlyArray<string>) =>
  order.length === 0
    ? "this method takes no parameters"
    : `there is no such parameter; this method takes ${order.map((name) => `"${name}"`).join(", ")}`

const explainIssue = (issue: SchemaIssue.Issue): InvalidParams => {
  const first = formatIssue(issue).issues[0]
  const path = (first?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part))
  return new InvalidParams({ field: path.join("."), reason: (first?.message ?? "it does not fit").replace(/\.$/, "") })
}
