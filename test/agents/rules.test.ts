/** The decisions of the agents' room, without a daemon. */
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { confusedWith, oneAgent, resolveAddress } from "../../src/agents/Addresses.ts"
import type { AgentRecord } from "../../src/agents/AgentStore.ts"
import { nearest } from "../../src/agents/nearest.ts"
import { type Claim, rule } from "../../src/agents/Register.ts"
import { agentId } from "./support.ts"

const agent = (n: number, name: string, more: Partial<AgentRecord> = {}): AgentRecord => ({
  id: agentId(n),
  workspace: "home",
  name,
  address: `@${name}`,
  kind: "agent",
  role: null,
  module: null,
  display: null,
  worktree: "/w",
  host: "there",
  origin: "ins_A",
  by: null,
  status: null,
  note: null,
  statusAt: null,
  registeredAt: n,
  deletedAt: null,
  ...more
})

const claim: Claim = {
  name: "ant",
  holder: null,
  heldBy: null,
  origin: "ins_A",
  session: { id: "s1", agent: null },
  worktree: "/w",
  person: false,
  by: null,
  move: false
}
const verdict = (more: Partial<Claim>) => {
  const ruling = rule({ ...claim, ...more })
  return "reason" in ruling ? ruling.reason : ruling.do
}

describe("registering a name", () => {
  const ant = agent(1, "ant")
  it("makes a new agent of a free one", () => {
    expect(verdict({})).toBe("register")
  })
  it("takes up one that nothing acts for, from its own working tree", () => {
    expect(verdict({ holder: ant })).toBe("take")
  })
  it("again, by the session that acts for it, changes it", () => {
    expect(verdict({ holder: ant, heldBy: { id: "s1", name: "one" }, session: { id: "s1", agent: ant } })).toBe("take")
  })
  it("is refused while another session acts for it", () => {
    expect(verdict({ holder: ant, heldBy: { id: "s2", name: "two" } })).toContain("the live session two acts for it")
  })
  it("is refused from another working tree, unless that is meant", () => {
    expect(verdict({ holder: ant, worktree: "/x" })).toContain("--move")
    expect(verdict({ holder: ant, worktree: "/x", move: true })).toBe("take")
  })
  it("is refused in a session that acts for another agent", () => {
    expect(verdict({ session: { id: "s1", agent: { id: agentId(9), name: "bee" } } })).toContain("acts for @bee")
  })
  it("is refused for a person's name and for an agent of another installation", () => {
    expect(verdict({ holder: agent(1, "ant", { kind: "person" }) })).toContain("a person's")
    expect(verdict({ holder: ant, origin: "ins_B" })).toContain("on there")
  })
  it("for a new session: an agent may do that for whom it registered, a person for all", () => {
    const starting = { holder: ant, session: null }
    expect(verdict({ ...starting, by: agentId(2) })).toContain("not registered by you")
    expect(verdict({ ...starting, holder: agent(1, "ant", { by: agentId(2) }), by: agentId(2) })).toBe("take")
    expect(verdict({ ...starting, person: true })).toBe("take")
  })
})

describe("an address", () => {
  const here = {
    agents: [
      agent(1, "ant", { role: "worker" }),
      agent(2, "bee", { role: "worker" }),
      agent(3, "ant", { address: "@ant~0003" }),
      agent(4, "cat", { deletedAt: 9 })
    ],
    groups: [{ name: "zoo", members: [agentId(2), agentId(4)] }]
  }
  const names = (address: string) => {
    const meant = resolveAddress(address, here)
    return meant.kind === "nobody" ? "nobody" : [meant.kind, ...meant.agents.map(({ address }) => address)]
  }
  it("means an agent before a group before a role, with or without @, by name or id", () => {
    expect(names("@ant")).toEqual(["agent", "@ant"])
    expect(names("ant~0003")).toEqual(["agent", "@ant~0003"])
    expect(names(agentId(2))).toEqual(["agent", "@bee"])
    expect(names("@zoo")).toEqual(["group", "@bee"])
    expect(names("@worker")).toEqual(["role", "@ant", "@bee"])
    expect(names("@everyone")).toEqual(["everyone", "@ant", "@bee", "@ant~0003"])
  })
  it("that nobody has, or only who was deleted, means nobody", () => {
    expect([names("@dog"), names("@cat")]).toEqual(["nobody", "nobody"])
  })
  it("can be confused with no other: names, roles and groups share one space", () => {
    expect(confusedWith("worker", "name", here)).toContain("role")
    expect(confusedWith("zoo", "role", here)).toContain("group")
    expect(confusedWith("bee", "group", here)).toContain("agent")
    expect(confusedWith("everyone", "name", here)).not.toBeNull()
    expect(confusedWith("worker", "role", here)).toBeNull()
  })
  it("that is no agent's says what it is instead, or who may have been meant", () => {
    const said = (address: string) => Effect.runSync(Effect.flip(oneAgent(address, here))).message
    expect(said("@zoo")).toContain("is a group")
    expect(said("worker")).toContain("is a role")
    expect(said("@everyone")).toContain("all of them")
    expect(said("@wroker")).toContain("Did you mean @worker?")
    expect(said("@elephant")).toMatch(/^Nobody here is called "@elephant"\. "agentctl agent list"/)
  })
})

describe("the nearest word", () => {
  it("differs in no more than a third of its letters, and two", () => {
    const known = ["ant", "builder", "reviewer"]
    expect(["bulider", "builders", "reviewr", "at"].map((word) => nearest(word, known))).toEqual([
      "builder",
      "builder",
      "reviewer",
      null
    ])
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{3,12}$/), fc.nat(), (word, at) => {
        const without = word.slice(0, at % word.length) + word.slice((at % word.length) + 1)
        expect(nearest(`${word}x`, [word])).toBe(word)
        if (word.length > 3) expect(nearest(without, [word])).toBe(word)
      })
    )
  })
})
