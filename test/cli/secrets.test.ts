import { resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { askedSecrets } from "../../src/cli/starting/Secrets.ts"

describe("secrets on the command line", () => {
  it("are named by a file, from where one is, or by a credential", () => {
    expect(askedSecrets({ secret: ["A=token", "B=credential:b"], "secret-file": ["C=/c=d"] }, true)).toEqual({
      secrets: [
        { variable: "A", as: "value", from: { file: resolve("token") } },
        { variable: "B", as: "value", from: { credential: "b" } },
        { variable: "C", as: "file", from: { file: "/c=d" } }
      ]
    })
    expect(askedSecrets({}, true)).toEqual({})
  })

  it("are never repeated, for what was typed wrongly may be the secret", () => {
    for (const text of ["hunter2", "=hunter2", "1A=hunter2", "A-B=hunter2"]) {
      expect(() => askedSecrets({ secret: [text] }, true)).toThrow(/^(?!.*hunter2).*--secret takes NAME=FILE/s)
    }
  })

  it("of another machine are there, and so have a path from its root", () => {
    expect(() => askedSecrets({ "secret-file": ["A=token"] }, false)).toThrow(/--secret-file takes an absolute path/)
    expect(askedSecrets({ secret: ["A=/token"] }, false).secrets).toMatchObject([{ from: { file: "/token" } }])
  })
})
