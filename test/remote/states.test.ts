/** What becomes of a connection to another machine, state by state, and what ssh's last words mean. */
import { execFileSync } from "node:child_process"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseStarted } from "../../src/client/remote/OtherDaemon.ts"
import { lossOf, masterArgs, startCommand } from "../../src/client/remote/Ssh.ts"
import { hostNameOf, isTarget, splitHost } from "../../src/client/remote/Target.ts"
import {
  delayMs,
  first,
  type Loss,
  next,
  type TunnelEvent,
  type TunnelState
} from "../../src/client/remote/TunnelState.ts"
import { shellWord } from "../../src/contract/text/ShellWord.ts"

const network: Loss = { kind: "network", reason: "Connection timed out" }
const remote = { socket: "/run/user/1/agentd/api.sock", version: "1.0.0" }
const lost = (loss: Loss, now = 0): TunnelEvent => ({ type: "lost", loss, now })
const through = (state: TunnelState, ...events: ReadonlyArray<TunnelEvent>) => events.reduce(next, state)

describe("a connection", () => {
  it("comes up in three steps", () => {
    const state = through(first(true), { type: "connected" }, { type: "ready", remote, now: 5 })
    expect(state).toEqual({ at: "up", remote, since: 5, attempt: 0 })
  })

  it("is tried again after 1, 2, 4, 8 and then every 10 seconds, without asking for a password", () => {
    let state = first(false)
    const delays: Array<number> = []
    for (let attempt = 0; attempt < 7; attempt++) {
      state = next(state, lost(network))
      delays.push(state.at === "waiting" ? state.delayMs : -1)
      state = next(state, { type: "elapsed" })
      expect(state).toMatchObject({ at: "connecting", batch: true })
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000])
  })

  it("begins to count anew once it has held for half a minute, and not before", () => {
    const up = { at: "up", remote, since: 1_000, attempt: 4 } as const
    expect(next(up, lost(network, 31_000))).toMatchObject({ at: "waiting", delayMs: 1_000 })
    expect(next(up, lost(network, 30_999))).toMatchObject({ at: "waiting", delayMs: 10_000 })
  })

  it.each([
    ["host-key", "failed"],
    ["refused", "failed"],
    ["login", "needs-login"]
  ] as const)("that is lost over %s stands still (%s), whatever the time says", (kind, at) => {
    const state = next(first(false), lost({ kind, reason: "because" }))
    expect(state).toEqual({ at, reason: "because" })
    expect(through(state, { type: "elapsed" }, lost(network), { type: "kick", terminal: false })).toEqual(state)
    expect(next(state, { type: "kick", terminal: true })).toMatchObject({ at: "connecting", batch: false })
  })

  it("to a name that does not exist fails at once when somebody waits for it, and is tried again later on", () => {
    const unknown: Loss = { kind: "name", reason: "Could not resolve hostname" }
    expect(next(first(true), lost(unknown))).toMatchObject({ at: "failed" })
    expect(through(first(true), lost(network), { type: "elapsed" }, lost(unknown))).toMatchObject({ at: "waiting" })
  })

  it("is closed once, and for good, from any state and by any way there", () => {
    const loss = fc.record({
      kind: fc.constantFrom<Loss["kind"]>("network", "name", "login", "host-key", "refused"),
      reason: fc.string()
    })
    const event: fc.Arbitrary<TunnelEvent> = fc.oneof(
      fc.constant<TunnelEvent>({ type: "connected" }),
      fc.nat().map((now): TunnelEvent => ({ type: "ready", remote, now })),
      fc.string().map((reason): TunnelEvent => ({ type: "unusable", reason })),
      fc.record({ loss, now: fc.nat() }).map((fields): TunnelEvent => ({ type: "lost", ...fields })),
      fc.constant<TunnelEvent>({ type: "elapsed" }),
      fc.boolean().map((terminal): TunnelEvent => ({ type: "kick", terminal }))
    )
    fc.assert(
      fc.property(fc.boolean(), fc.array(event), fc.array(event), (terminal, before, later) => {
        const state = through(first(terminal), ...before)
        // Whatever happens, it is in a state that something gets it out of.
        if (state.at === "waiting") expect(state.delayMs).toBeLessThanOrEqual(10_000)
        expect(through(state, { type: "stop" }, ...later)).toEqual({ at: "closed" })
      })
    )
  })

  it("never waits longer than ten seconds", () => {
    fc.assert(fc.property(fc.nat(10_000), (attempt) => delayMs(attempt) <= 10_000 && delayMs(attempt) >= 1_000))
  })
})

describe("ssh's last words", () => {
  it.each([
    ["user@h: Permission denied (publickey,password).", "login"],
    ["Host key verification failed.", "host-key"],
    ["ssh: Could not resolve hostname nowhere: Name or service not known", "name"],
    ["ssh: connect to host 10.0.0.1 port 22: Connection timed out", "network"],
    ["kex_exchange_identification: read: Connection reset by peer", "network"],
    ["command-line: line 0: Bad configuration option: nonsense", "refused"],
    ["Timeout, server 10.0.0.1 not responding.", "network"],
    ["", "network"]
  ])("%j mean: %s", (said, kind) => {
    expect(lossOf(`Warning: something\r\n${said}\r\n`, 255)).toMatchObject({ kind })
  })

  it("are passed on, bounded, as the reason", () => {
    expect(lossOf(`${"x".repeat(10_000)}\n`, 255).reason).toHaveLength(200)
    expect(lossOf("", 255).reason).toBe("ssh ended (255)")
  })
})

describe("what ssh is asked", () => {
  it("keeps the control socket, whatever options the user adds", () => {
    const args = masterArgs({ target: "h", control: "/run/c", batch: false, options: ["ControlPath=/elsewhere"] })
    expect(args.indexOf("ControlPath=/run/c")).toBeLessThan(args.indexOf("ControlPath=/elsewhere"))
  })

  it("cannot take a destination for an option", () => {
    expect(isTarget("-oProxyCommand=true")).toBe(false)
    expect(isTarget("")).toBe(false)
    expect(isTarget("ada@host")).toBe(true)
    expect(masterArgs({ target: "h", control: "c", batch: true, options: [] }).slice(-2)).toEqual(["--", "h"])
  })

  it("quotes every word for the other machine's shell", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }).filter((word) => !word.includes("\0")),
        (word) => {
          expect(execFileSync("sh", ["-c", `printf %s ${shellWord(word)}`]).toString()).toBe(
            Buffer.from(word).toString()
          )
        }
      ),
      { numRuns: 30 }
    )
    expect(startCommand("a'b")).toContain(`'a'\\''b'`)
  })
})

describe("names of hosts", () => {
  it.each([
    ["host", "host"],
    ["ada@Build.Example.org", "build.example.org"],
    ["ssh://ada@host:2222", "host"],
    ["10.0.0.7", "10.0.0.7"],
    ["[::1]", null]
  ])("of %s is %s", (target, name) => expect(hostNameOf(target)).toBe(name))

  it.each([
    ["lab:review", { host: "lab", session: "review" }],
    ["lab:", { host: "lab", session: "-" }],
    ["review", null],
    [":review", null],
    ["-", null]
  ])("%s is read as %j", (reference, expected) => expect(splitHost(reference)).toEqual(expected))
})

describe("the other machine's answer", () => {
  const answer = (status: unknown) => JSON.stringify({ started: true, status })

  it("is found behind a shell's greeting", () => {
    expect(parseStarted(`Welcome!\n${answer({ socket: "/run/a.sock", version: "1.2.3", more: 1 })}`)).toEqual({
      socket: "/run/a.sock",
      version: "1.2.3"
    })
  })

  it.each([
    ["no JSON", "hello"],
    ["nothing", ""],
    ["a relative path", answer({ socket: "a.sock", version: "1" })],
    ["a path that would end in ssh's -L", answer({ socket: "/a:22", version: "1" })],
    ["a path with a newline", answer({ socket: "/a\nb", version: "1" })],
    ["no version", answer({ socket: "/a" })],
    ["null", "null"]
  ])("is refused when it is %s", (_, text) => expect(() => parseStarted(text)).toThrow(/agentctl/))
})
