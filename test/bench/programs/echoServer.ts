/**
 * The least a JSON-RPC server over a Unix socket can be in Node: what agentd's own is measured against.
 */
import { createServer } from "node:net"

const server = createServer((socket) => {
  let rest = ""
  socket.setEncoding("utf8")
  socket.on("error", () => socket.destroy())
  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\n")
    rest = lines.pop()!
    let answers = ""
    for (const line of lines) {
      const { id, params } = JSON.parse(line) as { id: number; params: { echo: string } }
      answers += `${JSON.stringify({ jsonrpc: "2.0", id, result: { ok: true, echo: params.echo } })}\n`
    }
    socket.write(answers)
  })
})
server.listen(process.argv[2], () => process.stdout.write("listening\n"))
