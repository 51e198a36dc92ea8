/**
 * The least a terminal relay can be in Node: a program on a PTY, its output to one client of a Unix socket, and the way back.
 */
import { createServer } from "node:net"
import { openPty } from "../openPty.ts"

const [path, ...argv] = process.argv.slice(2)

const server = createServer((socket) => {
  const pty = openPty(argv, (chunk) => {
    // The read buffer is used again at once, so a copy travels.
    if (!socket.write(Buffer.from(chunk))) pty.pause()
  })
  socket.on("drain", () => pty.resume())
  socket.on("data", (bytes: Buffer) => pty.write(bytes))
  socket.on("error", () => socket.destroy())
  socket.on("close", () => process.exit())
  void pty.ended.then(() => socket.end())
})
server.listen(path, () => process.stdout.write("listening\n"))
