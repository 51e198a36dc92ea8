/** A server without Node's cluster module. */
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { connect, createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { root } from "../../packaging/build/root.ts"
import { listenAlone, type Place } from "../../src/host/sockets/listenAlone.ts"

let directory: string
const servers: Array<Server> = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "agentd-listen-"))
})
afterEach(async () => {
  for (const server of servers.splice(0)) if (server.listening) await new Promise((closed) => server.close(closed))
  rmSync(directory, { recursive: true, force: true })
})

const modules = `
  import { spawnSync } from "node:child_process"
  import { createServer } from "node:net"
  import { listenAlone } from ${JSON.stringify(`${root}/src/host/sockets/listenAlone.ts`)}
`

const listen = async (place: Place): Promise<Server> => {
  const server = createServer((socket) => socket.end("here"))
  servers.push(server)
  await new Promise<void>((listening, failed) => {
    server.once("error", failed)
    listenAlone(server, place, listening)
  })
  return server
}

const ask = async (path: string): Promise<string> => {
  const socket = connect(path)
  let heard = ""
  socket.setEncoding("utf8").on("data", (text) => {
    heard += text
  })
  await once(socket, "close")
  return heard
}

describe("a server that listens alone", () => {
  it("answers at its path, which is gone once it is closed", async () => {
    const path = join(directory, "s")
    const server = await listen({ path, backlog: 5 })
    expect(await ask(path)).toBe("here")
    await new Promise((closed) => server.close(closed))
    expect(existsSync(path)).toBe(false)
  })

  it("answers on a socket that somebody else has bound", async () => {
    const path = join(directory, "s")
    const second = `${modules}
      const server = createServer((socket) => { socket.end("second"); server.close() })
      listenAlone(server, { fd: 3 }, () => console.log("listening"))
    `
    // It waits for the other's end, and so answers nobody itself.
    const first = `${modules}
      const server = createServer((socket) => socket.end("first"))
      listenAlone(server, { path: process.argv[1], backlog: 5 }, () => {
        const stdio = ["ignore", "inherit", "inherit", server._handle.fd]
        spawnSync(process.execPath, ["--input-type=module", "-e", process.argv[2]], { stdio })
        server.close()
      })
    `
    const child = spawn(process.execPath, ["--input-type=module", "-e", first, path, second], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    const ended = once(child, "exit")
    await once(child.stdout!, "data")
    expect(await ask(path)).toBe("second")
    await ended
  })

  it("says so where another listens already, where nobody can, and of a descriptor that is no socket", async () => {
    const path = join(directory, "s")
    await listen({ path, backlog: 5 })
    await expect(listen({ path, backlog: 5 })).rejects.toMatchObject({ code: "EADDRINUSE" })
    await expect(listen({ path: join(directory, "no", "s"), backlog: 5 })).rejects.toMatchObject({ code: "EACCES" })
    await expect(listen({ fd: 0x7fff_ff00 })).rejects.toThrow()
  })

  it("does so where Node has no name for it", async () => {
    const path = join(directory, "s")
    const server = createServer((socket) => socket.end("here"))
    servers.push(server)
    Object.defineProperty(server, "_listen2", { value: undefined })
    // The usual way calls it by that name in the end; only that it was asked matters here.
    let asked: unknown
    server.listen = ((place: unknown) => {
      asked = place
      return server
    }) as never
    listenAlone(server, { path, backlog: 5 }, () => {})
    expect(asked).toEqual({ path, backlog: 5 })
  })

  it("does not load what starts processes", () => {
    const program = `
      import { createServer } from "node:net"
      import { listenAlone } from ${JSON.stringify(`${root}/src/host/sockets/listenAlone.ts`)}
      const server = createServer()
      listenAlone(server, { path: ${JSON.stringify(join(directory, "s"))}, backlog: 5 }, () => {
        console.log(process.moduleLoadList.filter((name) => /^NativeModule (cluster|child_process|dgram)$/.test(name)).length)
        server.close()
      })
    `
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" })
    expect(out.trim()).toBe("0")
  })
})
