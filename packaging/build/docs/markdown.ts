/**
 * Markdown, as far as the reference pages need it: tables, and types of JSON Schema in words.
 */
export type Schema = { readonly [key: string]: unknown }

export const page = (title: string, about: string, ...parts: ReadonlyArray<string>): string =>
  [`# ${title}`, "<!-- Written by `npm run docs` from the sources. Do not edit. -->", about, ...parts].join("\n\n") +
  "\n"

export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n")

const row = (cells: ReadonlyArray<string>) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`

/** One line that ends with a full stop. */
export const sentence = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim()
  return line === "" || /[.!?:]$/.test(line) ? line : `${line}.`
}

export const code = (text: string) => (text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``)

/** A type in words: "string or null", "list of [Session](#session)". */
export const typeOf = (schema: Schema): string => {
  if (typeof schema.$ref === "string") return shapeLink(schema.$ref)
  if (Array.isArray(schema.enum)) return choices(schema.enum)
  if (Array.isArray(schema.anyOf)) return (schema.anyOf as Array<Schema>).map(typeOf).join(" or ")
  if (Array.isArray(schema.allOf)) return (schema.allOf as Array<Schema>).map(typeOf).join(" and ")
  if (schema.type === "array")
    return `list of ${typeOf(schema.items as Schema)}${bounds(schema.minItems, schema.maxItems)}`
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return `map of string to ${typeOf(schema.additionalProperties as Schema)}`
  }
  if (schema.type === "integer" || schema.type === "number") {
    const lowest =
      schema.minimum ?? (typeof schema.exclusiveMinimum === "number" ? schema.exclusiveMinimum + 1 : undefined)
    return `${schema.type}${bounds(lowest, schema.maximum)}`
  }
  if (schema.type === "string") {
    // A title stands for a pattern that the page explains once.
    if (typeof schema.title === "string") return schema.title
    return `string${bounds(schema.minLength, schema.maxLength)}`
  }
  return typeof schema.type === "string" ? schema.type : "any JSON"
}

const bounds = (lowest: unknown, highest: unknown) => {
  if (lowest === undefined && highest === undefined) return ""
  if (lowest === undefined) return ` (at most ${highest})`
  return highest === undefined ? ` (at least ${lowest})` : ` (${lowest} to ${highest})`
}

const choices = (values: ReadonlyArray<unknown>) => values.map((value) => code(JSON.stringify(value))).join(" or ")

const shapeLink = (ref: string) => {
  const name = ref.slice(ref.lastIndexOf("/") + 1)
  return `[${name}](protocol.md#${name.toLowerCase()})`
}

/** The fields of an object, those of objects inside it as `peer.uid` and `values[].key`. */
export const fieldsOf = (
  schema: Schema,
  prefix = ""
): ReadonlyArray<{
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
}> => {
  const required = (schema.required ?? []) as ReadonlyArray<string>
  return Object.entries((schema.properties ?? {}) as Record<string, Schema>).flatMap(([key, field]) => {
    const name = `${prefix}${key}`
    const inner = field.type === "array" ? (field.items as Schema) : field
    const nested = inner.properties === undefined ? [] : fieldsOf(inner, `${name}${inner === field ? "." : "[]."}`)
    return [{ name, schema: field, required: required.includes(key) }, ...nested]
  })
}
