import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

/** Asks the C library what can be asked without a privilege, in a process of its own, and prints the answers. */
const program = `
import { createServer, connect } from "node:net"
import { openSync } from "node:fs"
import { closeOnExec, libc } from ${JSON.stringify(fileURLToPath(new URL("../../src/host/Libc.ts", import.meta.url)))}
import * as credentials from ${JSON.stringify(fileURLToPath(new URL("../../src/host/sockets/PeerCredentials.ts", import.meta.url)))}
import { Effect } from "effect"
const c = libc()
const fd = openSync(process.execPath)
closeOnExec(fd)
const path = "\\0agentd-libc-" + process.pid
const { of } = await Effect.runPromise(Effect.provide(credentials.PeerCredentials, credentials.PeerCredentials.layer))
const server = createServer((socket) => {
  const peer = of(socket)
  const through = process.getBuiltinModule("node:ffi") === undefined ? "koffi" : "node"
  const answers = [c.flock(-1, 1), c.flock(fd, 1), c.fcntl(fd, 1, 0), peer.uid, peer.pid === process.pid]
  console.log(JSON.stringify({ through, answers }))
  process.exit()
}).listen(path, () => connect(path))
`

const ask = (...flags: ReadonlyArray<string>): { through: string; answers: ReadonlyArray<unknown> } =>
  JSON.parse(
    execFileSync(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", ...flags, "--input-type=module", "-e", program],
      {
        encoding: "utf8",
        cwd: fileURLToPath(new URL("../..", import.meta.url))
      }
    )
  )

describe.runIf(process.platform === "linux")("the C library", () => {
  it("answers alike through Node's own FFI and through koffi", () => {
    const own = ask()
    const koffi = ask("--no-experimental-ffi")
    assert.deepStrictEqual([own.through, koffi.through], ["node", "koffi"])
    assert.deepStrictEqual(own.answers, [-1, 0, 1, process.getuid!(), true])
    assert.deepStrictEqual(koffi.answers, own.answers)
  })
})
