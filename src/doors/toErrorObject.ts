/**
 * An error as it travels: `data` holds the tag and the fields, so that programs need not read the sentence.
 */
import { Schema } from "effect"
import { errorCodes } from "../contract/errors/ErrorCodes.ts"
import { AgentdError } from "../contract/errors/Errors.ts"
import type { ErrorObject } from "../wire/JsonRpc.ts"

const encode = Schema.encodeSync(AgentdError)

export const toErrorObject = (error: AgentdError): ErrorObject => {
  const { _tag, ...fields } = encode(error)
  return { code: errorCodes[_tag].code, message: error.message, data: { tag: _tag, ...fields } }
}
