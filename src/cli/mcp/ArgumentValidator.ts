/**
 * Checks what a model gives a tool, and says what is wrong with it in words that it can act on: the library's own are about the schema, and a
 * model that is told "String does not match pattern" tries the same again.
 *
 * The schema is read where the usual validator compiles it: 10 MB less for each of these processes, and nothing here is checked often.
 */
import type { JsonSchemaType, JsonSchemaValidator } from "@modelcontextprotocol/server"
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/server/validators/cf-worker"

/** What of a schema for one argument is told. */
interface ArgumentSchema {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
}

export class ArgumentValidator extends CfWorkerJsonSchemaValidator {
  override getValidator<T>(schema: JsonSchemaType): JsonSchemaValidator<T> {
    const check = super.getValidator<T>(schema)
    const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, ArgumentSchema>> }
    return (input) => {
      const result = check(input)
      if (result.valid || typeof input !== "object" || input === null) return result
      const given = input as Readonly<Record<string, unknown>>
      const wrong = Object.entries(properties).find(
        ([name, part]) => Object.hasOwn(given, name) && !super.getValidator(part as JsonSchemaType)(given[name]).valid
      )
      return wrong === undefined ? result : { ...result, errorMessage: expected(...wrong) }
    }
  }
}

const expected = (name: string, { description, maximum, minimum, pattern, title, type }: ArgumentSchema): string => {
  const kind = title ?? type ?? "other value"
  const range = minimum === undefined ? "" : ` from ${minimum}${maximum === undefined ? " on" : ` to ${maximum}`}`
  const form = pattern === undefined ? "" : ` of the form ${pattern}`
  return `"${name}" has to be ${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}${range}${form}. ${description ?? ""}`.trim()
}
