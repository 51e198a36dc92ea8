/**
 * The tools of `agentctl mcp` as MCP describes them (`src/cli/mcp/tools.json`, which the program lists), and for people
 * (`docs/reference/mcp.md`).
 */
import { jsonSchemaOf } from "../../../src/contract/JsonSchema.ts"
import { tools } from "../../../src/contract/tools/Tools.ts"
import { code, fieldsOf, page, type Schema, sentence, table, typeOf } from "./markdown.ts"

type Tool = (typeof tools)[keyof typeof tools]

/** Whole in itself: clients look at one tool at a time, and some follow no references. */
const schemaOf = (schema: Tool["params"] | Tool["result"]): Schema => {
  const { definitions, schema: found } = jsonSchemaOf(schema, "#/")
  const inline = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(inline)
    if (typeof node !== "object" || node === null) return node
    const { $ref, ...rest } = node as Schema
    const shape = typeof $ref === "string" ? definitions[$ref.slice("#/".length)] : undefined
    return Object.fromEntries(Object.entries({ ...shape, ...rest }).map(([key, value]) => [key, inline(value)]))
  }
  return inline(found) as Schema
}

/** A misspelled argument is an error, not something that is silently left out. */
const inputOf = ({ params }: Tool): Schema => {
  const { properties = {}, required } = schemaOf(params)
  return {
    type: "object",
    properties,
    ...(required === undefined ? {} : { required }),
    additionalProperties: false
  }
}

const annotationsOf = ({ hints, title }: Tool) => {
  const { destroys = false, reads = false, repeatable = false } = hints as Readonly<Record<string, boolean>>
  // A closed world: the agents and sessions of one daemon, and nothing on the network.
  return { title, readOnlyHint: reads, destructiveHint: destroys, idempotentHint: repeatable, openWorldHint: false }
}

export const mcpDefinitions = () =>
  Object.entries(tools).map(([name, tool]) => ({
    name,
    title: tool.title,
    description: tool.description,
    inputSchema: inputOf(tool),
    outputSchema: schemaOf(tool.result),
    annotations: annotationsOf(tool),
    ...("flag" in tool ? { flag: tool.flag } : {})
  }))

export const mcpPage = (): string => {
  const all = mcpDefinitions()
  return page(
    "Tools for models",
    "What `agentctl mcp` offers over the Model Context Protocol. [docs/mcp.md](../mcp.md) says how to add it to a client, and what it is good for.",
    table(
      ["Tool", "What it does", "Hints"],
      all.map(({ annotations, name, title }) => [
        `[${code(name)}](#${name})`,
        sentence(title),
        hintsOf(annotations).join(", ")
      ])
    ),
    ...all.flatMap((tool) => [
      `## ${tool.name}`,
      tool.description,
      ...("flag" in tool ? [`Only with \`agentctl mcp --${tool.flag}\`.`] : []),
      ...(fieldsOf(tool.inputSchema).length === 0
        ? ["No arguments."]
        : [fieldTable("Argument", tool.inputSchema, ({ required }) => (required ? "" : ", may be absent"))]),
      "Answers:",
      fieldTable("Field", tool.outputSchema, () => "")
    ])
  )
}

const hintsOf = ({ destructiveHint, idempotentHint, readOnlyHint }: ReturnType<typeof annotationsOf>) => [
  ...(readOnlyHint ? ["only reads"] : []),
  ...(destructiveHint ? ["destructive"] : []),
  ...(idempotentHint && !readOnlyHint ? ["repeatable"] : [])
]

type Field = ReturnType<typeof fieldsOf>[number]

const fieldTable = (head: string, schema: Schema, suffix: (field: Field) => string) =>
  table(
    [head, "Type", "Meaning"],
    fieldsOf(schema).map((field) => [
      code(field.name),
      `${typeOf(field.schema)}${suffix(field)}`,
      typeof field.schema.description === "string" ? sentence(field.schema.description) : ""
    ])
  )
