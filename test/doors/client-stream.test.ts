/** At any moment it is known which bytes the kernel has not taken from a connection: these, and no others, are handed over. */
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { ClientStream } from "../../src/doors/ClientStream.ts"
import { unsentBytes } from "../../src/host/sockets/SocketDescriptor.ts"

const pair = async () => {
  const folder = mkdtempSync(join(tmpdir(), "agentd-stream-"))
  const server = createServer().listen(join(folder, "socket"))
  await once(server, "listening")
  const far = connect(join(folder, "socket"))
  const [near] = (await once(server, "connection")) as [Socket]
  onTestFinished(() => {
    near.destroy()
    far.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  })
  return { near, far }
}

test("however much is written, as text or bytes, and however slowly it is read", async () => {
  const { far, near } = await pair()
  const stream = new ClientStream(near)
  const written: Array<Buffer> = []
  const read: Array<Buffer> = []
  far.on("data", (chunk: Buffer) => read.push(chunk))
  far.pause()
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let turn = 0; turn < 120; turn++) {
    const size = random(3) === 0 ? random(100_000) : random(2_000)
    const content = random(2) === 0 ? Buffer.alloc(size, turn) : "äx".repeat(size / 3)
    written.push(Buffer.from(content as string))
    stream.write(content)
    if (random(4) === 0) {
      far.resume()
      for (let looks = random(20); looks >= 0; looks--) await new Promise(setImmediate)
      far.pause()
    }
    const unsent = stream.last(unsentBytes(near))
    const all = Buffer.concat(written)
    expect(unsent.equals(all.subarray(all.length - unsent.length))).toBe(true)
    // What the kernel has is what was written without it: nothing is counted twice, and nothing left out.
    expect(all.length - unsent.length).toBeGreaterThanOrEqual(read.reduce((sum, { length }) => sum + length, 0))
  }
  const all = Buffer.concat(written)
  const kernel = all.length - unsentBytes(near)
  // Cut here: exactly what the kernel had taken arrives.
  near.destroy()
  far.resume()
  await once(far, "close")
  expect(Buffer.concat(read).equals(all.subarray(0, kernel))).toBe(true)
})
