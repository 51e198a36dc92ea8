/**
 * The contract's Schemas as JSON Schema (draft 7, which OpenRPC 1.3 and editors understand), tidied for readers.
 */
import { JsonSchema, Schema } from "effect"

export type Json = { readonly [key: string]: unknown }

export interface JsonSchemaDocument {
  readonly schema: Json
  /** Shapes that have a name, referred to as `<refs><name>`. */
  readonly definitions: Readonly<Record<string, Json>>
}

/** `refs`: where the named shapes will stand in the document, as in `#/components/schemas/`. */
export const jsonSchemaOf = (schema: Schema.Constraint, refs: string): JsonSchemaDocument => {
  const document = JsonSchema.toDocumentDraft07(Schema.toJsonSchemaDocument(schema))
  return {
    schema: tidy(document.schema, refs) as Json,
    definitions: Object.fromEntries(
      Object.entries(document.definitions).map(([name, definition]) => [name, tidy(definition, refs) as Json])
    )
  }
}

/** Bounds that say no more than "a whole number JavaScript can hold". */
const SAFE = new Set([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])

const tidy = (node: unknown, refs: string): unknown => {
  if (Array.isArray(node)) return node.map((item) => tidy(item, refs))
  if (typeof node !== "object" || node === null) return node
  const out: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(node)) {
    if (key === "additionalProperties" && value === true) continue
    if ((key === "minimum" || key === "maximum") && SAFE.has(value)) continue
    if (key === "$ref" && typeof value === "string") out[key] = refs + value.slice(value.lastIndexOf("/") + 1)
    else out[key] = tidy(value, refs)
  }
  return isNumberCodec(out) ? { type: "number" } : liftAnnotations(out)
}

/** How Effect writes NaN and the infinities into JSON; none of ours can be one. */
const isNumberCodec = ({ anyOf }: Record<string, unknown>) =>
  Array.isArray(anyOf) && (anyOf[0] as Json).type === "number" && JSON.stringify(anyOf[1]).includes('"NaN"')

/** A field's own description comes in an `allOf` beside its type's; readers want one, and the field's says more. */
const liftAnnotations = (schema: Record<string, unknown>): Json => {
  const { allOf, ...rest } = schema
  if (!Array.isArray(allOf)) return schema
  const kept = (allOf as Array<Json>).filter((each) => !isAnnotation(each))
  const lifted = Object.assign(rest, ...(allOf as Array<Json>).filter(isAnnotation))
  return kept.length === 0 ? lifted : { ...lifted, allOf: kept }
}

const isAnnotation = (schema: Json) => Object.keys(schema).every((key) => key === "description" || key === "default")
