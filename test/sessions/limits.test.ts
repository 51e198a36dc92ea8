/** What the system refuses is refused to the caller, and costs nobody else anything. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { refusal, spawnDaemon } from "./support.ts"

describe("a daemon that may open no more files", () => {
  // It used to go to the last descriptor, and then removing the files of the session that did not start failed too: an internal error.
  it("starts nothing more, keeps what runs, and starts again once something has ended", {
    timeout: 60_000
  }, async () => {
    const { daemon, sandbox, user } = await spawnDaemon({ through: ["bash", "-c", 'ulimit -n 128; exec "$@"', "bash"] })
    const ids: Array<string> = []
    let refused: Awaited<ReturnType<typeof refusal>> | undefined
    for (let n = 0; n < 100 && refused === undefined; n++) {
      refused = await user.start(["sleep", "60"], { name: `s${n}` }).then(
        ({ id }) => void ids.push(id),
        (error) => error
      )
    }
    const tooMany = { tag: "LaunchFailed", message: expect.stringContaining("LimitNOFILE=") }
    expect(refused).toMatchObject(tooMany)
    expect(await refusal(user.start(["cat"], { stdin: "pipe", name: "piped" }))).toMatchObject(tooMany)
    expect(daemon.code).toBeNull()
    const { sessions } = await user.call("session.list", {})
    expect(sessions.map(({ id }) => id)).toEqual(ids)
    expect(ids.length).toBeGreaterThan(4)
    for (const session of ids.slice(0, 4)) await user.call("session.stop", { session })
    const again = await user.run("echo again", { name: `s${ids.length}` })
    expect(again.output.toString()).toBe("again\r\n")
    const { id } = await user.start(["cat"], { stdin: "pipe", name: "piped" })
    await user.call("session.input", { session: id, text: "through" })
    await user.printed(id, "through")
    // The program has taken its pipe out of the directory that was made for it, and nobody who was refused has left one.
    expect(readdirSync(sandbox.runtime).filter((name) => name.endsWith(".stdin"))).toEqual([`${id}.stdin`])
    expect(readdirSync(join(sandbox.runtime, `${id}.stdin`))).toEqual([])
  })
})
