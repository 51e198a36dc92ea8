import { describe, expect, it } from "vitest"
import { GRACE_MS, timeoutFor } from "../../src/client/Deadlines.ts"
import { methods } from "../../src/contract/Methods.ts"

describe("a client's patience", () => {
  it.each(Object.entries(methods))(
    "with %s is a little longer than the daemon's own deadline",
    (name, { deadlineMs }) => {
      expect(timeoutFor(name)).toBe(deadlineMs === null ? null : deadlineMs + GRACE_MS)
    }
  )
})
