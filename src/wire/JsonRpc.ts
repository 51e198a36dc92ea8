/**
 * JSON-RPC 2.0, to the letter of https://www.jsonrpc.org/specification: what a line means, and what is answered.
 *
 * Pure functions over text and data; the connection around them lives in `doors/`.
 */
import { errorCodes } from "../contract/errors/ErrorCodes.ts"
import { MAX_BATCH } from "../contract/Limits.ts"

/** Section 4: a string, a number or null, chosen by the client. */
export type Id = string | number | null

export interface ErrorObject {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

export type Incoming =
  | { readonly kind: "request"; readonly id: Id; readonly method: string; readonly params: unknown }
  | { readonly kind: "notification"; readonly method: string; readonly params: unknown }
  | { readonly kind: "invalid"; readonly id: Id; readonly error: ErrorObject }

export type Message =
  | { readonly kind: "single"; readonly item: Incoming }
  | { readonly kind: "batch"; readonly items: ReadonlyArray<Incoming> }

const standard = (
  tag: "ParseError" | "InvalidRequest" | "MethodNotFound" | "InternalError",
  message: string
): ErrorObject => ({
  code: errorCodes[tag].code,
  message,
  data: { tag }
})

export const invalidRequest = (reason: string) => standard("InvalidRequest", `Invalid Request: ${reason}`)

export const methodNotFound = (method: string) =>
  standard("MethodNotFound", `Method not found: ${JSON.stringify(method)}. "rpc.discover" lists the methods.`)

/** RFC 8259, section 8.1: JSON that is exchanged is UTF-8. */
export const notUtf8 = standard("ParseError", "Parse error: this line is not UTF-8.")

export const internalError = standard("InternalError", "Internal error. The daemon's log says more.")

const invalid = (error: ErrorObject, id: Id = null): Incoming => ({ kind: "invalid", id, error })

/** What one line of text asks for. */
export const parse = (line: string): Message => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { kind: "single", item: invalid(standard("ParseError", "Parse error: this line is not JSON.")) }
  }
  if (!Array.isArray(value)) return { kind: "single", item: classify(value) }
  if (value.length === 0) return { kind: "single", item: invalid(invalidRequest("an empty batch.")) }
  if (value.length > MAX_BATCH) {
    return { kind: "single", item: invalid(invalidRequest(`a batch may hold ${MAX_BATCH} requests.`)) }
  }
  return { kind: "batch", items: value.map(classify) }
}

/** A larger number would not come back as it was sent, and its sender would wait for ever. */
const isId = (value: unknown): value is Id =>
  typeof value === "number" ? Math.abs(value) <= Number.MAX_SAFE_INTEGER : typeof value === "string" || value === null

const classify = (value: unknown): Incoming => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalid(invalidRequest("a request is an object."))
  }
  const request = value as Readonly<Record<string, unknown>>
  const id = request.id
  // Section 5: when the id of a bad request can be told, the answer carries it, otherwise null.
  const known = isId(id) ? id : null
  if (id !== undefined && !isId(id)) return invalid(invalidRequest('"id" is a string, a number within ±2^53, or null.'))
  if (request.jsonrpc !== "2.0") return invalid(invalidRequest('"jsonrpc" must be "2.0".'), known)
  const { method, params } = request
  if (typeof method !== "string") return invalid(invalidRequest('"method" must be a string.'), known)
  if (params !== undefined && (typeof params !== "object" || params === null)) {
    return invalid(invalidRequest('"params" must be an object or an array.'), known)
  }
  return id === undefined ? { kind: "notification", method, params } : { kind: "request", id: known, method, params }
}

export const success = (id: Id, result: unknown): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result) ?? "null"}}`

export const failure = (id: Id, error: ErrorObject): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${JSON.stringify(error)}}`

export const notification = (method: string, params: unknown): string =>
  `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${JSON.stringify(params)}}`

/** A batch's answers, in one array; nothing at all when every item was a notification (section 6). */
export const batch = (answers: ReadonlyArray<string>): string | null =>
  answers.length === 0 ? null : `[${answers.join(",")}]`
