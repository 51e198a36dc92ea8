/** What people are shown before they decide what leaves, and of what stays. */
import { expect, it } from "vitest"
import { planText, runLine } from "../../src/cli/words/SyncText.ts"
import type { Result } from "../../src/contract/Methods.ts"

const plan: Result<"sync.enable"> = {
  enabled: false,
  remote: "git@host:a/b.git",
  public: null,
  leaves: [],
  messages: [],
  held: []
}
const leaving = (events: number, others: number) => ({ type: "message.sent", events, others })
const held = (n: number) => ({ event: `evt_${n}`, kinds: "token", at: 0, released: false })

it("what leaves is counted, with what came from others; nothing is said to be nothing", () => {
  expect(planText({ ...plan, leaves: [leaving(3, 2)] })).toMatch(
    /^ +3 {2}message\.sent \(2 of them from other machines\)$/m
  )
  expect(planText({ ...plan, leaves: [leaving(3, 0)] })).toMatch(/^ +3 {2}message\.sent$/m)
  expect(planText(plan)).toContain("Nothing leaves now; what is said from now on does.")
})

it("who will be able to read it is told as far as that is known", () => {
  expect(planText({ ...plan, public: true })).toMatch(/Anybody can read this remote.*--public/)
  expect(planText({ ...plan, public: false })).toContain("It asks for credentials")
  expect(planText(plan)).toContain("Is it public?")
})

it("what stays is named by its message, and how it gets out", () => {
  expect(planText({ ...plan, held: [held(1)] })).toMatch(
    /1 event held back, because it looks .*:\n {2}msg_1 {2}token, /
  )
  expect(planText({ ...plan, held: [held(1), held(2)] })).toMatch(
    /2 events held back, because they look .*\n.*\n.*msg_2.*\n.*sync release ID/
  )
})

it("a message that steers a terminal, or is long, is one line of its preview", () => {
  const message = { message: "msg_1", author: "ant", at: 0, text: `a\n\u001b[2Jb ${"x".repeat(200)}` }
  const [line] = planText({ ...plan, messages: [message] })
    .split("\n")
    .filter((one) => one.includes("@ant"))
  expect(line).not.toContain("\u001b")
  expect(line).toMatch(/@ant: a .*b x+…$/)
})

it("an exchange is told with what it brought, and a failure with its reason", () => {
  const run = { at: 0, ms: 12, received: 1, sent: 2, quarantined: 3, error: null }
  expect(runLine(run)).toBe("1970-01-01T00:00:00.000Z      12 ms  received 1, sent 2, 3 left aside")
  expect(runLine({ ...run, error: "gone" })).toContain("failed: gone")
})
