/** Who is asking, as real processes in real sessions find out. */
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs"
import { userInfo } from "node:os"
import { join } from "node:path"
import { beforeEach, describe, expect, it } from "vitest"
import { openDaemon, refusal, spawnDaemon, temporary, type User } from "../sessions/support.ts"
import { git, inSession, startAgent } from "./support.ts"

const login = userInfo().username.toLowerCase()
let user: User
beforeEach(async () => {
  user = (await spawnDaemon()).user
})

const repository = () => {
  const path = temporary()
  git(path, "init", "-q")
  git(path, "commit", "-q", "--allow-empty", "-m", "first")
  return path
}

describe("who asks", () => {
  it("is the agent that the caller's session acts for, from the first moment on", async () => {
    const who = await inSession(user, "agentctl whoami --json", { agent: "ant", intent: "dig", task: "#1" })
    expect(who).toMatchObject({ kind: "agent", agent: { name: "ant", session: { intent: "dig", task: "#1" } } })
  })

  it("is nobody yet in a session without an agent, and a person outside of all", async () => {
    expect(await inSession(user, "agentctl whoami --json")).toMatchObject({ kind: "session", agent: null })
    expect(await user.call("agent.whoami", {})).toMatchObject({ kind: "person", agent: null, session: null })
    await user.call("agent.setStatus", { status: "working" })
    expect(await user.call("agent.whoami", {})).toMatchObject({ kind: "person", agent: { name: login } })
  })

  it("has an address from the beginning on, also where the login means something else", async () => {
    expect(await inSession(user, "agentctl whoami --json")).toMatchObject({ address: null })
    expect(await user.call("agent.whoami", { directory: "/" })).toMatchObject({ agent: null, address: `@${login}` })
    const path = repository()
    await user.call("agent.register", { name: "ant", role: login, directory: path })
    expect(await user.call("agent.whoami", { directory: path })).toMatchObject({ address: `@${login}.person` })
    await user.call("agent.setStatus", { status: "idle", directory: path })
    expect(await user.call("agent.whoami", { directory: path })).toMatchObject({ agent: { name: `${login}.person` } })
  })

  it("is the session's own agent: another name needs another session", async () => {
    expect(await inSession(user, "agentctl agent register bee --json", { agent: "ant" })).toMatchObject({
      error: { tag: "Conflict", message: expect.stringContaining("agentctl run --agent bee") }
    })
  })

  it("is never what somebody claims: there is no parameter for it, and the environment counts for nothing", async () => {
    const ant = await startAgent(user, "sleep 100", { agent: "ant" })
    expect(await refusal(user.client.request("agent.whoami", { agent: "ant" }))).toMatchObject({ tag: "InvalidParams" })
    const other = await inSession(user, `AGENTD_SESSION=${ant.id} agentctl whoami --json`, { agent: "bee" })
    expect(other.agent.name).toBe("bee")
    expect(await inSession(user, "agentctl agent status idle --agent @ant --json", { agent: "cat" })).toMatchObject({
      error: { tag: "NotAllowed" }
    })
  })

  it("is nobody for a process that left its session and still carries its mark", async () => {
    const file = join(temporary(), "who")
    const leave = `setsid -f sh -c 'while kill -0 $PPID 2>/dev/null && [ $PPID != 1 ]; do :; done; agentctl whoami --json >${file}.new; mv ${file}.new ${file}'`
    await startAgent(user, `${leave}; sleep 100`, { agent: "ant" })
    await expect.poll(() => existsSync(file), { timeout: 15_000 }).toBe(true)
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      error: { tag: "NotAllowed" }
    })
  })
})

describe("registering", () => {
  it("gives the session its agent, and again changes nothing", async () => {
    const twice = await inSession(
      user,
      "agentctl agent register ant --role worker >/dev/null; agentctl agent register ant --json"
    )
    expect(twice).toMatchObject({ outcome: "unchanged", agent: { role: "worker", session: {} } })
  })

  it("takes up an agent whose session has ended, with its id", async () => {
    const first = await inSession(user, "agentctl whoami --json", { agent: "ant" })
    const again = await inSession(user, "agentctl agent register ant --json")
    expect(again).toMatchObject({ outcome: "resumed", agent: { id: first.agent.id } })
  })

  it("over a live agent is refused, by either way", async () => {
    await startAgent(user, "sleep 100", { agent: "ant", name: "one" })
    expect(await inSession(user, "agentctl agent register ant --json")).toMatchObject({
      error: { tag: "AgentTaken", data: { reason: expect.stringContaining("one") } }
    })
    expect(await refusal(startAgent(user, "true", { agent: "ant" }))).toMatchObject({ tag: "AgentTaken" })
    expect((await user.call("session.list", {})).sessions).toHaveLength(1)
  })

  it("of one name by many sessions at once leaves it to one of them, however they ask", async () => {
    const outcome = (asked: Promise<unknown>) =>
      asked.then(
        () => "done",
        (error: { tag: string }) => error.tag
      )
    const start = () => outcome(startAgent(user, "sleep 100", { agent: "ant" }))
    const started = await Promise.all([start(), start(), start(), start()])
    expect(started.toSorted()).toEqual(["AgentTaken", "AgentTaken", "AgentTaken", "done"])
    expect((await user.call("session.list", {})).sessions).toHaveLength(1)

    const sessions = await Promise.all([startAgent(user, "sleep 100"), startAgent(user, "sleep 100")])
    const register = (name: string, session: string) =>
      outcome(user.call("agent.register", { name, session, directory: "/" }))
    const registered = await Promise.all(sessions.map(({ id }) => register("bee", id)))
    expect(registered.toSorted()).toEqual(["AgentTaken", "done"])
    const free = sessions[registered.indexOf("AgentTaken")]!
    const named = await Promise.all(["cat", "dog", "elk"].map((name) => register(name, free.id)))
    expect(named.toSorted()).toEqual(["Conflict", "Conflict", "done"])
    const { agents } = await user.call("agent.list", { live: true, directory: "/" })
    expect(agents.map(({ name }) => name)).toEqual(["ant", "bee", ["cat", "dog", "elk"][named.indexOf("done")]])
  })

  it("goes on with the session that is resumed, unless another one acts for it by now", async () => {
    const { id } = await startAgent(user, "exit 0", { agent: "ant" })
    await user.ended(id)
    const other = await startAgent(user, "sleep 100", { agent: "ant" })
    expect(await user.call("session.resume", { session: id })).toMatchObject({ agent: null })
    await user.call("session.stop", { session: other.id, graceMs: 0 })
    expect(await user.call("session.resume", { session: other.id })).toMatchObject({ agent: { name: "ant" } })
  })

  it("refuses words that mean something else, one's login, and a role that is a name", async () => {
    for (const name of ["everyone", login]) {
      expect(await refusal(user.call("agent.register", { name })), name).toMatchObject({ tag: "AgentTaken" })
    }
    await user.call("agent.register", { name: "ant", role: "worker" })
    expect(await refusal(user.call("agent.register", { name: "worker" }))).toMatchObject({ tag: "AgentTaken" })
    expect(await refusal(user.call("agent.register", { name: "bee", role: "ant" }))).toMatchObject({
      tag: "AgentTaken"
    })
  })

  it("by many at once makes one agent", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => user.call("agent.register", { name: "ant", directory: "/" }))
    )
    expect(new Set(outcomes.map(({ agent }) => agent.id)).size).toBe(1)
    expect((await user.call("agent.list", { directory: "/" })).agents).toHaveLength(1)
  })
})

describe("workspaces", () => {
  it("are repositories with all their working trees; the rest is home; nobody sees across", async () => {
    const one = repository()
    const tree = join(temporary(), "tree")
    git(one, "worktree", "add", "-q", tree)
    mkdirSync(join(one, "deep/er"), { recursive: true })
    const at = async (directory: string) =>
      (await user.call("agent.list", { directory })).agents.map(({ name }) => name)
    await user.call("agent.register", { name: "ant", directory: join(one, "deep/er") })
    await user.call("agent.register", { name: "bee", directory: repository() })
    await user.call("agent.register", { name: "cat", directory: "/" })
    expect([await at(tree), await at(one), await at(temporary())]).toEqual([["ant"], ["ant"], ["cat"]])
    expect(await refusal(user.call("agent.register", { name: "ant", directory: tree }))).toMatchObject({
      data: { reason: expect.stringContaining("--move") }
    })
  })

  it("are closed to programs in another one by the event log, too; a person and who may reach all hear everything", async () => {
    const path = repository()
    const said = async (directory: string, text: string) => {
      await user.call("agent.register", { name: "bee", directory })
      await user.call("message.send", { to: ["@bee"], text, directory })
    }
    await said(path, "said there")
    await said("/", "said here")
    const heard = async (params: object) => {
      const listed = JSON.stringify(await inSession(user, "agentctl rpc event.list", { cwd: "/", ...params }))
      const watched = await startAgent(user, "exec agentctl events --json --follow --after 0", { cwd: "/", ...params })
      await user.printed(watched.id, `"session":"${watched.id}"`)
      const shown = (await user.output(watched.id)).toString()
      await user.call("session.stop", { session: watched.id, graceMs: 0 })
      return [listed, shown].map((text) => ["said there", "said here"].filter((one) => text.includes(one)))
    }
    expect(await heard({ agent: "ant" })).toEqual([["said here"], ["said here"]])
    expect(await heard({})).toEqual([["said here"], ["said here"]])
    expect(await heard({ cwd: path })).toEqual([["said there"], ["said there"]])
    expect(await heard({ access: "all" })).toEqual([
      ["said there", "said here"],
      ["said there", "said here"]
    ])
    expect(JSON.stringify(await user.call("event.list", {}))).toMatch(/said there.*said here/)
  })

  it("keep what was said when the repository is moved, and a new one in its place is another", async () => {
    const path = repository()
    await user.call("agent.register", { name: "ant", directory: path })
    renameSync(path, `${path}-moved`)
    git(mkdirSync(path, { recursive: true }) ?? path, "init", "-q")
    const moved = await user.call("agent.register", { name: "bee", directory: `${path}-moved` })
    expect((await user.call("agent.list", { directory: `${path}-moved` })).agents).toHaveLength(2)
    expect((await user.call("agent.list", { directory: path })).agents).toEqual([])
    await user.call("agent.register", { name: "cat", directory: path })
    expect((await user.call("agent.list", { directory: path })).workspace?.id).not.toBe(moved.agent.workspace)
    renameSync(`${path}-moved`, join(temporary(), "away"))
  })

  it("may be bare, shallow, a submodule, or a directory with a broken .git", async () => {
    const origin = repository()
    const bare = join(temporary(), "bare.git")
    git("/", "clone", "-q", "--bare", origin, bare)
    const shallow = join(temporary(), "shallow")
    git("/", "clone", "-q", "--depth=1", `file://${origin}`, shallow)
    git(shallow, "-c", "protocol.file.allow=always", "submodule", "add", "-q", origin, "sub")
    const ids = new Set<string>()
    for (const directory of [bare, shallow, join(shallow, "sub")]) {
      ids.add((await user.call("agent.register", { name: "ant", directory })).agent.workspace)
    }
    expect(ids.size).toBe(3)
    const broken = temporary()
    mkdirSync(join(broken, ".git"))
    expect((await user.call("agent.register", { name: "ant", directory: broken })).agent.workspace).toBe("home")
  })
})

describe("groups and the end of agents", () => {
  it("a group has the members it was given, and none that was deleted", async () => {
    for (const name of ["ant", "bee"]) await user.call("agent.register", { name, directory: "/" })
    await user.call("group.set", { group: "zoo", add: ["@ant", "bee"], directory: "/" })
    await user.call("agent.delete", { agent: "@ant", directory: "/" })
    expect(await user.call("group.list", { directory: "/" })).toMatchObject({
      groups: [{ name: "zoo", members: [{ name: "bee" }] }]
    })
    expect(await refusal(user.call("agent.lookup", { agent: "@ant", directory: "/" }))).toMatchObject({
      tag: "AgentNotFound"
    })
    expect(await user.call("agent.register", { name: "ant", directory: "/" })).toMatchObject({ outcome: "registered" })
  })

  it("an agent deletes itself, not another; a live one is deleted by nobody else", async () => {
    const session = await startAgent(user, "sleep 100", { agent: "ant", cwd: "/" })
    expect(await refusal(user.call("agent.delete", { agent: "@ant", directory: "/" }))).toMatchObject({
      tag: "Conflict"
    })
    expect(await inSession(user, "agentctl agent delete @ant --json", { agent: "bee", cwd: "/" })).toMatchObject({
      error: { tag: "NotAllowed" }
    })
    expect(await inSession(user, "agentctl agent delete @bee --json", { agent: "bee", cwd: "/" })).toMatchObject({
      name: "bee"
    })
    await user.call("session.stop", { session: session.id, graceMs: 0 })
  })

  it("a person is deleted by nobody, and what was said to them stays", async () => {
    await user.call("agent.register", { name: "ant", directory: "/" })
    await user.call("message.send", { to: ["@ant"], text: "I am here", directory: "/" })
    const refused = await refusal(user.call("agent.delete", { agent: login, directory: "/" }))
    expect(refused).toMatchObject({ tag: "NotAllowed", message: expect.stringContaining("is a person") })
    expect(await inSession(user, `agentctl agent delete ${login} --json`, { agent: "bee" })).toMatchObject({
      error: { tag: "NotAllowed" }
    })
    expect((await user.call("message.outbox", { directory: "/" })).messages).toHaveLength(1)
  })

  it("many change a group at once, and no member is lost; what changes nothing is no event", async () => {
    const names = ["ant", "bee", "cat", "dog", "elk", "fox"]
    for (const name of names) await user.call("agent.register", { name, directory: "/" })
    const add = (name: string) => user.call("group.set", { group: "zoo", add: [name], directory: "/" })
    await Promise.all(names.map(add))
    const { last } = await user.call("event.list", {})
    const { members } = await add("ant")
    expect(members.map(({ name }) => name)).toEqual(names)
    expect((await user.call("event.list", {})).last).toBe(last)
    expect(await user.call("group.delete", { group: "zoo", directory: "/" })).toEqual({ deleted: true })
    expect(await refusal(user.call("group.delete", { group: "zoo", directory: "/" }))).toMatchObject({
      tag: "GroupNotFound"
    })
  })

  it("cleanup deletes what is long silent or without its working tree, and says so first", async () => {
    const path = repository()
    const tree = join(temporary(), "tree")
    git(path, "worktree", "add", "-q", tree)
    await user.call("agent.register", { name: "ant", directory: tree })
    await user.call("agent.register", { name: "bee", directory: path })
    const clean = async (params: object) => {
      const { agents, deleted } = await user.call("agent.cleanup", { directory: path, ...params })
      return [deleted, ...agents.map(({ name }) => name)]
    }
    expect(await clean({})).toEqual([true])
    git(path, "worktree", "remove", tree)
    expect(await clean({ dryRun: true })).toEqual([false, "ant"])
    expect(await clean({})).toEqual([true, "ant"])
    expect(await clean({ olderThanMs: 0 })).toEqual([true, "bee"])
  })

  it("status and purpose are events only when something changes", async () => {
    const daemon = await openDaemon()
    const session = await daemon.start("sleep 100", { agent: "ant" })
    const say = () =>
      Promise.all([
        daemon.call("agent.setStatus", { agent: "ant", status: "working", directory: "/" }),
        daemon.call("session.purpose", { session: session.id, task: "#2" })
      ])
    await say()
    const { last } = await daemon.call("event.list", {})
    await say()
    expect((await daemon.call("event.list", {})).last).toBe(last)
    expect(await daemon.call("session.get", { session: session.id })).toMatchObject({ task: "#2", intent: null })
  })
})
