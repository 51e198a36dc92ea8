/**
 * What a span may tell: names, times, and attributes that are listed here. Errors are told by their tag alone, because their
 * sentences quote what people typed: programs, paths, names.
 */
import { Cause, Exit, type Tracer } from "effect"

const ALLOWED = /^(rpc\.|jsonrpc\.|error\.type$|agentd\.|db\.(system|operation)|network\.transport$)/

export const discreet = (tracer: Tracer.Tracer): Tracer.Tracer => ({
  ...tracer,
  span: (options) => {
    const span = tracer.span(options)
    const end = span.end.bind(span)
    const attribute = span.attribute.bind(span)
    return Object.assign(span, {
      attribute: (key: string, value: unknown) => {
        if (ALLOWED.test(key)) attribute(key, value)
      },
      event: () => {},
      end: (time: bigint, exit: Exit.Exit<unknown, unknown>) => {
        const type = Exit.isFailure(exit) ? errorType(exit.cause) : null
        if (type !== null) attribute("error.type", type)
        end(time, type === null ? exit : Exit.fail(bare(type)))
      }
    })
  }
})

/** Null where nothing failed: nobody waited any more. */
const errorType = (cause: Cause.Cause<unknown>): string | null => {
  if (Cause.hasInterruptsOnly(cause)) return null
  const failed = Cause.findErrorOption(cause)
  if (failed._tag === "None") return "InternalError"
  const { value } = failed
  const tag = typeof value === "object" && value !== null && "_tag" in value ? value._tag : null
  return typeof tag === "string" ? tag : "_OTHER"
}

const bare = (type: string): Error => {
  const error = new Error(type)
  error.name = type
  error.stack = type
  return error
}
