/** What a line of the log becomes, without a journal to ask. */
import { describe, expect, it } from "vitest"
import { journalCatalog } from "../../packaging/build/docs/log.ts"
import { about, logFields, logKinds } from "../../src/contract/Log.ts"
import { journalFields } from "../../src/daemon/Logging.ts"

describe("kinds of lines", () => {
  const ids = Object.values(logKinds).map(({ id }) => id)

  it("have an id each that no other has, as systemd-id128 makes them", () => {
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
  })

  it("are all explained in the catalog", () => {
    const explained = [...journalCatalog().matchAll(/^-- ([0-9a-f]{32})\nSubject: \S.*\n(?:[A-Z]\S+: .*\n)+\n\S/gm)]
    expect(explained.map(([, id]) => id)).toEqual(ids)
  })

  it("have fields that the journal takes: no trusted ones, none too long", () => {
    for (const { journal } of Object.values(logFields)) expect(journal).toMatch(/^[A-Z][A-Z0-9_]{0,63}$/)
  })
})

describe("a line in the journal", () => {
  it("has its sentence, its importance, its kind and what it is about", () => {
    const annotations = about("session.ended", {
      "agentd.session.id": "ses_1",
      "agentd.session.name": "one",
      "agentd.exit.code": 0,
      "agentd.exit.signal": null
    })
    expect(journalFields({ level: "info", message: "it ended", annotations })).toEqual({
      MESSAGE: "it ended",
      PRIORITY: "6",
      SYSLOG_IDENTIFIER: "agentd",
      MESSAGE_ID: logKinds["session.ended"].id,
      AGENTD_EVENT: "session.ended",
      AGENTD_SESSION: "ses_1",
      AGENTD_SESSION_NAME: "one",
      AGENTD_EXIT_CODE: "0"
    })
  })

  it("takes no field from an annotation that is not in the table", () => {
    const annotations = { "session.token": "secret", __proto__: null, constructor: "x" }
    expect(journalFields({ level: "error", message: "m", cause: "Error: c\n  at x", annotations })).toEqual({
      MESSAGE: "m\nError: c\n  at x",
      PRIORITY: "3",
      SYSLOG_IDENTIFIER: "agentd"
    })
  })
})
