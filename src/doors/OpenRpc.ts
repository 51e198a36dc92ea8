/**
 * The answer of `rpc.discover`: the contract as an OpenRPC 1.3 document (https://spec.open-rpc.org).
 *
 * What OpenRPC has no words for stands in `x-` fields: `x-deadline-ms` (null: it streams or waits), `x-frames` (the
 * connection carries frames afterwards), `x-notifications` (what the daemon sends on its own), `x-error-data`.
 */
import type { Schema } from "effect"
import { EventNotification, GapNotification } from "../contract/Event.ts"
import { type ErrorTag, errorCodes } from "../contract/errors/ErrorCodes.ts"
import { AgentdError } from "../contract/errors/Errors.ts"
import { type Json, jsonSchemaOf } from "../contract/JsonSchema.ts"
import { type MethodName, methods } from "../contract/Methods.ts"
import { commonErrors, errorSummaries, methodErrors } from "../contract/Reference.ts"

const REFS = "#/components/schemas/"

/** The document. It depends on nothing but the version: ask once and keep it. */
export const openRpcDocument = (version: string) => {
  const schemas: Record<string, Json> = {}
  const schemaOf = (schema: Schema.Constraint): Json => {
    const document = jsonSchemaOf(schema, REFS)
    Object.assign(schemas, document.definitions)
    return document.schema
  }
  const contract = Object.keys(methods).map((name) => describeMethod(name as MethodName, schemaOf))
  const errorData = Object.fromEntries(AgentdError.members.map((error) => describeErrorData(error.fields, schemaOf)))
  return {
    openrpc: "1.3.2",
    info: {
      title: "agentd",
      description:
        "Sessions of AI coding agents, kept by the operating system's daemon. JSON-RPC 2.0, one message a line, on a Unix socket.",
      version,
      license: { name: "Apache-2.0" }
    },
    methods: contract,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      errors: Object.fromEntries(
        Object.entries(errorCodes).map(([tag, { code }]) => [tag, { code, message: errorSummaries[tag as ErrorTag] }])
      )
    },
    "x-error-data": errorData
  }
}

const describeMethod = (name: MethodName, schemaOf: (schema: Schema.Constraint) => Json) => {
  const { deadlineMs, params, result, summary } = methods[name]
  const { properties, required } = schemaOf(params) as {
    properties?: Readonly<Record<string, Json>>
    required?: ReadonlyArray<string>
  }
  return {
    name,
    summary,
    paramStructure: "either",
    params: Object.entries(properties ?? {}).map(([field, schema]) => ({
      name: field,
      ...(typeof schema.description === "string" ? { description: schema.description } : {}),
      required: required?.includes(field) ?? false,
      schema
    })),
    result: { name: "result", schema: schemaOf(result) },
    errors: errorsOf(name).map((tag) => ({ $ref: `#/components/errors/${tag}` })),
    "x-deadline-ms": deadlineMs,
    ...(name === "session.attach" ? { "x-frames": true } : {}),
    ...(name === "event.watch" || name === "subscribe"
      ? { "x-notifications": { event: schemaOf(EventNotification), "event.gap": schemaOf(GapNotification) } }
      : {})
  }
}

/** Every error a method is known to answer with, the general ones first. */
export const errorsOf = (name: MethodName): ReadonlyArray<ErrorTag> => {
  const own = methodErrors[name]
  const deadline: ReadonlyArray<ErrorTag> =
    methods[name].deadlineMs === null || own.includes("DeadlineExceeded") ? [] : ["DeadlineExceeded"]
  return [...commonErrors, ...deadline, ...own]
}

/** `data` of an error: its tag, and the fields of its class. */
const describeErrorData = (
  { _tag, ...fields }: (typeof AgentdError.members)[number]["fields"],
  schemaOf: (schema: Schema.Constraint) => Json
): [string, Json] => {
  const tag = _tag.schema.literal
  const required = ["tag", ...Object.keys(fields)]
  const properties = Object.entries(fields as Record<string, Schema.Constraint>).map(([name, field]) => [
    name,
    schemaOf(field)
  ])
  return [tag, { type: "object", required, properties: { tag: { const: tag }, ...Object.fromEntries(properties) } }]
}
