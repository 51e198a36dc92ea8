import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { checkSocket, findSocket } from "../../src/client/Places.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agentd-places-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe("the socket is", () => {
  it("where $AGENTD_SOCKET says, else in $XDG_RUNTIME_DIR, else in a directory of one's own under /tmp", () => {
    const env = { AGENTD_SOCKET: "/a/b.sock", XDG_RUNTIME_DIR: "/run/user/7" }
    expect(findSocket(env, 7)).toBe("/a/b.sock")
    expect(findSocket({ ...env, AGENTD_SOCKET: "" }, 7)).toBe("/run/user/7/agentd/api.sock")
    expect(findSocket({}, 7)).toBe("/tmp/agentd-7/api.sock")
  })

  it("accepted in a private directory, and where there is none yet", () => {
    mkdirSync(join(folder, "agentd"), { mode: 0o700 })
    checkSocket(join(folder, "agentd/api.sock"), false)
    checkSocket(join(folder, "missing/api.sock"), false)
  })

  it.each([0o770, 0o707, 0o777])("refused in a directory of mode %o", (mode) => {
    mkdirSync(join(folder, "agentd"))
    chmodSync(join(folder, "agentd"), mode)
    expect(() => checkSocket(join(folder, "agentd/api.sock"), false)).toThrow(/others may write to it.*chmod 700/)
  })

  it("refused behind a symbolic link", () => {
    mkdirSync(join(folder, "real"), { mode: 0o700 })
    symlinkSync(join(folder, "real"), join(folder, "agentd"))
    expect(() => checkSocket(join(folder, "agentd/api.sock"), false)).toThrow(/symbolic link/)
  })

  it("refused in somebody else's directory", ({ skip }) => {
    if (process.getuid!() !== 0) return skip("only root can make another user's directory")
    mkdirSync(join(folder, "agentd"), { mode: 0o700 })
    chownSync(join(folder, "agentd"), 65534, 65534)
    expect(() => checkSocket(join(folder, "agentd/api.sock"), false)).toThrow(/belongs to uid 65534/)
  })

  it("refused when somebody else owns the one the user named", ({ skip }) => {
    if (process.getuid!() !== 0) return skip("only root can make another user's file")
    writeFileSync(join(folder, "api.sock"), "")
    chownSync(join(folder, "api.sock"), 65534, 65534)
    expect(() => checkSocket(join(folder, "api.sock"), true)).toThrow(/belongs to uid 65534/)
  })

  it("refused when its path is longer than the kernel takes", () => {
    expect(() => checkSocket(`/tmp/${"x".repeat(120)}/api.sock`, true)).toThrow(/may have \d+ bytes, this one has 134/)
  })
})
