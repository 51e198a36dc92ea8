/** Repositories over HTTP as git itself serves them (git-http-backend(1)): read by anybody, written if the repository allows it. */
import { execFileSync, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { onTestFinished } from "vitest"

const backend = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-http-backend")
export const hasGitHttp = existsSync(backend)

/** The address at which the repositories under a directory are. `login`: they are for those who have one. */
export const serveGit = async (root: string, { login = false } = {}): Promise<string> => {
  const server = createServer((request, response) => {
    if (!login) return answer(root, request, response)
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end()
  })
  server.listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const answer = (root: string, request: IncomingMessage, response: ServerResponse): void => {
  const { pathname, search } = new URL(request.url!, "http://localhost")
  const header = (name: string) => String(request.headers[name] ?? "")
  const program = spawn(backend, {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: header("git-protocol"),
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: header("content-type"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      REMOTE_ADDR: "127.0.0.1"
    }
  })
  program.stdin.on("error", () => {})
  request.pipe(program.stdin)
  const parts: Array<Buffer> = []
  program.stdout.on("data", (part: Buffer) => parts.push(part))
  program.on("close", () => {
    const printed = Buffer.concat(parts)
    const end = printed.indexOf("\r\n\r\n")
    const headers = printed.toString("latin1", 0, end).split("\r\n")
    let status = 200
    for (const line of headers) {
      const [name, value] = [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]
      if (name === "Status") status = Number.parseInt(value, 10)
      else response.setHeader(name, value)
    }
    response.writeHead(status).end(printed.subarray(end + 4))
  })
}
