/**
 * Attaches at daemons of earlier versions too: what one of them refuses, because it does not know it, it is asked without.
 */
import type { AttachParams } from "../../contract/session/SessionTerminal.ts"
import { AgentdError } from "../AgentdError.ts"
import type { Attachment } from "./Attachment.ts"
import type { Keyboard } from "./Keyboard.ts"

/** Parameters that a daemon of an earlier version does not know, and can do without. */
const RECENT: ReadonlyArray<keyof AttachParams> = ["token", "repaint", "size", "env", "accepts"]

export type Attach = (
  params: AttachParams,
  options: { readonly keyboard: Keyboard; readonly again: boolean; readonly signal?: AbortSignal }
) => Promise<Attachment>

export const attachKnowing = async (
  attach: Attach,
  params: AttachParams,
  options: Parameters<Attach>[1]
): Promise<{ readonly attachment: Attachment; readonly known: AttachParams }> => {
  try {
    return { attachment: await attach(params, options), known: params }
  } catch (error) {
    const field = error instanceof AgentdError && error.tag === "InvalidParams" ? error.data.field : undefined
    const unknown = RECENT.find((key) => key === field && key in params)
    if (unknown === undefined) throw error
    const { [unknown]: _, ...rest } = params
    return attachKnowing(attach, rest as AttachParams, options)
  }
}
