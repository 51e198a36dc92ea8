/** A client that waits at a service manager's socket while the daemon cannot start. */
import { rmSync } from "node:fs"
import { expect, test } from "vitest"
import { makeSandbox, type Sandbox, type StartOptions } from "../support/Sandbox.ts"

/**
 * What systemd does for a socket unit: listens, and starts the daemon with the socket once a client is there. The client is a
 * process of its own and prints what it is told.
 */
const ACTIVATE = `
import os, socket, sys
path, argv = sys.argv[1], sys.argv[2:]
os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(16)
client = socket.socket(socket.AF_UNIX)
client.connect(path)
client.sendall(b'{"jsonrpc":"2.0","id":1,"method":"health","params":{}}\\n')
if os.fork() == 0:
    listener.close()
    while True:
        data = client.recv(65536)
        if not data: os._exit(0)
        os.write(1, data)
        if b'"id":1' in data: os._exit(0)
client.close()
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="api")
os.execv(argv[0], argv)
`

const activated = (sandbox: Sandbox, options: StartOptions = {}) =>
  sandbox.spawn({ ...options, through: ["python3", "-c", ACTIVATE, sandbox.socket] })

test("is told at once why, and is not left in the queue to have it started again", async () => {
  await using sandbox = makeSandbox()
  const daemon = activated(sandbox, { config: "[session]\ncols = -1\n" })
  expect((await daemon.exited).code).toBe(78)
  expect(JSON.parse(daemon.stdout)).toMatchObject({
    id: null,
    error: { data: { tag: "StartFailed" }, message: expect.stringContaining(`${sandbox.configFile}:2: session.cols`) }
  })
})

test("is told which other daemon has the lock", async () => {
  await using sandbox = makeSandbox()
  const first = await sandbox.start({ env: { AGENTD_SOCKET: `${sandbox.root}/other.sock` } })
  const second = activated(sandbox)
  expect((await second.exited).code).toBe(75)
  expect(second.stdout).toContain(`Another daemon (pid ${first.pid})`)
})

test("is served when it can start", async () => {
  await using sandbox = makeSandbox()
  const daemon = activated(sandbox)
  await daemon.ready
  await expect.poll(() => daemon.stdout, { timeout: 20_000 }).toContain('"id":1')
  await daemon.stop()
  // Its maker's to remove.
  rmSync(sandbox.socket)
  expect(JSON.parse(daemon.stdout)).toMatchObject({ id: 1, result: { ok: true } })
})
