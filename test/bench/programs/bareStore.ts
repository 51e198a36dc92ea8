/**
 * A server that puts a row on disk for each line it is sent and then answers: all that have come in one turn of the event loop in one
 * transaction. No checks, no names, no tables of messages, nobody who is told.
 *
 *   node bareStore.ts SOCKET DATABASE
 */
import { createServer, type Socket } from "node:net"
import { openBareLog } from "./bareLog.ts"

const [path, file] = process.argv.slice(2)
const log = openBareLog(file!)
let waiting: Array<() => void> = []

const commit = () => {
  const answers = waiting
  waiting = []
  log.insert(answers.length)
  for (const answer of answers) answer()
}

const serve = (socket: Socket) => {
  let rest = ""
  socket.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n")
    rest = lines.pop()!
    for (const line of lines) {
      const { id } = JSON.parse(line) as { readonly id: number }
      if (waiting.length === 0) setImmediate(commit)
      waiting.push(() => socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, result: {} })}\n`))
    }
  })
}

createServer(serve).listen(path, () => console.log("listening"))
