/**
 * `docs/reference/protocol.md` and `events.md`: every method, shape, notification, frame, limit and error of the contract.
 */
import { EventBody } from "../../../src/contract/Event.ts"
import { type ErrorTag, errorCodes } from "../../../src/contract/errors/ErrorCodes.ts"
import { FrameType } from "../../../src/contract/Frames.ts"
import { jsonSchemaOf } from "../../../src/contract/JsonSchema.ts"
import * as Limits from "../../../src/contract/Limits.ts"
import type { MethodName } from "../../../src/contract/Methods.ts"
import { commonErrors, errorSummaries, methodErrors } from "../../../src/contract/Reference.ts"
import type { openRpcDocument } from "../../../src/doors/OpenRpc.ts"
import { documented } from "./constants.ts"
import { code, fieldsOf, page, type Schema, sentence, table, typeOf } from "./markdown.ts"

const limits: Readonly<Record<string, number>> = { ...Limits }

type Document = ReturnType<typeof openRpcDocument>
type Method = Document["methods"][number]

const anchor = (heading: string) =>
  `#${heading
    .toLowerCase()
    .replace(/[^a-z0-9 _-]/g, "")
    .replaceAll(" ", "-")}`

export const protocolPage = (document: Document): string =>
  page(
    "Protocol reference",
    "Every method, shape, frame, limit and error of the socket. [docs/protocol.md](../protocol.md) explains how they play together, [openrpc.json](openrpc.json) is the same for programs.",
    "## Methods",
    table(
      ["Method", "What it does", "Deadline"],
      document.methods.map((method) => [
        `[${code(method.name)}](${anchor(method.name)})`,
        method.summary,
        deadlineOf(method)
      ])
    ),
    ...document.methods.flatMap(methodPart),
    "## Strings",
    "Strings of a certain form, by the names the tables use; the form is a regular expression.",
    table(["Name", "Form"], stringForms(document)),
    "## Shapes",
    "Objects that several methods and notifications share.",
    ...Object.entries(document.components.schemas).flatMap(([name, schema]) => shapePart(name, schema)),
    "## Notifications",
    "Sent by the daemon on a connection that called `event.watch` or `subscribe`.",
    ...notifications(document),
    "## Frames",
    `After [\`session.attach\`](${anchor("session.attach")}) the connection carries frames: \`[type u8][length u32 BE][payload]\`, payload at most ${Limits.MAX_FRAME_BYTES} bytes. Numbers are big-endian, offsets and sequence numbers u64. Types from 0x80 on may be ignored by whoever does not know them.`,
    table(["Type", "Name", "Meaning"], frames()),
    "## Limits",
    table(
      ["Limit", "Value", "Meaning"],
      documented("src/contract/Limits.ts", /^export const (\w+)/).map(({ comment, name }) => [
        code(name),
        String(limits[name]),
        sentence(comment)
      ])
    ),
    "## Errors",
    'On the wire an error is `{"code", "message", "data": {"tag", …}}`: the message says what to do, the code and tag stay the same for ever. The exit code is what `agentctl` gives for it.',
    `Any method may answer ${commonErrors.map((tag) => code(tag)).join(", ")}, and \`DeadlineExceeded\` if it has a deadline; the errors named at a method come on top.`,
    table(
      ["Error", "Code", "Exit", "Meaning", "Data beside `tag`"],
      Object.entries(errorCodes).map(([tag, { code: number, exit }]) => [
        tag,
        String(number),
        String(exit),
        errorSummaries[tag as ErrorTag],
        dataOf(document["x-error-data"][tag])
      ])
    )
  )

const deadlineOf = (method: Method) => {
  const deadline = method["x-deadline-ms"]
  return deadline === null ? "none: it waits or streams" : `${deadline / 1000} s`
}

const methodPart = (method: Method): ReadonlyArray<string> => {
  const errors = methodErrors[method.name as MethodName] ?? []
  return [
    `### ${method.name}`,
    method.summary,
    method.params.length === 0 ? "No parameters." : parameterTable(method),
    ...resultPart(method.result.schema),
    ...(errors.length === 0 ? [] : [`Errors: ${errors.map((tag) => `[${tag}](#errors)`).join(", ")}.`])
  ]
}

const parameterTable = ({ params }: Method) =>
  table(
    ["Parameter", "Type", "Required", "Meaning"],
    params.flatMap(({ name, required, schema }) =>
      fieldsOf({ properties: { [name]: schema }, required: required ? [name] : [] }).map((field) => [
        code(field.name),
        typeOf(field.schema),
        field.required ? "yes" : "no",
        described(field.schema)
      ])
    )
  )

const resultPart = (schema: Schema): ReadonlyArray<string> => {
  const fields = fieldsOf(schema)
  if (fields.length === 0) return [`Result: ${sentence(typeOf(schema))}${suffix(schema)}`]
  return ["Result:", fieldTable(schema)]
}

const suffix = (schema: Schema) => (typeof schema.description === "string" ? ` ${sentence(schema.description)}` : "")

const shapePart = (name: string, schema: Schema): ReadonlyArray<string> => [
  `### ${name}`,
  ...(typeof schema.description === "string" ? [schema.description] : []),
  fieldTable(schema)
]

const fieldTable = (schema: Schema) =>
  table(
    ["Field", "Type", "Meaning"],
    fieldsOf(schema).map(({ name, required, schema: field }) => [
      code(name),
      `${name === "body" && field.anyOf !== undefined ? "[event](events.md)" : typeOf(field)}${required ? "" : ", may be absent"}`,
      described(field)
    ])
  )

/** A list's items explain themselves when the list does not. */
const described = (schema: Schema): string => {
  const inner = schema.type === "array" ? (schema.items as Schema) : {}
  const text = schema.description ?? inner.description
  return typeof text === "string" ? sentence(text) : ""
}

const notifications = (document: Document): ReadonlyArray<string> => {
  const sent = document.methods.flatMap((method) =>
    "x-notifications" in method ? Object.entries(method["x-notifications"] ?? {}) : []
  )
  return Object.entries(Object.fromEntries(sent)).flatMap(([name, schema]) => shapePart(name, schema))
}

/** Every titled string in the document with its pattern. */
const stringForms = (document: Document): ReadonlyArray<ReadonlyArray<string>> => {
  const forms = new Map<string, string>()
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return
    const { pattern, title } = node as Schema
    if (typeof title === "string" && typeof pattern === "string") forms.set(title, pattern)
    for (const value of Object.values(node)) visit(value)
  }
  visit(document)
  return [...forms].toSorted().map(([title, pattern]) => [title, code(pattern)])
}

const frames = () =>
  documented("src/contract/Frames.ts", /^ {2}(\w+): 0x/).map(({ comment, name }) => [
    code(`0x${FrameType[name as keyof typeof FrameType].toString(16).padStart(2, "0")}`),
    name,
    sentence(comment)
  ])

const dataOf = (schema: Schema | undefined) =>
  schema === undefined
    ? ""
    : fieldsOf(schema)
        .filter(({ name }) => name !== "tag")
        .map(({ name, schema: field }) => `${code(name)} ${typeOf(field)}`)
        .join(", ")

export const eventsPage = (): string => {
  const { schema } = jsonSchemaOf(EventBody, "#/")
  const bodies = schema.anyOf as ReadonlyArray<Schema>
  const typeNamed = (body: Schema) => fieldsOf(body)[0]!.schema.enum as [string]
  return page(
    "Events",
    "The immutable record of what happened, durable before it is acknowledged. Fields are only ever added. `agentctl events` shows them, [`event.list`](protocol.md#eventlist) and [`event.watch`](protocol.md#eventwatch) give them to programs, each in an envelope: [Event](protocol.md#event).",
    table(
      ["Event", "Recorded when"],
      bodies.map((body) => [`[${code(typeNamed(body)[0])}](${anchor(typeNamed(body)[0])})`, described(body)])
    ),
    ...bodies.flatMap((body) => [
      `## ${typeNamed(body)[0]}`,
      described(body),
      fieldTable({ ...body, properties: withoutType(body) })
    ])
  )
}

const withoutType = (body: Schema) => {
  const { type: _, ...properties } = body.properties as Record<string, Schema>
  return properties
}
