/** Signals reach what runs in the foreground, as the keys of a terminal do. */
import { describe, expect, it } from "vitest"
import { openDaemon, refusal } from "./support.ts"

describe("a signal", () => {
  it("goes to the foreground job of a shell and not to the shell", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start(["bash", "--norc", "-i"], { env: { PATH: "/usr/bin:/bin", PS1: "ready> " } })
    await daemon.printed(id, "ready> ")
    await daemon.call("session.input", {
      session: id,
      text: "sh -c 'trap \"echo got it; exit\" INT; echo up; sleep 100'\r"
    })
    await daemon.printed(id, "^up")
    await daemon.call("session.signal", { session: id, signal: "SIGINT" })
    await daemon.printed(id, "got it")
    expect((await daemon.call("session.get", { session: id })).status).toBe("running")
  })

  it("reaches a program whose input is a pipe, where Ctrl-C is a byte like any other", async () => {
    const daemon = await openDaemon()
    const { id } = await daemon.start("trap 'exit 9' INT; echo up; while :; do sleep 0.05; done", { stdin: "pipe" })
    await daemon.printed(id, "up")
    await daemon.call("session.signal", { session: id, signal: "SIGINT" })
    expect((await daemon.ended(id)).exit.code).toBe(9)
  })

  it("is refused for a session that has ended, and for a name that is no signal", async () => {
    const daemon = await openDaemon()
    const { session } = await daemon.run("true")
    const send = (signal: string) =>
      refusal(daemon.call("session.signal", { session: session.id, signal: signal as "SIGINT" }))
    expect((await send("SIGINT")).tag).toBe("SessionEnded")
    expect((await send("SIGSEGV")).tag).toBe("InvalidParams")
  })
})
